/** One line of a map, as HAProxy reads it. */
export interface MapEntry {
  readonly key: string;
  readonly value: string;
}

/** HAProxy reads longer lines piece by piece. */
const LINE_BYTES = 4_000;

/** A whole map is sent anew by so many commands at most; a reload is quicker above that. */
const MOST_COMMANDS = 5_000;

/** What the runtime API takes for one word as it stands. */
const PLAIN = /^(?!#)[\w.,:/%@+*()=~?&!$|^[\]{}#-]+$/;

/** The entries of a text in their order; undefined when it is not certain how HAProxy reads it. */
export function mapEntriesOf(text: string): readonly MapEntry[] | undefined {
  const entries: MapEntry[] = [];
  for (const line of text.split("\n")) {
    if (line.length > LINE_BYTES || line.includes("\u0000")) return undefined;
    if (line.startsWith("#")) continue;
    const entry = entryOf(line.replace(/\r.*$/s, ""));
    if (entry) entries.push(entry);
  }
  return entries;
}

function entryOf(line: string): MapEntry | undefined {
  const [, key, value = ""] = /^[ \t]*([^ \t]+)(?:[ \t]+(.*?))?[ \t]*$/s.exec(line) ?? [];
  return key === undefined ? undefined : { key, value };
}

/** The entries that HAProxy shows of a map. */
export function shownMapEntries(answer: string): readonly MapEntry[] {
  return [...answer.matchAll(/^0x[0-9a-f]+ (\S+) ?(.*)$/gm)].map(([, key = "", value = ""]) => ({ key, value }));
}

/** By what name the runtime API knows a file, of all maps that it shows; undefined when none is read from there. */
export function mapNameOf(listing: string, path: string): string | { readonly obstacle: string } | undefined {
  const maps = [...listing.matchAll(/^(\d+) \((.*)\) pattern loaded from file /gm)];
  const base = path.slice(path.lastIndexOf("/") + 1);
  const other = maps.find(([, , file = ""]) => !file.startsWith("/") && file.slice(file.lastIndexOf("/") + 1) === base);
  if (other) return { obstacle: `HAProxy also reads ${other[2] ?? ""}, which may be the same file` };
  const [, id] = maps.find(([, , file]) => file === path) ?? [];
  return id === undefined ? undefined : `#${id}`;
}

/** What is sent so that a map has other entries. */
export type MapChange =
  | { readonly kind: "none" }
  /** Each command is right by itself: another value, an entry less, one more at the end. */
  | { readonly kind: "steps"; readonly commands: readonly string[] }
  /** All entries anew, in a version that takes the place of the present one at once. */
  | { readonly kind: "whole"; readonly commandsFor: (version: string) => readonly string[] }
  | { readonly kind: "reload"; readonly reason: string };

/** How a running map becomes the wanted one. In many maps the order of the entries counts, so it is kept in all. */
export function mapChange(name: string, running: readonly MapEntry[], wanted: readonly MapEntry[]): MapChange {
  if (isSame(running, wanted)) return { kind: "none" };
  const odd = wanted.find(({ key, value }) => !PLAIN.test(key) || !PLAIN.test(value));
  if (odd) return { kind: "reload", reason: `the entry of ${JSON.stringify(odd.key)} is not of plain words` };
  const commands = stepsBetween(name, running, wanted);
  if (commands && commands.length < wanted.length) return { kind: "steps", commands };
  if (wanted.length > MOST_COMMANDS) return { kind: "reload", reason: `it has ${wanted.length} entries` };
  const commandsFor = (version: string): readonly string[] => [
    ...wanted.map(({ key, value }) => `add map @${version} ${name} ${key} ${value}`),
    `commit map @${version} ${name}`,
  ];
  return { kind: "whole", commandsFor };
}

/** Undefined where single steps would leave the entries in another order, or cannot tell two of a key apart. */
function stepsBetween(
  name: string,
  running: readonly MapEntry[],
  wanted: readonly MapEntry[],
): readonly string[] | undefined {
  const before = new Map(running.map(({ key, value }) => [key, value]));
  const after = new Map(wanted.map(({ key, value }) => [key, value]));
  if (before.size !== running.length || after.size !== wanted.length) return undefined;
  const gone = running.filter(({ key }) => !after.has(key));
  if (!gone.every(({ key }) => PLAIN.test(key))) return undefined;
  const kept = running.filter(({ key }) => after.has(key));
  if (!kept.every(({ key }, at) => wanted[at]?.key === key)) return undefined;
  return [
    ...wanted.slice(kept.length).map(({ key, value }) => `add map ${name} ${key} ${value}`),
    ...wanted
      .slice(0, kept.length)
      .filter(({ key, value }) => before.get(key) !== value)
      .map(({ key, value }) => `set map ${name} ${key} ${value}`),
    ...gone.map(({ key }) => `del map ${name} ${key}`),
  ];
}

/** Whether two lists of entries are the same, in the same order. */
export function isSame(a: readonly MapEntry[], b: readonly MapEntry[]): boolean {
  return a.length === b.length && a.every(({ key, value }, at) => b[at]?.key === key && b[at].value === value);
}
