import type { Emit } from "../../core/events/event.js";
import { outermostPaths } from "../../core/model/prefix.js";
import { type Snapshot, snapshotOf } from "../../core/model/snapshot.js";
import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import type { KeyExchange, Store } from "../../ports.js";
import type { KeyCache } from "../key-cache.js";
import type { LeasedStore } from "../leases/leased-store.js";
import { type RemoteKeys, RemoteStore } from "../leases/remote-store.js";
import { LateConnection } from "../late-connection.js";
import { type FailureKind, StoreRequests } from "../store-requests.js";
import { type RedisAccess, RedisConnection } from "./connection.js";
import { listAll } from "./listing.js";
import { Names } from "./names.js";
import { parseRedisNode } from "./node.js";
import { RedisWatch } from "./watch.js";

/** Where a Redis is, and how it is spoken to. */
export interface RedisOptions extends Omit<RedisAccess, "nodes"> {
  /** See `parseRedisNode`. */
  readonly endpoints: readonly string[];
  /** What stands in names where keys have a slash. */
  readonly separator?: string | undefined;
}

/** Opens a store in Redis; the first request connects. Throws `config-invalid`. */
export function openRedis(
  { endpoints, separator, ...access }: RedisOptions,
  deps: { readonly clock: Clock; readonly emit: Emit },
): Store {
  const names = new Names(separator === undefined || separator === "" ? "/" : separator);
  return new RemoteStore(new RedisKeys({ ...access, nodes: endpoints.map(parseRedisNode) }, names, deps));
}

/** The keys of a Redis. */
class RedisKeys implements RemoteKeys {
  readonly pathsOf = outermostPaths;
  readonly place: RemoteKeys["place"];
  readonly clock: Clock;
  readonly #access: RedisAccess;
  readonly #names: Names;
  readonly #requests: StoreRequests;
  readonly #link: LateConnection<RedisConnection>;

  constructor(access: RedisAccess, names: Names, deps: { readonly clock: Clock; readonly emit: Emit }) {
    this.place = { product: "Redis", endpoints: access.nodes.map(({ name }) => name) };
    this.clock = deps.clock;
    this.#access = access;
    this.#names = names;
    this.#requests = new StoreRequests(this.place, kindOf, deps);
    // Whoever has become a replica, or does not let us in, may not be the one to go on with.
    const isUnfit = (error: unknown) => String(error).includes("READONLY");
    this.#link = new LateConnection(() => RedisConnection.open(access, deps.clock), isUnfit);
  }

  async read(paths: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    const listing = () => this.#link.use((redis) => listAll(redis, paths, this.#names));
    const { found, leases, revision } = await this.#requests.ask(listing, signal);
    const entries = [...found].flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
    return snapshotOf(revision, entries, leases);
  }

  async exchange(changes: readonly KeyExchange[], signal: AbortSignal): Promise<boolean> {
    const { EXCHANGE, channelOf } = await import("./scripts.js");
    const named = changes.map((change) => ({ ...change, key: this.#names.of(change.key) }));
    const request = () =>
      this.#link.use((redis) => {
        const input = { changes: named, channel: channelOf(redis.node.database) };
        return redis.askOne("EVAL", EXCHANGE, "0", JSON.stringify(input));
      });
    return Number(await this.#requests.ask(request, signal)) === 1;
  }

  follow(paths: readonly string[], cache: KeyCache): RedisWatch {
    const parts = { requests: this.#requests, access: this.#access, names: this.#names };
    return new RedisWatch(parts, paths, cache);
  }

  async leases(): Promise<LeasedStore> {
    const { redisLeases } = await import("./leases.js");
    return redisLeases(this.#requests, this.#link);
  }

  close(): void {
    this.#link[Symbol.dispose]();
  }
}

/** An answer that says no begins with a word in capitals; `LOADING` and its like pass. */
function kindOf(error: unknown): FailureKind {
  const reason = reasonOf(error);
  if (/(^|: )OOM /.test(reason)) return "full";
  return /^(NOAUTH|WRONGPASS|NOPERM|ERR|READONLY|MISCONF|EXECABORT|NOREPLICAS)\b/.test(reason)
    ? "refused"
    : "unreachable";
}
