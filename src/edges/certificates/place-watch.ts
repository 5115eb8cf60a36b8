import { type FSWatcher, watch } from "node:fs";
import { lstat, readlink, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Clock } from "../../flow/clock.js";
import { Notifier } from "../../flow/notifier.js";

/** Files are written in several steps: they are looked at when nothing has changed for so long, or has not stopped for so long. */
const QUIET_MS = 100;
const RESTLESS_MS = 500;

/** No path leads over more links than this. */
const MOST_LINKS = 40;

/**
 * Tells when something changes in some folders, whichever those are by then. What no event tells of is not told.
 *
 * By the kernel's word for each folder: chokidar reads a folder anew once a second at most, and a certificate is to be in
 * use by then.
 */
export class PlaceWatch {
  readonly #clock: Clock;
  readonly #notifier = new Notifier();
  /** By the path and the identity of each folder: one that was made anew is another one. Undefined while nobody watches. */
  #watchers: ReadonlyMap<string, FSWatcher> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on these folders are meant, as long as anybody watches. */
  async follow(folders: ReadonlySet<string>): Promise<void> {
    const identities = await Promise.all(
      [...folders].map(async (folder) => [folder, await identityOf(folder)] as const),
    );
    const before = this.#watchers;
    if (!before) return;
    const watchers = new Map<string, FSWatcher>();
    for (const [folder, identity] of identities) {
      const watcher = identity === undefined ? undefined : (before.get(identity) ?? this.#watcherOf(folder));
      if (identity !== undefined && watcher) watchers.set(identity, watcher);
    }
    for (const [identity, watcher] of before) if (!watchers.has(identity)) watcher.close();
    this.#watchers = watchers;
  }

  /** Yields after each change, once it has come to rest. Ends only by throwing the signal's reason. */
  async *watch(signal: AbortSignal): AsyncGenerator<undefined, never, undefined> {
    this.#watchers = new Map();
    try {
      for (;;) {
        await this.#notifier.wait(signal);
        const latest = this.#clock.now() + RESTLESS_MS;
        while (this.#clock.now() < latest && (await this.#notifier.waitAtMost(QUIET_MS, this.#clock, signal)));
        yield undefined;
      }
    } finally {
      for (const watcher of this.#watchers.values()) watcher.close();
      this.#watchers = undefined;
    }
  }

  /** Undefined where the kernel follows no more folders, or this one has just gone. */
  #watcherOf(folder: string): FSWatcher | undefined {
    const notify = (): void => {
      this.#notifier.notify();
    };
    try {
      return watch(folder, { persistent: false }, notify).on("error", notify);
    } catch {
      return undefined;
    }
  }
}

async function identityOf(folder: string): Promise<string | undefined> {
  const stats = await stat(folder).catch(() => undefined);
  return stats && `${folder} ${stats.dev} ${stats.ino}`;
}

/** The folders in which something changes when a path comes to lead to another file: its own, and those its links lead to. */
export async function foldersOf(path: string): Promise<readonly string[]> {
  const folders: string[] = [];
  let at = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    folders.push(dirname(at));
    const isLink = await lstat(at).then(
      (stats) => stats.isSymbolicLink(),
      () => false,
    );
    if (!isLink) break;
    at = resolve(dirname(at), await readlink(at).catch(() => "."));
  }
  return folders;
}
