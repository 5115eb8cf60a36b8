import { type FSWatcher, watch } from "node:fs";
import { lstat, readdir, readlink, stat } from "node:fs/promises";
import { join, parse, resolve, sep } from "node:path";

/** A folder in which a change counts: any, or that of one name. */
export interface WatchedPlace {
  readonly folder: string;
  readonly name?: string;
}

/** No path leads over more links than this. */
const MOST_LINKS = 40;

/** How many folders below one another are followed: a link may lead back to where it stands. */
const DEPTH = 10;

/**
 * Tells when something changes in some places, whichever those are by then. What no event tells of (another file system) is
 * not told.
 *
 * By the kernel's word for each folder: chokidar reads a folder anew once a second at most, and one that was swapped for
 * another never.
 */
export class PlaceWatchers implements Disposable {
  readonly #tell: () => void;
  /** By the path and the identity of each folder: one that was made anew is another one. Undefined when disposed. */
  #watched: ReadonlyMap<string, Watched> | undefined = new Map();

  constructor(tell: () => void) {
    this.#tell = tell;
  }

  /** From now on these places are meant; to be called before what is there is looked at, so that nothing is missed. */
  async follow(places: Iterable<WatchedPlace>): Promise<void> {
    const meant = new Map<string, Meant>();
    for (const { folder, name } of places) {
      const names = meant.get(folder) ?? new Set();
      if (name === undefined || names === "all") meant.set(folder, "all");
      else meant.set(folder, names.add(name));
    }
    const found = await Promise.all([...meant].map(async ([folder, names]) => [folder, names, await identityOf(folder)] as const)); // prettier-ignore
    const before = this.#watched;
    if (!before) return;
    const watched = new Map<string, Watched>();
    for (const [folder, names, identity] of found) {
      const one = identity === undefined ? undefined : (before.get(identity) ?? this.#watch(folder, names));
      if (identity === undefined || !one) continue;
      one.names = names;
      watched.set(identity, one);
    }
    for (const [identity, { watcher }] of before) if (!watched.has(identity)) watcher.close();
    this.#watched = watched;
  }

  [Symbol.dispose](): void {
    for (const { watcher } of this.#watched?.values() ?? []) watcher.close();
    this.#watched = undefined;
  }

  /** Undefined where the kernel follows no more folders, or this one has just gone. */
  #watch(folder: string, names: Meant): Watched | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (one.names === "all" || name === null || one.names.has(name)) this.#tell();
      });
      const one: Watched = { watcher: watcher.on("error", this.#tell), names };
      return one;
    } catch {
      return undefined;
    }
  }
}

/** Whose changes in a folder count. */
type Meant = Set<string> | "all";

interface Watched {
  readonly watcher: FSWatcher;
  names: Meant;
}

async function identityOf(folder: string): Promise<string | undefined> {
  const stats = await stat(folder).catch(() => undefined);
  return stats && `${folder} ${stats.dev} ${stats.ino}`;
}

/** The places in which something changes when a path comes to lead to something else, by any of its parts and links. */
export async function placesAlong(path: string): Promise<readonly WatchedPlace[]> {
  const places: WatchedPlace[] = [];
  const { root } = parse(resolve(path));
  let folder = root;
  const names = resolve(path).slice(root.length).split(sep).filter(Boolean);
  for (let links = 0; ;) {
    const name = names.shift();
    if (name === undefined) return places;
    places.push({ folder, name });
    const at = join(folder, name);
    const stats = await lstat(at).catch(() => undefined);
    if (!stats) return places;
    if (!stats.isSymbolicLink()) {
      folder = at;
      continue;
    }
    if (++links > MOST_LINKS) return places;
    const target = resolve(folder, await readlink(at).catch(() => "."));
    names.unshift(...target.slice(root.length).split(sep).filter(Boolean));
    folder = root;
  }
}

/** The places in which something changes when anything becomes another at this path, or below it. */
export async function placesBelow(path: string): Promise<readonly WatchedPlace[]> {
  return [...(await placesAlong(path)), ...(await placesIn(path, DEPTH))];
}

/** Those of what is in a folder; none where there is no such folder. */
async function placesIn(folder: string, depth: number): Promise<readonly WatchedPlace[]> {
  const entries = depth > 0 ? await readdir(folder, { withFileTypes: true }).catch(() => undefined) : undefined;
  if (!entries) return [];
  const found: WatchedPlace[] = [{ folder }];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) found.push(...(await placesAlong(path)));
    if (entry.isSymbolicLink() || entry.isDirectory()) found.push(...(await placesIn(path, depth - 1)));
  }
  return found;
}
