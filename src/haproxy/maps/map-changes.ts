import type { MapEntry, MapKind } from "../config/maps.js";

/** A map or a list of a running HAProxy. */
export interface RunningMap {
  readonly kind: MapKind;
  /** Its name in commands. */
  readonly id: string;
}

/** A whole map is sent anew by so many commands at most; a reload is quicker above that. */
const MOST_COMMANDS = 5_000;

/** What the runtime API takes for one word as it stands. */
const PLAIN = /^(?!#)[\w.,:/%@+*()=~?&!$|^[\]{}#-]+$/;

/** Whether the runtime API takes the words of an entry of a map as they stand. */
export function isPlainEntry({ key, value }: MapEntry): boolean {
  return PLAIN.test(key) && PLAIN.test(value);
}

/** The entries that HAProxy shows of a map or a list. */
export function shownMapEntries(answer: string, kind: MapKind): readonly MapEntry[] {
  const pattern = kind === "map" ? /^0x[0-9a-f]+ (\S+) ?(.*)$/gm : /^0x[0-9a-f]+ (.*)()$/gm;
  return [...answer.matchAll(pattern)].map(([, key = "", value = ""]) => ({ key, value }));
}

/** The map or list that is read from a path, of all of its kind that HAProxy shows; undefined when none is. */
export function runningMapOf(
  listing: string,
  kind: MapKind,
  path: string,
): RunningMap | { readonly obstacle: string } | undefined {
  const maps = [...listing.matchAll(/^(\d+) \((.*)\) pattern loaded from file /gm)];
  const base = path.slice(path.lastIndexOf("/") + 1);
  const other = maps.find(([, , file = ""]) => !file.startsWith("/") && file.slice(file.lastIndexOf("/") + 1) === base);
  if (other) return { obstacle: `HAProxy also reads ${other[2] ?? ""}, which may be the same file` };
  const [, id] = maps.find(([, , file]) => file === path) ?? [];
  return id === undefined ? undefined : { kind, id: `#${id}` };
}

/** What is sent so that a map has other entries. */
export type MapChange =
  | { readonly kind: "none" }
  /** Each command is right by itself: another value, an entry less, one more at the end. */
  | { readonly kind: "steps"; readonly commands: readonly string[] }
  /** All entries anew, in a version that takes the place of the present one at once. */
  | { readonly kind: "whole"; readonly commandsFor: (version: string) => readonly string[] }
  | { readonly kind: "reload"; readonly reason: string };

/** How a running map becomes the wanted one. In many of them the order of the entries counts, so it is kept in all. */
export function mapChange(
  { kind, id }: RunningMap,
  running: readonly MapEntry[],
  wanted: readonly MapEntry[],
): MapChange {
  if (isSame(running, wanted)) return { kind: "none" };
  const odd = wanted.find(({ key, value }) => !PLAIN.test(key) || (kind === "map" && !PLAIN.test(value)));
  if (odd) return { kind: "reload", reason: `the entry of ${JSON.stringify(odd.key)} is not of plain words` };
  const commands = stepsBetween({ kind, id }, running, wanted);
  if (commands && commands.length < wanted.length) return { kind: "steps", commands };
  if (wanted.length > MOST_COMMANDS) return { kind: "reload", reason: `it has ${wanted.length} entries` };
  const commandsFor = (version: string): readonly string[] => [
    ...wanted.map((entry) => `add ${kind} @${version} ${id} ${wordsOf(entry)}`),
    `commit ${kind} @${version} ${id}`,
  ];
  return { kind: "whole", commandsFor };
}

/** Undefined where single steps would leave the entries in another order, or cannot tell two of a key apart. */
function stepsBetween(
  { kind, id }: RunningMap,
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
  const changed = wanted.slice(0, kept.length).filter(({ key, value }) => before.get(key) !== value);
  return [
    ...wanted.slice(kept.length).map((entry) => `add ${kind} ${id} ${wordsOf(entry)}`),
    ...changed.map((entry) => `set ${kind} ${id} ${wordsOf(entry)}`),
    ...gone.map(({ key }) => `del ${kind} ${id} ${key}`),
  ];
}

function wordsOf({ key, value }: MapEntry): string {
  return value === "" ? key : `${key} ${value}`;
}

/** Whether two lists of entries are the same, in the same order. */
export function isSame(a: readonly MapEntry[], b: readonly MapEntry[]): boolean {
  return a.length === b.length && a.every(({ key, value }, at) => b[at]?.key === key && b[at].value === value);
}
