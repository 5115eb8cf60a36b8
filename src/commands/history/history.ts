import { describeCause, describeEnd } from "../../core/history/describe-entry.js";
import type { HistoryEntry } from "../../core/history/entry.js";
import type { OperandCommand } from "../command.js";
import { tableOf } from "../../display/table.js";
import { HISTORY_SETTINGS, newestEntries } from "./histories.js";

/** `hecd history`: what was changed, when, why and how. */
export const historyCommand: OperandCommand = {
  operand: { name: "RESOURCE", isOptional: true },
  explanation: [
    "Tells what the renderer of this host has changed, the newest last: when, at run time or by a reload and for which",
    "reason, what a check has refused, how long it took, and why: which keys have changed, and whose they are. The number",
    "in front names a version for hecd diff and hecd rollback. While no renderer runs, it is read from disk.",
    "",
    "  hecd history",
    "  hecd history haproxy.toml --limit 200 --json",
  ].join("\n"),
  settings: [...HISTORY_SETTINGS, "limit", "json"],
  async run({ operand }, settings, world, signal) {
    const entries = [...(await newestEntries(operand || undefined, settings, world, signal))].reverse();
    world.stdout.write(settings.json ? `${JSON.stringify(entries, null, 2)}\n` : historyTable(entries));
    return 0;
  },
};

function historyTable(entries: readonly HistoryEntry[]): string {
  if (entries.length === 0) return "Nothing has been changed yet\n";
  const rows = entries.map((entry) => [
    String(entry.id),
    entry.at.replace("T", " ").replace(/\.\d+Z$/, "Z"),
    entry.resource,
    describeEnd(entry),
    `${entry.tookMs} ms`,
    [describeCause(entry.why), ...(entry.did ?? []).slice(0, 2), ...firstLineOf(entry.output)].join("; "),
  ]);
  return tableOf(["VERSION", "WHEN", "RESOURCE", "HOW", "TOOK", "WHY"], rows);
}

function firstLineOf(output = ""): readonly string[] {
  const [line = ""] = output.split("\n");
  return line === "" ? [] : [line];
}
