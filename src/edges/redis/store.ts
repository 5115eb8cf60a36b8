import type { Emit } from "../../core/events/event.js";
import { outermost } from "../../core/model/prefix.js";
import { type Snapshot, snapshotOf } from "../../core/model/snapshot.js";
import { HecdError, reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import type { KeyExchange, Session, SessionOptions, Store } from "../../ports.js";
import { KeyCache } from "../key-cache.js";
import type { LeasedSessions } from "../leases/sessions.js";
import { type FailureKind, StoreRequests } from "../store-requests.js";
import type { RedisAccess } from "./connection.js";
import { RedisLink } from "./link.js";
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

/** How long a single reading or change may take. */
const SOON_MS = 5_000;

/** Opens a store in Redis; the first request connects. Throws `config-invalid`. */
export function openRedis(
  { endpoints, separator, ...access }: RedisOptions,
  deps: { readonly clock: Clock; readonly emit: Emit },
): RedisStore {
  const names = new Names(separator === undefined || separator === "" ? "/" : separator);
  return new RedisStore({ ...access, nodes: endpoints.map(parseRedisNode) }, names, deps);
}

/** A store in Redis; disposing it ends its watches and the renewal of its leases, but revokes nothing. */
export class RedisStore implements Store {
  readonly #access: RedisAccess;
  readonly #names: Names;
  readonly #requests: StoreRequests;
  readonly #link: RedisLink;
  readonly #life = linkedSignal();
  readonly #works = new Set<Promise<unknown>>();
  readonly #watches = new Set<RedisWatch>();
  #sessions: LeasedSessions | undefined;

  constructor(access: RedisAccess, names: Names, deps: { readonly clock: Clock; readonly emit: Emit }) {
    this.#access = access;
    this.#names = names;
    const endpoints = access.nodes.map(({ name }) => name);
    this.#requests = new StoreRequests({ product: "Redis", endpoints }, kindOf, deps);
    this.#link = new RedisLink(access, deps.clock);
  }

  get staleMs(): number {
    const now = this.#requests.clock.now();
    return [...this.#watches].reduce((most, { provenAt }) => Math.max(most, now - provenAt), 0);
  }

  async read(prefixes: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    const paths = pathsOf(prefixes);
    if (paths.length === 0) return snapshotOf(0n, []);
    const listing = () => this.#link.use((redis) => listAll(redis, paths, this.#names));
    const { found, leases, revision } = await this.#soon(listing, signal);
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
    return Number(await this.#soon(request, signal)) === 1;
  }

  async *watch(prefixes: readonly string[], signal: AbortSignal): AsyncGenerator<Snapshot, never, undefined> {
    using work = linkedSignal(signal, this.#life.signal);
    const paths = pathsOf(prefixes);
    const cache = new KeyCache(paths);
    if (paths.length === 0) return yield* cache.snapshots(work.signal);
    const parts = { requests: this.#requests, access: this.#access, names: this.#names };
    const watch = new RedisWatch(parts, paths, cache);
    this.#watches.add(watch);
    const following = watch.run(work.signal).catch((error: unknown) => {
      this.#watches.delete(watch);
      cache.fail(error);
    });
    this.#mind(following);
    return yield* cache.snapshots(work.signal);
  }

  async openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    // Who only reads need not wait for what only an agent needs.
    const [{ RedisLeases }, { LeasedSessions }] = await Promise.all([
      import("./leases.js"),
      import("../leases/sessions.js"),
    ]);
    this.#sessions ??= new LeasedSessions(new RedisLeases(this.#requests, this.#link), (work) => {
      this.#mind(work);
    });
    return this.#sessions.open(options, signal, this.#life.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life[Symbol.dispose]();
    await Promise.all(this.#works);
    this.#link[Symbol.dispose]();
  }

  /** Makes a request that fails with `store-unreachable` where it takes too long. */
  async #soon<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { place, clock } = this.#requests;
    const reason = `no answer within ${SOON_MS} ms`;
    const tooLate = (): HecdError => new HecdError({ code: "store-unreachable", ...place, reason });
    using life = linkedSignal(signal, this.#life.signal);
    using soon = deadlineSignal(SOON_MS, tooLate, clock, life.signal);
    return await this.#requests.ask(request, soon.signal);
  }

  #mind(work: Promise<unknown>): void {
    this.#works.add(work);
    void work.finally(() => this.#works.delete(work));
  }
}

/** As confd, which knows no globs here: `/app/*` is `/app`. */
function pathsOf(prefixes: readonly string[]): readonly string[] {
  return outermost(prefixes.map((prefix) => prefix.replaceAll("/*", "")));
}

/** An answer that says no begins with a word in capitals; `LOADING` and its like pass. */
function kindOf(error: unknown): FailureKind {
  const reason = reasonOf(error);
  if (/(^|: )OOM /.test(reason)) return "full";
  return /^(NOAUTH|WRONGPASS|NOPERM|ERR|READONLY|MISCONF|EXECABORT|NOREPLICAS)\b/.test(reason)
    ? "refused"
    : "unreachable";
}
