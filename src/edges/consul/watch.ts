import type { KeyChange } from "../../core/model/snapshot.js";
import { reasonOf } from "../../errors.js";
import { sleep } from "../../flow/clock.js";
import { backoff } from "../../flow/retry.js";
import type { KeyCache } from "../key-cache.js";
import type { RemoteWatch } from "../leases/remote-store.js";
import type { StoreRequests } from "../store-requests.js";
import type { ConsulClient } from "./client.js";
import { type ConsulListing, type ConsulNames, listPairs } from "./listing.js";

/** How long Consul holds an answer back while nothing changes: so late it is noticed that it is away. */
const WAIT_MS = 5_000;

/** What a watch depends on. */
export interface ConsulWatchParts {
  readonly requests: StoreRequests;
  readonly client: ConsulClient;
  readonly names: ConsulNames;
}

/** Follows the keys below some paths, each path by questions that wait for a change; every answer holds all of its keys. */
export class ConsulWatch implements RemoteWatch {
  readonly #parts: ConsulWatchParts;
  readonly #cache: KeyCache;
  /** When each path was last certain to be shown as it is. */
  readonly #provenAt: Map<string, number>;

  constructor(parts: ConsulWatchParts, paths: readonly string[], cache: KeyCache) {
    this.#parts = parts;
    this.#cache = cache;
    this.#provenAt = new Map(paths.map((path) => [path, parts.requests.clock.now()]));
  }

  get provenAt(): number {
    return Math.min(...this.#provenAt.values());
  }

  run(signal: AbortSignal): Promise<never> {
    return Promise.race([...this.#provenAt.keys()].map((path) => this.#follow(path, signal)));
  }

  async #follow(path: string, signal: AbortSignal): Promise<never> {
    const { requests } = this.#parts;
    const { clock } = requests;
    let known: ConsulListing | undefined;
    let reason: string | undefined;
    let waits = backoff(100, 1_000);
    for (;;) {
      try {
        const listing = await requests.ask(() => this.#list(path, known, signal), signal);
        this.#provenAt.set(path, clock.now());
        if (reason !== undefined) requests.emit({ kind: "watch-resumed", prefix: path || "/", how: "listed", reason });
        this.#show(path, known, listing);
        // An index that runs backwards says that all must be asked for anew.
        known = known && listing.index < known.index ? undefined : listing;
        reason = undefined;
        waits = backoff(100, 1_000);
      } catch (error) {
        signal.throwIfAborted();
        reason ??= reasonOf(error);
        known = undefined;
        await sleep(waits.next().value, clock, signal);
      }
    }
  }

  #list(path: string, known: ConsulListing | undefined, signal: AbortSignal): Promise<ConsulListing> {
    const { client, names } = this.#parts;
    // Of an index of 0 Consul would not wait.
    const index = known && known.index > 0n ? known.index : 1n;
    return listPairs(client, names, path, known && { index, waitMs: WAIT_MS, signal });
  }

  #show(path: string, known: ConsulListing | undefined, listing: ConsulListing): void {
    if (known && listing.index >= known.index) {
      const changes = changesBetween(known, listing);
      if (changes.length > 0) this.#cache.change(changes, listing.index);
      return;
    }
    const leases = new Map(
      [...listing.pairs].flatMap(([key, { lease }]) => (lease === undefined ? [] : [[key, lease]])),
    );
    const entries = new Map([...listing.pairs].map(([key, { value }]) => [key, value]));
    this.#cache.list(path, entries, listing.index, leases);
  }
}

function changesBetween(before: ConsulListing, after: ConsulListing): readonly KeyChange[] {
  const changes: KeyChange[] = [];
  for (const key of before.pairs.keys()) if (!after.pairs.has(key)) changes.push({ kind: "delete", key });
  for (const [key, { value, lease, changedAt: revision }] of after.pairs) {
    if (before.pairs.get(key)?.changedAt !== revision) changes.push({ kind: "put", key, value, lease, revision });
  }
  return changes;
}
