import { meaningOf, parseConfiguration, type Section } from "./config.js";
import { type Pool, poolOf } from "./pools.js";

/** A configuration as far as it matters to what runs: servers apart, all else as one piece of meaning per section. */
export interface Model {
  /** In the order of the text: what stands in each section besides servers. */
  readonly frame: readonly { readonly title: string; readonly meaning: string }[];
  /** Backends and listens by name. */
  readonly pools: ReadonlyMap<string, Pool>;
  /** Ports that are bound, and the lines that do it. */
  readonly binds: readonly string[];
}

/** Reads a text; comments and blanks leave no trace in the model. */
export function modelOf(text: string): Model {
  const configuration = parseConfiguration(text);
  const frame: { title: string; meaning: string }[] = [];
  const pools = new Map<string, Pool>();
  const binds: string[] = [];
  for (const section of configuration.sections) {
    const hasServers = section.kind === "backend" || section.kind === "listen";
    const pool = hasServers && !configuration.isConditional ? poolOf(section, configuration) : undefined;
    if (pool) pools.set(pool.name, pool);
    const meaning = meaningApartFrom(pool ? "server" : undefined, section);
    if (section.kind !== "" || meaning !== "") frame.push({ title: titleOf(section), meaning });
    for (const { words } of section.lines) {
      if (words[0] === "bind" && words[1] !== undefined) binds.push(...words[1].split(","));
    }
  }
  return { frame, pools, binds };
}

/** Whether a text is a configuration at all. */
export function hasSections(text: string): boolean {
  return parseConfiguration(text).sections.some(({ kind }) => kind !== "");
}

function titleOf({ kind, name }: Section): string {
  if (kind === "") return "what stands before the first section";
  return name === "" ? kind : `${kind} ${name}`;
}

function meaningApartFrom(word: string | undefined, { lines }: Section): string {
  return lines
    .filter(({ words }) => words.length > 0 && words[0] !== word)
    .map(meaningOf)
    .join("\n");
}
