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
  // The first one may be none: what stands before all headings.
  const known = texts.slice(Math.max(first, 1), last);
  const { texts: middle, isConditional } = cutAnew(text, { start, end, known });
  return { texts: [...texts.slice(0, first), ...middle, ...texts.slice(last)], isConditional };
}

/** A part of a text, from the beginning of a line to the end of one, and sections some of which may be in it. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly known: readonly string[];
}

function cutAnew(text: string, { start, end, known }: Stretch = { start: 0, end: text.length, known: [] }): Cut {
  const texts: string[] = [];
  const isAt = (at: number, own: string | undefined): boolean => {
    const after = at + (own?.length ?? end);
    return after <= end && text[after] === "\n" && text.slice(at, after) === own;
  };
  let isConditional = firstWordAt(text, start).startsWith(".");
  let begin = start;
  let place = 0;
  NOTABLE.lastIndex = start;
  for (let match = NOTABLE.exec(text); match && match.index < end; match = NOTABLE.exec(text)) {
    const next = match.index + 1;
    const word = firstWordAt(text, next);
    if (word.startsWith(".")) isConditional = true;
    if (!KINDS.has(word)) continue;
    const before = known[place];
    const own = text.slice(begin, match.index);
    texts.push(own === before ? before : copyOf(own));
    if (before !== undefined && own.startsWith(headingIn(before))) place += 1;
    begin = next;
    if (!isAt(begin, known[place]) && isAt(begin, known[place + 1])) place += 1;
    // Until another one follows, the lines behind one that is the same are lines of it.
    for (let same = known[place]; same !== undefined && isAt(begin, same); same = known[place]) {
      const after = begin + same.length + 1;
      if (!isAt(after, known[place + 1])) break;
      texts.push(same);
      begin = after;
      place += 1;
    }
    NOTABLE.lastIndex = begin;
  }
  texts.push(copyOf(text.slice(begin, end)));
  return { texts, isConditional };
}

/** With its line feed, so that no longer one begins like it. */
function headingIn(section: string): string {
  return section.slice(0, section.indexOf("\n") + 1);
}

function firstWordAt(text: string, start: number): string {
  const end = text.indexOf("\n", start);
  return splitWords(text.slice(start, end < 0 ? undefined : end)).words[0] ?? "";
}

/**
 * A slice keeps all that it was cut from in memory for as long as it is in use; this keeps itself: what V8 takes a slice of,
 * it puts together first. By a buffer it would cost fifty times as much.
 */
export function copyOf(text: string): string {
  return ` ${text}`.slice(1);
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
