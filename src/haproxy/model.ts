import { chainOf, meaningOf, parseConfiguration, type Section } from "./config.js";
import { type Pool, poolOf } from "./pools.js";

/** A configuration as far as it matters to what runs: servers apart, all else as one piece of meaning per section. */
export interface Model {
  /** In the order of the text: what stands in each section besides servers. */
  readonly frame: readonly Part[];
  /** Backends and listens by name. */
  readonly pools: ReadonlyMap<string, Pool>;
  /** What was made of each section, by its text and that of the defaults before it. */
  readonly parts: ReadonlyMap<string, Part>;
}

/** One section. */
export interface Part {
  readonly title: string;
  /** What stands in it besides servers. */
  readonly meaning: string;
  readonly pool: Pool | undefined;
}

/**
 * Reads a text; comments and blanks leave no trace in the model.
 *
 * What a section makes of `previous` is taken from there as it is when not a letter of it differs.
 */
export function modelOf(text: string, previous?: Model): Model {
  const { sections, isConditional } = parseConfiguration(text);
  const parts = new Map<string, Part>();
  const frame: Part[] = [];
  const pools = new Map<string, Pool>();
  const bases: Section[] = [];
  let basesText = String(isConditional);
  for (const section of sections) {
    const own = section.lines.map(({ raw }) => raw).join("\n");
    const key = `${basesText}\n${own}`;
    const part = previous?.parts.get(key) ?? partOf(section, isConditional ? undefined : bases);
    parts.set(key, part);
    if (part.pool) pools.set(part.pool.name, part.pool);
    if (section.kind !== "" || part.meaning !== "") frame.push(part);
    if (section.kind === "defaults") {
      bases.push(section);
      basesText += `\n${own}`;
    }
  }
  return { frame, pools, parts };
}

/** Without `bases` no server is told apart, since a condition may leave it out. */
function partOf(section: Section, bases: readonly Section[] | undefined): Part {
  const hasServers = section.kind === "backend" || section.kind === "listen";
  const pool = hasServers && bases ? poolOf(section, chainOf(section, bases)) : undefined;
  return { title: titleOf(section), meaning: meaningApartFrom(pool ? "server" : undefined, section), pool };
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
