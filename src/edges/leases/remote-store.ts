import { type Snapshot, snapshotOf } from "../../core/model/snapshot.js";
import { HecdError } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import type { KeyExchange, Session, SessionOptions, SlotAnswer, SlotOptions, Store } from "../../ports.js";
import { KeyCache } from "../key-cache.js";
import type { StorePlace } from "../reachability.js";
import type { LeasedStore } from "./leased-store.js";
import type { LeasedSessions } from "./sessions.js";

/** How the keys of a server are read, followed and written. */
export interface RemoteKeys {
  readonly place: StorePlace;
  readonly clock: Clock;

  /** The paths below which all keys are that these prefixes ask for, none of them below another one. */
  pathsOf(prefixes: readonly string[]): readonly string[];

  /** What there is below some paths, at one moment; asks once. There is one path at least. */
  read(paths: readonly string[], signal: AbortSignal): Promise<Snapshot>;

  /** What keeps a cache in step with what there is below some paths. There is one at least. */
  follow(paths: readonly string[], cache: KeyCache): RemoteWatch;

  /** Changes keys that hang on nothing, all or none, by one request; see `Store`. */
  exchange(changes: readonly KeyExchange[], signal: AbortSignal): Promise<boolean>;

  /** What only sessions need, and is loaded for them alone. */
  leases(): Promise<LeasedStore>;

  /** Closes all connections. */
  close(): void;
}

/** Keeps a cache in step with a server. */
export interface RemoteWatch {
  /** When, on the clock, it was last certain that there is no newer state; when it began, before that. */
  readonly provenAt: number;
  /** Works until the signal aborts, then throws its reason. */
  run(signal: AbortSignal): Promise<never>;
}

/** How long a single reading or change may take, however many servers have to be tried. */
const SOON_MS = 5_000;

/** A store that is a server; disposing it ends its watches and the renewal of its leases, but revokes nothing. */
export class RemoteStore implements Store {
  readonly #keys: RemoteKeys;
  readonly #life = linkedSignal();
  readonly #works = new Set<Promise<unknown>>();
  readonly #watches = new Set<RemoteWatch>();
  #sessions: Promise<LeasedSessions> | undefined;

  constructor(keys: RemoteKeys) {
    this.#keys = keys;
  }

  readonly exchange = (changes: readonly KeyExchange[], signal: AbortSignal): Promise<boolean> =>
    this.#soon((soon) => this.#keys.exchange(changes, soon), signal);

  readonly takeSlot = async (options: SlotOptions, signal: AbortSignal): Promise<SlotAnswer> => {
    const [leases, { takeSlot }] = await Promise.all([this.#keys.leases(), import("./slots.js")]);
    using work = linkedSignal(signal, this.#life.signal);
    return await takeSlot(leases, options, this.#life.signal, work.signal);
  };

  get staleMs(): number {
    const now = this.#keys.clock.now();
    return [...this.#watches].reduce((most, { provenAt }) => Math.max(most, now - provenAt), 0);
  }

  async read(prefixes: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    const paths = this.#keys.pathsOf(prefixes);
    if (paths.length === 0) return snapshotOf(0n, []);
    return await this.#soon((soon) => this.#keys.read(paths, soon), signal);
  }

  async *watch(prefixes: readonly string[], signal: AbortSignal): AsyncGenerator<Snapshot, never, undefined> {
    using work = linkedSignal(signal, this.#life.signal);
    const paths = this.#keys.pathsOf(prefixes);
    const cache = new KeyCache(paths);
    if (paths.length === 0) return yield* cache.snapshots(work.signal);
    const watch = this.#keys.follow(paths, cache);
    this.#watches.add(watch);
    const following = watch.run(work.signal).catch((error: unknown) => {
      this.#watches.delete(watch);
      cache.fail(error);
    });
    this.#mind(following);
    return yield* cache.snapshots(work.signal);
  }

  async openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    this.#sessions ??= this.#makeSessions();
    return (await this.#sessions).open(options, signal, this.#life.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life[Symbol.dispose]();
    await Promise.all(this.#works);
    this.#keys.close();
  }

  /** Does something that fails with `store-unreachable` where it takes too long. */
  async #soon<T>(act: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { place, clock } = this.#keys;
    const reason = `no answer within ${SOON_MS} ms`;
    const tooLate = (): HecdError => new HecdError({ code: "store-unreachable", ...place, reason });
    using life = linkedSignal(signal, this.#life.signal);
    using soon = deadlineSignal(SOON_MS, tooLate, clock, life.signal);
    return await act(soon.signal);
  }

  /** Who only reads need not wait for what only an agent needs. */
  async #makeSessions(): Promise<LeasedSessions> {
    const [leases, { LeasedSessions }] = await Promise.all([this.#keys.leases(), import("./sessions.js")]);
    return new LeasedSessions(leases, (work) => {
      this.#mind(work);
    });
  }

  #mind(work: Promise<unknown>): void {
    this.#works.add(work);
    void work.finally(() => this.#works.delete(work));
  }
}
