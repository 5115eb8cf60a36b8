/** The two kinds of files whose lines the runtime API knows, by its own words: keys with values, and patterns alone. */
export type MapKind = "map" | "acl";

/** One line of a map, or of a list of patterns, as HAProxy reads it. */
export interface MapEntry {
  readonly key: string;
  /** Empty in a list. */
  readonly value: string;
}

/** A file that a configuration carries with it in its comments, so that both are always of one state. */
export interface CarriedFile {
  /** As the configuration names it; it lies beside the configuration. */
  readonly name: string;
  readonly text: string;
}

/** A map that a configuration carries, and how it is looked up. */
export interface ProxyMap extends CarriedFile {
  /** Undefined where it is not certain how HAProxy reads it. */
  readonly entries: readonly MapEntry[] | undefined;
  /** Whether the place of an entry among the others may count. */
  readonly isOrdered: boolean;
  /** Whether a converter looks it up, so that the runtime API knows it as a map. */
  readonly isLookedUp: boolean;
}

/** A converter that looks something up in a file. */
export interface Lookup {
  readonly converter: string;
  readonly file: string;
}

/** What begins a file in the comments of a configuration, */
const HEADING = "#hecd:map ";
/** and each of its lines. */
const ENTRY = "#| ";

/** HAProxy reads longer lines piece by piece. */
const LINE_BYTES = 4_000;

/** A name of one plain word, which leads to no other folder. */
const PLAIN_NAME = /^[\w-][\w.-]*$/;

/**
 * The files that a text carries, in the order of their names: each a line `#hecd:map NAME`, and the lines right below it
 * that begin with `#| `. Lines of a name that comes again are added.
 */
export function carriedFiles(text: string): readonly CarriedFile[] {
  const files = new Map<string, string>();
  for (let at = text.indexOf(HEADING); at >= 0; at = text.indexOf(HEADING, at)) {
    const end = endOfLine(text, at);
    const name = text.slice(at + HEADING.length, end).trim();
    const isHeading = text.slice(text.lastIndexOf("\n", at) + 1, at).trim() === "" && PLAIN_NAME.test(name);
    at = Math.min(end + 1, text.length);
    if (!isHeading) continue;
    const begin = at;
    while (text.startsWith(ENTRY, at)) at = Math.min(endOfLine(text, at) + 1, text.length);
    const lines = text.slice(begin, at);
    files.set(name, (files.get(name) ?? "") + `\n${lines}`.replaceAll(`\n${ENTRY}`, "\n").slice(1));
  }
  return [...files]
    .map(([name, own]) => ({ name, text: own.endsWith("\n") || own === "" ? own : `${own}\n` }))
    .sort(byName);
}

/** The lines of a carried file among those of a section. */
interface Block {
  /** The place of the first one. */
  readonly start: number;
  readonly entries: readonly string[];
}

/** The carried files among these lines, by name; the last one of a name. */
export function blocksIn(lines: readonly string[]): ReadonlyMap<string, Block> {
  const blocks = new Map<string, Block>();
  lines.forEach((line, at) => {
    const heading = line.trimStart();
    if (!heading.startsWith(HEADING)) return;
    const end = lines.findIndex((each, index) => index > at && !each.startsWith(ENTRY));
    blocks.set(heading.slice(HEADING.length).trim(), {
      start: at + 1,
      entries: lines.slice(at + 1, end < 0 ? undefined : end),
    });
  });
  return blocks;
}

/**
 * The lines of a carried file afterwards, and those before that are kept, each where it was among the others. Undefined
 * where the order of the others is another one.
 */
export function mergedBlock(
  before: readonly string[],
  after: readonly string[],
  isKept: (entry: MapEntry) => boolean,
): readonly string[] | undefined {
  const places = new Map(after.map((line, at) => [line, at]));
  const keys = new Set(after.map((line) => keyAndValue(line.slice(ENTRY.length))?.key));
  const merged: string[] = [];
  let at = 0;
  for (const line of before) {
    const place = places.get(line);
    const entry = keyAndValue(line.slice(ENTRY.length));
    if (place !== undefined && place < at) return undefined;
    if (place !== undefined) {
      merged.push(...after.slice(at, place + 1));
      at = place + 1;
    } else if (entry && !keys.has(entry.key) && isKept(entry)) merged.push(line);
  }
  return [...merged, ...after.slice(at)];
}

