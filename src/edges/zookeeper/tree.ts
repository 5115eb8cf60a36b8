import { isBelow } from "../../core/model/prefix.js";
import type { KeyChange } from "../../core/model/snapshot.js";
import type { ZooKeeperConnection } from "./connection.js";
import { isRefusal } from "./errors.js";
import { childOf, type Paths } from "./paths.js";
import { getChildren, getData, sessionOf, type Stat, sync, watchBelow } from "./requests.js";

/** A key of a tree. */
interface TreeKey {
  readonly value: string;
  readonly lease: string | undefined;
  readonly changedAt: bigint;
}

/**
 * The keys below some paths, kept by one connection.
 *
 * Each node is read again once it is told that it has changed. As answers never overtake what they know of, all nodes are as at
 * one moment when nothing more has been told than has been read.
 */
export class Tree {
  readonly #connection: ZooKeeperConnection;
  readonly #paths: Paths;
  readonly #prefixes: readonly string[];
  readonly #keys = new Map<string, TreeKey>();
  /** Nodes that have changed since they were read. */
  readonly #touched = new Set<string>();
  /** Keys that differ from those that were taken last. */
  readonly #changed = new Set<string>();
  #position = 0n;

  /** `touch` is to hear what the connection hears. */
  constructor(connection: ZooKeeperConnection, paths: Paths, prefixes: readonly string[]) {
    this.#connection = connection;
    this.#paths = paths;
    this.#prefixes = prefixes;
  }

  /** How far the ZooKeeper was when the keys were as they are. */
  get position(): bigint {
    return this.#position;
  }

  get isSettled(): boolean {
    return this.#touched.size === 0;
  }

  /** Takes in that a node may have changed. */
  touch(path: string): void {
    this.#touched.add(path);
  }

  /** Has changes told, and then reads everything. */
  async begin(): Promise<void> {
    const roots = this.#prefixes.map((prefix) => this.#paths.of(prefix));
    for (const path of roots) this.#reach((await this.#connection.ask(sync(path))).position);
    await Promise.all(roots.map((path) => this.#connection.ask(watchBelow(path))));
    await Promise.all(roots.map((path) => this.#read(path, "with all below")));
    await this.settle();
  }

  /** Reads what has been touched, until it is nothing more. */
  async settle(): Promise<void> {
    while (this.#touched.size > 0) {
      const touched = [...this.#touched];
      this.#touched.clear();
      await Promise.all(touched.map((path) => this.#read(path)));
    }
  }

  /** The keys below one of the paths, and the session of each that ends with one. */
  below(prefix: string): { readonly entries: Map<string, string>; readonly leases: Map<string, string> } {
    const entries = new Map<string, string>();
    const leases = new Map<string, string>();
    for (const [key, { value, lease }] of this.#keys) {
      if (!isBelow(prefix, key)) continue;
      entries.set(key, value);
      if (lease !== undefined) leases.set(key, lease);
    }
    return { entries, leases };
  }

  /** What has changed since this was asked last. */
  takeChanges(): readonly KeyChange[] {
    const changes = [...this.#changed].map((key): KeyChange => {
      const found = this.#keys.get(key);
      if (!found) return { kind: "delete", key };
      const { value, lease, changedAt: revision } = found;
      return { kind: "put", key, value, lease, revision };
    });
    this.#changed.clear();
    return changes;
  }

  async #read(path: string, how?: "with all below"): Promise<void> {
    if (this.#paths.isHidden(path)) return;
    const key = this.#paths.keyOf(path);
    try {
      const { answer, position } = await this.#connection.ask(getData(path));
      this.#reach(position);
      this.#note(key, keyIn(answer));
      if (how === undefined || answer.stat.children === 0) return;
      const { answer: names } = await this.#connection.ask(getChildren(path));
      await Promise.all(names.map((name) => this.#read(childOf(path, name), how)));
    } catch (error) {
      if (!isRefusal(error, "noNode")) throw error;
      this.#note(key, undefined);
    }
  }

  #note(key: string, found: TreeKey | undefined): void {
    const known = this.#keys.get(key);
    if (known?.value === found?.value && known?.lease === found?.lease && known?.changedAt === found?.changedAt) return;
    this.#changed.add(key);
    if (found) this.#keys.set(key, found);
    else this.#keys.delete(key);
  }

  #reach(position: bigint): void {
    if (position > this.#position) this.#position = position;
  }
}

/** A node with data is a key; what is without is the place of others, also where there are none just now. */
function keyIn({ data, stat }: { readonly data: Buffer; readonly stat: Stat }): TreeKey | undefined {
  if (data.length === 0) return undefined;
  return { value: data.toString(), lease: sessionOf(stat), changedAt: stat.changedAt };
}
