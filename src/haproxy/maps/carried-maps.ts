import { commonEnds } from "../../core/memo/common-ends.js";
import { Memo } from "../../core/memo/memo.js";
import type { MapEntry, ProxyMap } from "../config/maps.js";
import { isPlainEntry, isSame, mapChange } from "./map-changes.js";

/** Commands that lead one map to another state. */
export interface MapCommands {
  /** As it is afterwards. */
  readonly map: ProxyMap;
  /** A version that has to be prepared first is `@?` in them. */
  readonly lines: readonly string[];
  /** Whether they put all entries into a version of its own, which takes the place of the present one at once. */
  readonly isWhole: boolean;
  /** The keys that they touch, by which they are read back; undefined where all entries have to be looked at. */
  readonly keys: readonly string[] | undefined;
}

/** How the maps of a running HAProxy become the wanted ones. */
export interface MapsChange {
  readonly commands: readonly MapCommands[];
  /** Why that takes a reload. */
  readonly obstacle: string | undefined;
}

/** A map of no more entries is changed in one step, of which no request sees a part, where more than one differs. */
const SMALL = 250;

/** Of a larger map, all entries are sent anew where more than one in so many differs. */
const FEW = 4;

/** A whole map is sent anew by so many commands at most; a reload is quicker above that. */
const MOST_COMMANDS = 5_000;

const NOTHING: MapsChange = { commands: [], obstacle: undefined };

/**
 * How maps that a configuration carries become those of another one. A map that only one of the two has is no matter of
 * commands: what looks it up differs as well.
 */
export function mapsChange(running: ReadonlyMap<string, ProxyMap>, wanted: ReadonlyMap<string, ProxyMap>): MapsChange {
  let change = NOTHING;
  for (const map of wanted.values()) {
    const before = running.get(map.name);
    if (!before || before === map || before.text === map.text) continue;
    const found = commandsFor(before, map);
    change =
      typeof found === "string"
        ? { ...change, obstacle: change.obstacle ?? `${map.name}: ${found}` }
        : { ...change, commands: [...change.commands, ...found] };
  }
  return change;
}

/** The commands, which may be none; or why it takes a reload. */
function commandsFor(before: ProxyMap, map: ProxyMap): readonly MapCommands[] | string {
  if (!before.isLookedUp || !map.isLookedUp) return "HAProxy reads this file as it starts only";
  if (!before.entries || !map.entries) return "its lines are not those of a map";
  const isOrdered = before.isOrdered || map.isOrdered;
  if (isOrdered || hasTwins(before.entries) || valuesAfter(before.entries, map.entries).size < map.entries.length)
    return inOrder(before.entries, map.entries, map);
  return orderless(before.entries, map.entries, map);
}

function hasTwins(entries: readonly MapEntry[]): boolean {
  return valuesOf(entries).size < entries.length;
}

/** The value of each key; of two of one key the last. */
function valuesOf(entries: readonly MapEntry[]): ReadonlyMap<string, string> {
  return VALUES.of(entries, () => new Map(entries.map(({ key, value }) => [key, value])));
}

/** The same of entries that have come of others without twins, which costs less where the two have most in common. */
function valuesAfter(before: readonly MapEntry[], after: readonly MapEntry[]): ReadonlyMap<string, string> {
  return VALUES.of(after, () => {
    const { gone, come } = middleOf(before, after);
    const values = new Map(valuesOf(before));
    for (const { key } of gone) values.delete(key);
    for (const { key, value } of come) values.set(key, value);
    return values;
  });
}

const VALUES = new Memo<readonly MapEntry[], ReadonlyMap<string, string>>();

/** What stands between the entries with which both begin and those with which both end. */
function middleOf(
  before: readonly MapEntry[],
  after: readonly MapEntry[],
): { readonly gone: readonly MapEntry[]; readonly come: readonly MapEntry[] } {
  const { head, tail } = commonEnds(before, after, isEqual);
  return { gone: before.slice(head, before.length - tail), come: after.slice(head, after.length - tail) };
}

function isEqual(one: MapEntry | undefined, other: MapEntry | undefined): boolean {
  return one === other || (one?.key === other?.key && one?.value === other?.value);
}

/** In a map that is searched through from its beginning. */
function inOrder(
  before: readonly MapEntry[],
  after: readonly MapEntry[],
  map: ProxyMap,
): readonly MapCommands[] | string {
  const change = mapChange({ kind: "map", id: map.name }, before, after);
  switch (change.kind) {
    case "none":
      return [];
    case "reload":
      return change.reason;
    case "steps":
      return [{ map, lines: change.commands, isWhole: false, keys: undefined }];
    case "whole":
      return [{ map, lines: change.commandsFor("?"), isWhole: true, keys: undefined }];
  }
}

