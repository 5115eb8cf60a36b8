import { isPlainName, splitWords } from "./words.js";

/** A configuration as HAProxy reads it, with every letter of the text it came from. */
export interface Configuration {
  /** In the order of the text; what stands before the first one is a section without a kind. */
  readonly sections: readonly Section[];
  /** Whether lines are there or not by a condition (`.if`), which only HAProxy can decide. */
  readonly isConditional: boolean;
}

/** From one heading to the next. */
export interface Section {
  /** `global`, `defaults`, `backend`...; empty for what stands before the first heading. */
  readonly kind: string;
  /** Empty where a section has none. */
  readonly name: string;
  /** The `defaults` that it names after `from`. */
  readonly from: string | undefined;
  /** The heading first, where there is one. */
  readonly lines: readonly Line[];
}

/** One line of the text, without its line feed. */
export interface Line {
  readonly raw: string;
  readonly words: readonly string[];
  /** False when the words depend on variables or cannot be told for certain. */
  readonly isPlain: boolean;
}

/** The headings of all versions up to 3.4. */
const KINDS: ReadonlySet<string> = new Set([
  "acme",
  "backend",
  "cache",
  "crt-store",
  "defaults",
  "fcgi-app",
  "frontend",
  "global",
  "healthcheck",
  "http-errors",
  "listen",
  "log-forward",
  "log-profile",
  "mailers",
  "peers",
  "program",
  "resolvers",
  "ring",
  "traces",
  "userlist",
]);

/** The conditions and messages that may stand before, between and in sections. */
const CONDITIONS: ReadonlySet<string> = new Set([
  ".alert",
  ".diag",
  ".elif",
  ".else",
  ".endif",
  ".if",
  ".notice",
  ".warning",
]);

/** A line feed before every line that can be a heading or a condition, quoted as it may be, and before few others. */
const NOTABLE = new RegExp(`\\n[ \\t\\r\\v\\f]*(?:["'\\\\.]|${[...KINDS].join("|")})`, "g");

/**
 * Whether a text is a configuration at all: HAProxy takes nothing before the first heading but conditions.
 *
 * Maps, lists, pages and scripts are none, whatever stands further down in them.
 */
export function isConfiguration(text: string): boolean {
  for (const [line] of text.matchAll(/^.+$/gm)) {
    const { words } = splitWords(line);
    if (words.length > 0) return isHeading(words) || CONDITIONS.has(words[0] ?? "");
  }
  return false;
}

/** Whether these words begin a section: nothing but its name and its `defaults` may stand behind the kind. */
function isHeading([kind = "", ...rest]: readonly string[]): boolean {
  const [name, ...from] = rest.at(-2) === "from" ? rest.slice(0, -2) : rest;
  return KINDS.has(kind) && from.length === 0 && (name === undefined || isPlainName(name));
}

/** Whether a configuration has a section that only a master-worker process takes. */
export function needsMaster(text: string): boolean {
  return /^[ \t]*program[ \t]/m.test(text);
}

/** Reads any text; nothing of it is lost and nothing refused. */
export function parseConfiguration(text: string): Configuration {
  const { texts, isConditional } = cut(text);
  return { sections: texts.map((own) => parseSection(own)), isConditional };
}

/** Where a text falls apart into sections. */
export interface Cut {
  /** The text of each section, a string of its own; joined by line feeds they are the whole again. */
  readonly texts: readonly string[];
  /** See `Configuration`. */
  readonly isConditional: boolean;
}

/**
 * Cuts a text into its sections; takes few lines apart and so little time, and least where it has most in common with
 * the text of `previous` at its beginning and at its end. What is in common are the same strings.
 */
export function cut(text: string, previous?: Cut): Cut {
  if (!previous || previous.isConditional) return cutAnew(text);
  const { texts } = previous;
  // By slices, which cost nothing and are compared faster than letters are sought.
  const isAt = (own: string, at: number): boolean => text.slice(at, at + own.length) === own;
  let first = 0;
  let start = 0;
  for (
    let own = texts[0];
    own !== undefined && isAt(own, start) && text[start + own.length] === "\n";
    own = texts[++first]
  )
    start += own.length + 1;
  // Lines at the end of the last one that is the same are lines of it.
  if (first > 0) start -= (texts[--first]?.length ?? 0) + 1;
  let last = texts.length;
  let end = text.length;
  for (; last > first + 1; last--) {
    const own = texts[last - 1] ?? "";
    const at = end - own.length;
    if (at <= start || text[at - 1] !== "\n" || !isAt(own, at)) break;
    end = at - 1;
  }
  const { texts: middle, isConditional } = cutAnew(text.slice(start, end));
  return { texts: [...texts.slice(0, first), ...middle, ...texts.slice(last)], isConditional };
}

function cutAnew(text: string): Cut {
  const starts = [0];
  let isConditional = false;
  // With a line feed before it, the first line begins like all others; what is found there is one place off in the text.
  for (const { index: start } of `\n${text}`.matchAll(NOTABLE)) {
    const end = text.indexOf("\n", start);
    const [first = ""] = splitWords(text.slice(start, end < 0 ? undefined : end)).words;
    if (first.startsWith(".")) isConditional = true;
    if (start > 0 && KINDS.has(first)) starts.push(start);
  }
  const texts = starts.map((start, index) => copyOf(text.slice(start, (starts[index + 1] ?? text.length + 1) - 1)));
  return { texts, isConditional };
}

/** A slice keeps all that it was cut from in memory for as long as it is in use; this keeps itself. */
export function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

/** Reads one line. */
export function parseLine(raw: string): Line {
  return { raw, ...splitWords(raw) };
}

/** Reads the text of one section, each of its lines by `lineOf`. */
export function parseSection(text: string, lineOf: (raw: string) => Line = parseLine): Section {
  const lines = text.split("\n").map(lineOf);
  const [kind = "", name = "", from, base] = lines[0]?.words ?? [];
  if (!KINDS.has(kind)) return { kind: "", name: "", from: undefined, lines };
  // An unnamed `defaults` may go on with `from` as well.
  if (kind === "defaults" && name === "from") return { kind, name: "", from, lines };
  return { kind, name, from: from === "from" ? base : undefined, lines };
}

/** The text it was read from, letter by letter. */
export function printConfiguration({ sections }: Configuration): string {
  return sections.flatMap(({ lines }) => lines.map(({ raw }) => raw)).join("\n");
}

/** What a line says, whatever its blanks and comments; empty when it says nothing. */
export function meaningOf({ raw, words, isPlain }: Line): string {
  return isPlain ? words.join("\u0000") : raw;
}

/** The `defaults` that reach this section, the farthest first. */
export function defaultsOf(section: Section, { sections }: Configuration): readonly Section[] {
  return chainOf(section, sections.slice(0, sections.indexOf(section)));
}

/** The same, of a section that comes after all of these. */
export function chainOf({ kind, from }: Section, before: readonly Section[]): readonly Section[] {
  if (kind === "defaults" && from === undefined) return [];
  const at = before.findLastIndex((each) => each.kind === "defaults" && (from === undefined || each.name === from));
  const base = before[at];
  return base ? [...chainOf(base, before.slice(0, at)), base] : [];
}
