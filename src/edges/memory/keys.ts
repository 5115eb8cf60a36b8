import { isBelow, outermost } from "../../core/model/prefix.js";
import { type KeyChange, type Snapshot, snapshotOf } from "../../core/model/snapshot.js";
import type { Write } from "../../core/registry/plan.js";
import { KeyCache } from "../key-cache.js";

/** A key's value and the lease it hangs on; undefined for a key that stays until it is deleted. */
export interface LeasedValue {
  readonly value: string;
  readonly lease: string | undefined;
  /** The revision of its last change. */
  readonly revision: bigint;
}

/** Keys, each on a lease or on none, with a revision that grows by one with every change of them. */
export class MemoryKeys {
  readonly #pairs = new Map<string, LeasedValue>();
  readonly #mirrors = new Map<KeyCache, readonly string[]>();
  readonly #waiting = new Set<() => void>();
  #revision = 0n;

  get(key: string): LeasedValue | undefined {
    return this.#pairs.get(key);
  }

  /** The keys that hang on `lease`. */
  on(lease: string): readonly (readonly [string, string])[] {
    return [...this.#pairs].flatMap(([key, pair]) => (pair.lease === lease ? [[key, pair.value] as const] : []));
  }

  /** Every lease on which a key hangs. */
  leases(): ReadonlySet<string> {
    return new Set([...this.#pairs.values()].flatMap(({ lease }) => (lease === undefined ? [] : [lease])));
  }

  snapshot(prefixes: readonly string[]): Snapshot {
    const paths = outermost(prefixes);
    const pairs = [...this.#pairs].filter(([key]) => paths.some((path) => isBelow(path, key)));
    return snapshotOf(
      this.#revision,
      pairs.map(([key, { value }]) => [key, value]),
      new Map(pairs.flatMap(([key, { lease }]) => (lease === undefined ? [] : [[key, lease] as const]))),
    );
  }

  /** Carries out the writes as one change, and returns its revision; what is put hangs on `lease` from then on. */
  commit(writes: readonly Write[], lease: string | undefined): bigint {
    const changes: readonly KeyChange[] = writes.map((write) => (write.kind === "put" ? { ...write, lease } : write));
    const revision = ++this.#revision;
    for (const write of writes) {
      if (write.kind === "put") this.#pairs.set(write.key, { value: write.value, lease, revision });
      else this.#pairs.delete(write.key);
    }
    for (const [cache, paths] of this.#mirrors) {
      const seen = changes.filter(({ key }) => paths.some((path) => isBelow(path, key)));
      if (seen.length > 0) cache.change(seen, revision);
    }
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    return revision;
  }

  /** Deletes everything that hangs on `lease`. */
  drop(lease: string): void {
    this.commit(
      this.on(lease).map(([key]) => ({ kind: "delete", key })),
      undefined,
    );
  }

  /** Resolves at the next change of anything. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  /** A mirror of the keys below `prefixes` that is kept up to date until it is disposed. */
  cache(prefixes: readonly string[]): { readonly cache: KeyCache } & Disposable {
    const paths = outermost(prefixes);
    const cache = new KeyCache(paths);
    for (const path of paths) {
      const { entries, revision, leases } = this.snapshot([path]);
      cache.list(path, entries, revision, leases);
    }
    this.#mirrors.set(cache, paths);
    return {
      cache,
      [Symbol.dispose]: () => {
        this.#mirrors.delete(cache);
      },
    };
  }
}
