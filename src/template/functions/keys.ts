import { compareKeys } from "../../core/text/key-order.js";
import { type Snapshot } from "../../core/model/snapshot.js";
import { basePath, cleanPath, dirPath, joinPath } from "../../core/text/path.js";
import { FunctionError } from "../go-values/function-error.js";
import { beginningOf, globMatcher } from "./glob.js";

/** A key and what it holds. */
export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** The keys of a snapshot as templates ask for them; every answer is sorted and the same as confd's. */
export class Keys {
  readonly #snapshot: Snapshot;
  readonly #prefix: string;
  #cut: ReadonlyMap<string, string> | undefined;
  #pairs: readonly Pair[] | undefined;

  /** Cuts `prefix` off the keys first; `/` cuts nothing. */
  constructor(snapshot: Snapshot, prefix: string) {
    this.#snapshot = snapshot;
    this.#prefix = prefix;
  }

  /** Not before it is asked for: many templates see services only. */
  get #entries(): ReadonlyMap<string, string> {
    return (this.#cut ??= cut(this.#snapshot.entries, this.#prefix));
  }

  exists(key: string): boolean {
    return this.#entries.has(key);
  }

  get(key: string): Pair {
    const value = this.#entries.get(key);
    if (value === undefined) throw new FunctionError(`key does not exist: ${key}`);
    return { key, value };
  }

  /** The first of `defaults` stands in for a missing key; an empty value is a value. */
  getValue(key: string, defaults: readonly string[]): string {
    return this.#entries.get(key) ?? defaults[0] ?? this.get(key).value;
  }

  getAll(pattern: string): readonly Pair[] {
    const matches = globMatcher(pattern);
    return this.#beginningWith(beginningOf(pattern)).filter(({ key }) => matches(key));
  }

  /** Sorted by value, not by key. */
  getAllValues(pattern: string): readonly string[] {
    return this.getAll(pattern)
      .map(({ value }) => value)
      .sort(compareKeys);
  }

  /**
   * The names one level below `path`, and the last part of `path` itself when that is a key.
   *
   * Of `/` only those that are keys; a path that is not written cleanly gives the first part of what lies below it.
   */
  list(path: string): readonly string[] {
    const clean = cleanPath(path);
    const names = new Set<string>();
    for (const { key } of this.#beginningWith(clean === "." ? "" : clean)) {
      if (key === path) names.add(basePath(key));
      else if (holds(clean, dirPath(key))) names.add(firstPart(withoutStart(withoutStart(key, path), "/")));
    }
    return [...names].sort(compareKeys);
  }

  /** The names one level below `path` that have something below them; of `/` none. */
  listDirectories(path: string): readonly string[] {
    const clean = cleanPath(path);
    const names = new Set<string>();
    for (const { key } of this.#beginningWith(path)) {
      const directory = dirPath(key);
      if (directory !== clean && holds(clean, directory)) names.add(firstPart(directory.slice(clean.length + 1)));
    }
    return [...names].sort(compareKeys);
  }

  /** All that lies together in the order of the keys, so that a template may ask for every service by itself. */
  #beginningWith(beginning: string): readonly Pair[] {
    const pairs = (this.#pairs ??= Array.from(this.#entries, ([key, value]) => ({ key, value })));
    const first = firstIndex(pairs, ({ key }) => compareKeys(key, beginning) >= 0);
    const end = firstIndex(pairs, ({ key }) => compareKeys(key, beginning) >= 0 && !key.startsWith(beginning));
    return pairs.slice(first, end);
  }
}

/** The index of the first item of which `isPast` holds, as it does of all that follow. */
function firstIndex<T>(items: readonly T[], isPast: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item === undefined || isPast(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Whether `directory` is `path` or lies below it, by confd's count of parts: `/` holds itself alone. */
function holds(path: string, directory: string): boolean {
  return directory === path || (path !== "/" && directory.startsWith(`${path}/`));
}

function firstPart(path: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? path : path.slice(0, slash);
}

function withoutStart(text: string, start: string): string {
  return text.startsWith(start) ? text.slice(start.length) : text;
}

function cut(entries: ReadonlyMap<string, string>, prefix: string): ReadonlyMap<string, string> {
  if (prefix === "/" && areClean(entries.keys())) return entries;
  const named = new Map<string, string>();
  let inOrder = true;
  let last = "";
  for (const [key, value] of entries) {
    const name = prefix === "/" ? cleanPath(key) : joinPath("/", withoutStart(key, prefix));
    inOrder &&= compareKeys(last, name) <= 0;
    last = name;
    named.set(name, value);
  }
  return inOrder ? named : new Map([...named].sort(([a], [b]) => compareKeys(a, b)));
}

function areClean(keys: Iterable<string>): boolean {
  for (const key of keys) if (cleanPath(key) !== key) return false;
  return true;
}
