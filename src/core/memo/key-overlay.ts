import { compareKeys } from "../text/key-order.js";

/** Keys with their values, in the order of the keys. */
type Entries = ReadonlyMap<string, string>;

/** The new value of each key that has changed; undefined for one that is gone. */
type Changed = ReadonlyMap<string, string | undefined>;

/** Fewer keys are sooner copied than laid over. */
const MANY = 1_000;

/** So many changes lie over a map at most. */
const MOST_OVER = 256;

/**
 * A map of many keys of which some have changed, without a copy of it: what it costs follows the changes alone.
 *
 * To read one key takes one look more than in a map, and to read all of them about twice as long.
 */
class KeyOverlay implements Entries {
  readonly base: Entries;
  readonly over: Changed;
  /** The keys that the map below does not have, in their order. */
  readonly come: readonly string[];
  readonly size: number;

  constructor(base: Entries, over: Changed, come: readonly string[]) {
    this.base = base;
    this.over = over;
    this.come = come;
    let gone = 0;
    for (const value of over.values()) if (value === undefined) gone++;
    this.size = base.size - gone + come.length;
  }

  get(key: string): string | undefined {
    return this.over.has(key) ? this.over.get(key) : this.base.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  forEach(act: (value: string, key: string, entries: Entries) => void): void {
    for (const [key, value] of this) act(value, key, this);
  }

  *[Symbol.iterator](): MapIterator<[string, string]> {
    const { base, over, come } = this;
    let at = 0;
    let next = come[0];
    for (const entry of base) {
      const [key] = entry;
      for (; next !== undefined && compareKeys(next, key) < 0; next = come[++at]) yield [next, over.get(next) ?? ""];
      if (!over.has(key)) yield entry;
      else {
        const value = over.get(key);
        if (value !== undefined) yield [key, value];
      }
    }
    for (; next !== undefined; next = come[++at]) yield [next, over.get(next) ?? ""];
  }

  entries(): MapIterator<[string, string]> {
    return this[Symbol.iterator]();
  }

  *keys(): MapIterator<string> {
    for (const [key] of this) yield key;
  }

  *values(): MapIterator<string> {
    for (const [, value] of this) yield value;
  }
}

/** The same entries, in their order, but for keys that have changed; neither of the two is another's to change. */
export function withChanged(entries: Entries, changed: Changed): Entries {
  const { base, over, come } = entries instanceof KeyOverlay ? entries : new KeyOverlay(entries, new Map(), []);
  if (base.size >= MANY && over.size + changed.size <= MOST_OVER) {
    const after = new Map(over);
    const keys = new Set(come);
    for (const [key, value] of changed) {
      if (base.has(key)) after.set(key, value);
      else if (value === undefined) [after, keys].forEach((each) => each.delete(key));
      else {
        after.set(key, value);
        keys.add(key);
      }
    }
    return new KeyOverlay(base, after, inPlace(come, keys));
  }
  return copied(entries, changed);
}

/** Keys in their order, of which most were in order before. */
function inPlace(before: readonly string[], keys: ReadonlySet<string>): readonly string[] {
  if (keys.size === before.length && before.every((key) => keys.has(key))) return before;
  return [...keys].sort(compareKeys);
}

function copied(entries: Entries, changed: Changed): Entries {
  const come = [...changed].filter(
    (change): change is [string, string] => change[1] !== undefined && !entries.has(change[0]),
  );
  const after = come.length === 0 ? new Map(entries) : merged(entries, come);
  for (const [key, value] of changed) {
    if (value === undefined) after.delete(key);
    else after.set(key, value); // keeps its place: a Map moves no key that it has
  }
  return after;
}

/** `sorted` with the keys of `added`, which it does not have, in their places. */
function merged(sorted: Entries, added: [string, string][]): Map<string, string> {
  const queue = added.sort(([a], [b]) => compareKeys(b, a));
  const entries = new Map<string, string>();
  let next = queue.pop();
  for (const [key, value] of sorted) {
    for (; next && compareKeys(next[0], key) < 0; next = queue.pop()) entries.set(...next);
    entries.set(key, value);
  }
  for (; next; next = queue.pop()) entries.set(...next);
  return entries;
}