/** In a map whose entries are found by their keys, wherever they stand. */
function orderless(
  before: readonly MapEntry[],
  after: readonly MapEntry[],
  map: ProxyMap,
): readonly MapCommands[] | string {
  const [had, has, middle] = [valuesOf(before), valuesOf(after), middleOf(before, after)];
  const put = middle.come.filter(({ key, value }) => had.get(key) !== value);
  const gone = middle.gone.filter(({ key }) => !has.has(key));
  const touched = [...put, ...gone];
  if (touched.length === 0) return [];
  const isWorthWhile = after.length <= SMALL || touched.length * FEW > after.length;
  if (touched.length > 1 && isWorthWhile && after.length <= MOST_COMMANDS && after.every(isPlainEntry)) {
    const lines = after.map(({ key, value }) => `add map @? ${map.name} ${key} ${value}`);
    return [{ map, lines: [...lines, `commit map @? ${map.name}`], isWhole: true, keys: undefined }];
  }
  const odd = touched.find((entry) => !isPlainEntry(entry));
  if (odd) return `the entry of ${JSON.stringify(odd.key)} is not of plain words`;
  if (touched.length > MOST_COMMANDS) return `${touched.length} of its entries differ`;
  const lines = [
    ...put.map(({ key, value }) => `${had.has(key) ? "set" : "add"} map ${map.name} ${key} ${value}`),
    ...gone.map(({ key }) => `del map ${map.name} ${key}`),
  ];
  return [{ map, lines, isWhole: false, keys: touched.map(({ key }) => key) }];
}

/** The same command with the version that has been prepared for its map, where it goes into one. */
export function withVersion(line: string, versions: ReadonlyMap<string, string>): string {
  return line.replace(/^((?:add|commit) map) @\? (\S+)/, (_, verb: string, name: string) => {
    return `${verb} @${versions.get(name) ?? "?"} ${name}`;
  });
}

/** The number of the version that HAProxy has prepared; undefined where it has not. */
export function preparedVersion(answer: string): string | undefined {
  return /^New version created: (\d+)$/m.exec(answer)?.[1];
}

/** What is asked of HAProxy to see what commands have led to. */
export function questionsAfter({ map, keys }: MapCommands): readonly string[] {
  return keys ? keys.map((key) => `get map ${map.name} ${key}`) : [`show map ${map.name}`];
}

/** The entries that HAProxy shows of each map, by its name; undefined where it knows no such map. */
export type ShownMaps = ReadonlyMap<string, readonly MapEntry[] | undefined>;

/** How the maps that HAProxy shows differ from those of a configuration, in words, and these maps as they run. */
export function compareMaps(
  maps: ReadonlyMap<string, ProxyMap>,
  shown: ShownMaps,
): { readonly differences: readonly string[]; readonly actual: ReadonlyMap<string, ProxyMap> } {
  const differences: string[] = [];
  let actual = maps;
  for (const map of maps.values()) {
    if (!shown.has(map.name)) continue;
    const entries = shown.get(map.name);
    const difference = mapDifference(map, entries);
    if (difference === undefined) continue;
    differences.push(difference);
    const text = (entries ?? []).map(({ key, value }) => `${key} ${value}\n`).join("");
    actual = new Map([...actual, [map.name, { ...map, entries, text }]]);
  }
  return { differences, actual };
}

/** How a map differs from what it should be, all of its entries being shown; undefined where it does not. In words. */
function mapDifference(
  { name, entries, isOrdered }: ProxyMap,
  shown: readonly MapEntry[] | undefined,
): string | undefined {
  if (!shown) return `${name} is no map of HAProxy`;
  if (!entries) return undefined;
  if (isSame(shown, entries)) return undefined;
  const had = valuesOf(shown);
  const others = entries.filter(({ key, value }) => had.get(key) !== value).length;
  const more = shown.length - (entries.length - entries.filter(({ key }) => !had.has(key)).length);
  if (others === 0 && more === 0)
    return isOrdered || hasTwins(entries) ? `${name} has its entries in another order` : undefined;
  return `${name} has other entries (${others} missing or different, ${more} in no file)`;
}

/** The same of the answers to `get map` for the keys that commands have touched. */
export function keysDifference({ map, keys = [] }: MapCommands, answers: string): string | undefined {
  const found = new Map<string, Set<string>>();
  for (const [, key = "", value = ""] of answers.matchAll(/\bfound=yes, .*\bkey="([^"]*)", value="([^"]*)"/g)) {
    found.set(key, (found.get(key) ?? new Set()).add(value));
  }
  const wanted = valuesOf(map.entries ?? []);
  const differing = keys.filter((key) => {
    const values = [...(found.get(key) ?? [])];
    const value = wanted.get(key);
    return value === undefined ? values.length > 0 : values.length !== 1 || values[0] !== value;
  });
  return differing.length === 0 ? undefined : `${map.name} has other entries (of ${differing.slice(0, 3).join(", ")})`;
}
