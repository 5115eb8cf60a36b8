import { FLAG_NAMES, confdFlagOf } from "../../src/confd/flags.js";
import { flagOf, settingNames } from "../../src/config.js";
import { Metrics } from "../../src/edges/status/metrics.js";
import { tableOf } from "../support/documents.js";
import { RULES } from "../support/import-rules.js";
import { ManualClock } from "../support/manual-clock.js";
import { engineTable, readResults } from "../versions/engine-rows.js";

/** A part of a document that follows from the program. */
export interface GeneratedPart {
  readonly page: string;
  /** What its marks are called: `<!-- NAME: begin -->`, `<!-- NAME: end -->`. */
  readonly name: string;
  readonly make: () => Promise<string>;
}

/** Every part that `npm run docs` writes; the benchmarks are written by `npm run bench`. */
export const GENERATED: readonly GeneratedPart[] = [
  { page: "docs/settings.md", name: "settings", make: async () => settingsTable() },
  { page: "docs/confd.md", name: "flags", make: async () => confdFlags() },
  { page: "docs/operation.md", name: "metrics", make: metricsTable },
  { page: "docs/architecture.md", name: "imports", make: async () => importTable() },
  { page: "docs/docker-engines.md", name: "engines", make: async () => engineTable(await readResults()) },
];

/** All settings that have a flag. */
function settingsTable(): string {
  const body = settingNames().flatMap((name) => {
    const flag = flagOf(name);
    if (!flag) return [];
    const left = `--${name}${flag.takes === undefined ? "" : ` ${flag.takes}`}`.replaceAll("|", "\\|");
    const fallback = flag.fallback === undefined ? "" : `\`${flag.fallback}\``;
    const others = flag.env.slice(1).map((other) => `\`${other}\``);
    return [[`\`${left}\``, fallback, `${flag.help}${others.length > 0 ? `; also from ${others.join(", ")}` : ""}`]];
  });
  return tableOf(["flag", "default", "meaning"], body);
}

/** The flags of confd, and the names of those that are taken without an effect. */
function confdFlags(): string {
  const flags = FLAG_NAMES.map((name) => ({ name, ...confdFlagOf(name) }));
  const body = flags
    .filter(({ isIdle }) => !isIdle)
    .map(({ name, kind, key, help }) => [
      `\`-${name}${kind.takes === undefined ? "" : ` ${kind.takes}`}\``,
      key === undefined ? "" : `\`${key}\``,
      help,
    ]);
  const idle = flags.filter(({ isIdle }) => isIdle).map(({ name }) => `\`-${name}\``);
  return `${tableOf(["flag", "key in confd.toml", "meaning"], body)}\n\nTaken, and of no consequence: ${idle.join(", ")}.`;
}

/** The metrics of our own. */
async function metricsTable(): Promise<string> {
  const { body } = await new Metrics(new ManualClock()).expose();
  const kinds = new Map([...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => [name, kind ?? ""]));
  const lines = [...body.matchAll(/^# HELP (hecd_\S+) (.*)$/gm)].map(([, name = "", help = ""]) => [
    `\`${name}\``,
    kinds.get(name) ?? "",
    help,
  ]);
  return tableOf(["metric", "kind", "meaning"], lines);
}

/** Which room may import which. */
function importTable(): string {
  const list = (names: readonly string[], none: string): string =>
    names.length === 0 ? none : names.map((name) => `\`${name}\``).join(", ");
  const body = Object.entries(RULES).map(([room, { rooms, packages }]) => [
    `\`${room}\``,
    list(rooms, "nothing"),
    list(packages, "none"),
  ]);
  return tableOf(["room", "may import", "packages"], body);
}
