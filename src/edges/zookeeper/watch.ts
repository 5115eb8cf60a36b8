import { reasonOf } from "../../errors.js";
import { Notifier } from "../../flow/notifier.js";
import type { KeyCache } from "../key-cache.js";
import type { RemoteWatch } from "../leases/remote-store.js";
import type { StoreRequests } from "../store-requests.js";
import { type ZooKeeperAccess, ZooKeeperConnection } from "./connection.js";
import type { Paths } from "./paths.js";
import { ping } from "./requests.js";
import { Tree } from "./tree.js";

/** How often it is made sure that whoever tells of changes is there. */
const PROOF_MS = 3_000;

/** How long the session of a reader lives that has gone without a word. */
export const READER_LIFE_MS = 10_000;

/** What a watch depends on. */
export interface ZooKeeperWatchParts {
  readonly requests: StoreRequests;
  readonly access: ZooKeeperAccess;
  readonly paths: Paths;
}

/** Follows the keys below some prefixes; each connection begins with a reading of everything. */
export class ZooKeeperWatch implements RemoteWatch {
  provenAt: number;
  readonly #parts: ZooKeeperWatchParts;
  readonly #prefixes: readonly string[];
  readonly #cache: KeyCache;
  readonly #news = new Notifier();

  constructor(parts: ZooKeeperWatchParts, prefixes: readonly string[], cache: KeyCache) {
    this.#parts = parts;
    this.#prefixes = prefixes;
    this.#cache = cache;
    this.provenAt = parts.requests.clock.now();
  }

  async run(signal: AbortSignal): Promise<never> {
    const { requests } = this.#parts;
    for (let reason: string | undefined; ;) {
      const { tree, connection } = await requests.insist(() => this.#begin(), signal);
      if (reason !== undefined) {
        requests.emit({ kind: "watch-resumed", prefix: this.#prefixes.join(", "), how: "listed", reason });
      }
      try {
        await this.#follow(tree, connection, signal);
      } catch (error) {
        signal.throwIfAborted();
        reason = reasonOf(error);
      } finally {
        connection.end();
      }
    }
  }

  async #begin(): Promise<{ readonly tree: Tree; readonly connection: ZooKeeperConnection }> {
    const { access, paths, requests } = this.#parts;
    const askedAt = requests.clock.now();
    const { tree, connection } = await openTree(access, paths, this.#prefixes, this.#parts, () => {
      this.#news.notify();
    });
    for (const prefix of this.#prefixes) {
      const { entries, leases } = tree.below(prefix);
      this.#cache.list(prefix, entries, tree.position, leases);
    }
    tree.takeChanges();
    this.provenAt = askedAt;
    return { tree, connection };
  }

  async #follow(tree: Tree, connection: ZooKeeperConnection, signal: AbortSignal): Promise<never> {
    const { requests } = this.#parts;
    const { clock } = requests;
    connection.broken.addEventListener("abort", () => {
      this.#news.notify();
    });
    for (;;) {
      if (!connection.isBroken() && tree.isSettled) await this.#news.waitAtMost(PROOF_MS, clock, signal);
      await requests.ask(async () => {
        const askedAt = clock.now();
        if (tree.isSettled) await connection.ask(ping());
        await tree.settle();
        const changes = tree.takeChanges();
        if (changes.length > 0) this.#cache.change(changes, tree.position);
        this.provenAt = askedAt;
      }, signal);
    }
  }
}

/** Connects and reads a tree, which is told of its changes from then on. */
export async function openTree(
  access: ZooKeeperAccess,
  paths: Paths,
  prefixes: readonly string[],
  { requests }: Pick<ZooKeeperWatchParts, "requests">,
  onChange: () => void,
): Promise<{ readonly tree: Tree; readonly connection: ZooKeeperConnection }> {
  let tree: Tree | undefined;
  const onEvent = (path: string): void => {
    tree?.touch(path);
    onChange();
  };
  const session = { lifeMs: READER_LIFE_MS };
  const connection = await ZooKeeperConnection.open(access, session, requests.clock, onEvent);
  try {
    tree = new Tree(connection, paths, prefixes);
    await tree.begin();
    return { tree, connection };
  } catch (error) {
    connection.end();
    throw error;
  }
}