/** The same text without the lines of carried files, which say nothing else. */
export function withoutEntries(text: string): string {
  return text.includes(HEADING) ? text.replace(/^#\| .*\n?/gm, "") : text;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

function byName(a: CarriedFile, b: CarriedFile): number {
  return a.name < b.name ? -1 : 1;
}

/** The same text that reads each of these files under another name; the comments that carry them stay. */
export function withOtherNames(text: string, names: ReadonlyMap<string, string>): string {
  if (names.size === 0) return text;
  const all = [...names.keys()].map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const whole = new RegExp(`(?<![\\w.-]|${HEADING})(?:${all})(?![\\w.-])`, "g");
  return text.replace(whole, (name) => names.get(name) ?? name);
}

/** What looks something up in files, in the text of a section. */
export function lookupsIn(section: string): readonly Lookup[] {
  return [...section.matchAll(/\b(map(?:_[a-z_]+)?)\(([^,()\s]+)/g)].map(([, converter = "", file = ""]) => ({
    converter,
    file,
  }));
}

/** A carried file as a map that these look up; `previous` is what was made of it before. */
export function proxyMapOf({ name, text }: CarriedFile, lookups: readonly Lookup[], previous?: ProxyMap): ProxyMap {
  const own = lookups.filter(({ file }) => file === name);
  return {
    ...{ name, text, isLookedUp: own.length > 0 },
    entries: entriesAfter(previous, text),
    isOrdered: !own.every(({ converter }) => ORDERLESS.test(converter)),
  };
}

/** The entries of a text; of one that is much like the one before only what is not is read. */
function entriesAfter(previous: ProxyMap | undefined, text: string): readonly MapEntry[] | undefined {
  if (!previous?.entries) return mapEntriesOf(text, "map");
  if (previous.text === text) return previous.entries;
  const [head, tail] = linesInCommon(previous.text, text);
  const [above, below] = [linesIn(previous.text.slice(0, head)), linesIn(text.slice(text.length - tail))];
  const between = previous.text.slice(head, previous.text.length - tail);
  // Where each line is an entry, the place of a line is that of its entry.
  if (above + below + linesIn(between) !== previous.entries.length) return mapEntriesOf(text, "map");
  const middle = mapEntriesOf(text.slice(head, text.length - tail), "map");
  return middle && [...previous.entries.slice(0, above), ...middle, ...previous.entries.slice(-below || Infinity)];
}

/** With how many letters two texts begin alike, and with how many they end alike, in whole lines. */
function linesInCommon(before: string, after: string): readonly [head: number, tail: number] {
  const shorter = Math.min(before.length, after.length);
  const head = longest(shorter, (count) => before.startsWith(after.slice(0, count)));
  const start = after.lastIndexOf("\n", head - 1) + 1;
  const tail = longest(shorter - start, (count) => before.endsWith(after.slice(after.length - count)));
  const end = after.indexOf("\n", after.length - tail);
  return [start, end < 0 ? 0 : after.length - end - 1];
}

/** The largest number up to `most` that fits, where all below one that fits do. */
function longest(most: number, isFitting: (count: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isFitting(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function linesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** The converters that find their entry in a tree: the same one, or the longest, whatever its place. */
const ORDERLESS = /^map(?:_(?:str|beg|ip)(?:_(?:str|int|ip))?)?$/;

/** The entries of a text in their order; undefined when it is not certain how HAProxy reads it. */
export function mapEntriesOf(text: string, kind: MapKind): readonly MapEntry[] | undefined {
  if (text.includes("\u0000")) return undefined;
  const hasReturns = text.includes("\r");
  const entries: MapEntry[] = [];
  for (const line of text.split("\n")) {
    if (line.length > LINE_BYTES) return undefined;
    if (line.startsWith("#")) continue;
    const entry = ENTRY_OF[kind](hasReturns ? line.replace(/\r.*$/s, "") : line);
    if (entry) entries.push(entry);
  }
  return entries;
}

const ENTRY_OF: Readonly<Record<MapKind, (line: string) => MapEntry | undefined>> = {
  map: keyAndValue,
  acl: (line) => (/[^ \t]/.test(line) ? { key: line.replace(/^[ \t]+/, ""), value: "" } : undefined),
};

function keyAndValue(line: string): MapEntry | undefined {
  const [, key, value = ""] = /^[ \t]*([^ \t]+)(?:[ \t]+(.*?))?[ \t]*$/s.exec(line) ?? [];
  return key === undefined ? undefined : { key, value };
}
