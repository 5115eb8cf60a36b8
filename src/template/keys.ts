import { basePath, cleanPath, dirPath, joinPath } from "../core/path.js";
import { compareKeys, type Snapshot } from "../core/snapshot.js";
import { FunctionError } from "./function-error.js";
import { globMatcher } from "./glob.js";

/** A key and what it holds. */
export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** The keys of a snapshot as templates ask for them; every answer is sorted and the same as confd's. */
export class Keys {
  readonly #entries: ReadonlyMap<string, string>;

  /** Cuts `prefix` off the keys first; `/` cuts nothing. */
  constructor(snapshot: Snapshot, prefix: string) {
    this.#entries = cut(snapshot.entries, prefix);
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
    const pairs: Pair[] = [];
    for (const [key, value] of this.#entries) if (matches(key)) pairs.push({ key, value });
    return pairs;
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
    for (const key of this.#entries.keys()) {
      if (key === path) names.add(basePath(key));
      else if (holds(clean, dirPath(key))) names.add(firstPart(withoutStart(withoutStart(key, path), "/")));
    }
    return [...names].sort(compareKeys);
  }

  /** The names one level below `path` that have something below them; of `/` none. */
  listDirectories(path: string): readonly string[] {
    const clean = cleanPath(path);
    const names = new Set<string>();
    for (const key of this.#entries.keys()) {
      if (!key.startsWith(path)) continue;
      const directory = dirPath(key);
      if (directory !== clean && holds(clean, directory)) names.add(firstPart(directory.slice(clean.length + 1)));
    }
    return [...names].sort(compareKeys);
  }
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
