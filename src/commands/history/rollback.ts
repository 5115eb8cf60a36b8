import { describeEnd } from "../../core/history/describe-entry.js";
import type { HistoryEntry } from "../../core/history/entry.js";
import { askHistory, orderHistory, type DaemonPlace } from "../../edges/status/client.js";
import { HecdError } from "../../errors.js";
import { sleep, systemClock as clock } from "../../flow/clock.js";
import type { Settings } from "../../settings.js";
import type { OperandCommand, ProcessWorld } from "../command.js";
import { tokenOf } from "../daemon.js";
import { numberIn } from "./diff.js";

/** How often the renderer is asked what has come of an order, and for how long. */
const ASK_EVERY_MS = 200;
const ASK_FOR_MS = 30_000;

/** How many entries may have come since, among which that of the order is looked for. */
const SINCE = 200;

/** `hecd rollback`: an earlier version of a file comes back and stays. */
export const rollbackCommand: OperandCommand = {
  operand: { name: "VERSION", isOptional: true },
  explanation: [
    "Has the renderer of this host bring back an earlier version of a file, by its number in hecd history, and keep it",
    "whatever the store and the template say, until hecd resume or for --for: it is pinned. Without a number it is the",
    "version before the present one. It is checked and brought in as any other text is, and outlasts a restart.",
    "",
    "A server of that version whose address the store no longer has is put into maintenance, and comes back with its",
    "address; what is new since does not come in. hecd status, /readyz and the log say that the file is pinned.",
    "",
    "  hecd rollback",
    "  hecd rollback 57 --for 1h",
  ].join("\n"),
  settings: ["renderer", "for", "admin-token-file"],
  async run({ operand }, settings, world, signal) {
    const query = {
      ...(operand !== "" && { to: String(numberIn(operand)) }),
      ...(settings.for !== undefined && { for: String(settings.for) }),
    };
    return await give("rollback", query, settings, world, signal);
  },
};

/** `hecd resume`: a file follows the store again. */
export const resumeCommand: OperandCommand = {
  operand: { name: "RESOURCE", isOptional: true },
  explanation: [
    "Ends what hecd rollback has begun: all pinned files of this host follow the store and their templates again, or the",
    "one of the resource that is named.",
  ].join("\n"),
  settings: ["renderer", "admin-token-file"],
  run: ({ operand }, settings, world, signal) =>
    give("resume", operand === "" ? {} : { resource: operand }, settings, world, signal),
};

async function give(
  verb: "rollback" | "resume",
  query: Readonly<Record<string, string>>,
  settings: Settings,
  { stdout, stderr }: ProcessWorld,
  signal: AbortSignal,
): Promise<number> {
  const { renderer: address } = settings;
  if (address === "off") {
    throw new HecdError({ code: "usage", problem: "There is no renderer to give an order to: --renderer is off" });
  }
  const place = { address, token: await tokenOf(settings, "admin-token-file"), clock };
  const [last] = await askHistory({ limit: 1 }, place, signal);
  stdout.write(`${await orderHistory(verb, query, place, signal)}\n`);
  const entry = await entryOf(verb, last?.id ?? 0, place, signal);
  if (!entry) {
    stderr.write(`It has not been brought in within ${ASK_FOR_MS / 1_000} s: hecd status tells what it waits for\n`);
    return 1;
  }
  if (entry.outcome === "applied" || entry.outcome === "unchanged") {
    stdout.write(`${entry.dest} is in use (${describeEnd(entry)})\n`);
    return 0;
  }
  stderr.write(`${entry.dest} is not in use (${describeEnd(entry)})${entry.output ? `: ${entry.output}` : ""}\n`);
  return 1;
}

/** What has come of an order; undefined where nothing has in time. */
async function entryOf(
  verb: "rollback" | "resume",
  since: number,
  place: DaemonPlace,
  signal: AbortSignal,
): Promise<HistoryEntry | undefined> {
  for (const end = clock.now() + ASK_FOR_MS; clock.now() < end;) {
    const entries = await askHistory({ limit: SINCE }, place, signal);
    const found = entries.find(({ id, why }) => id > since && why.kind === verb);
    if (found) return found;
    await sleep(ASK_EVERY_MS, clock, signal);
  }
  return undefined;
}
