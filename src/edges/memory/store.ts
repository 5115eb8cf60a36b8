import type { Emit } from "../../core/events/event.js";
import { claimKey } from "../../core/model/keys.js";
import type { Snapshot } from "../../core/model/snapshot.js";
import { foreignHolder } from "../../core/registry/claim.js";
import { HecdError } from "../../errors.js";
import { abortable, linkedSignal } from "../../flow/linked-signal.js";
import type { KeyExchange, Session, SessionOptions, Store } from "../../ports.js";
import { MemoryKeys } from "./keys.js";
import { MemorySession } from "./session.js";

/**
 * A store in the memory of this process, with the behaviour of one in etcd: for one host without etcd, and for tests.
 *
 * A lease lives until its session is revoked or `expireSessions` is called: nobody can lose touch with this store.
 */
export class MemoryStore implements Store {
  readonly #keys = new MemoryKeys();
  readonly #sessions = new Map<string, MemorySession>();
  /** Who has had a session. */
  readonly #runs = new Set<string>();
  readonly #life = linkedSignal();
  readonly #emit: Emit;
  #leases = 0;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  async read(prefixes: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    signal.throwIfAborted();
    this.#life.signal.throwIfAborted();
    return this.#keys.snapshot(prefixes);
  }

  async *watch(prefixes: readonly string[], signal: AbortSignal): AsyncGenerator<Snapshot, never, undefined> {
    using work = linkedSignal(signal, this.#life.signal);
    using kept = this.#keys.cache(prefixes);
    return yield* kept.cache.snapshots(work.signal);
  }

  async exchange(changes: readonly KeyExchange[], signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (!changes.every(({ key, was }) => this.#keys.get(key)?.value === was)) return false;
    const writes = changes.map(({ key, is }) =>
      is === undefined ? ({ kind: "delete", key } as const) : ({ kind: "put", key, value: is } as const),
    );
    this.#keys.commit(writes, undefined);
    return true;
  }

  async openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    using work = linkedSignal(signal, this.#life.signal);
    const key = claimKey(options.hostId);
    const run = JSON.stringify([options.hostId, options.agent, options.holder]);
    for (let isTold = false; ; isTold = true) {
      work.signal.throwIfAborted();
      const pair = this.#keys.get(key);
      const holder = pair && foreignHolder(pair.value, options, this.#runs.has(run));
      if (holder === undefined) {
        this.#runs.add(run);
        return this.#open(options, pair?.lease);
      }
      if (options.onHeld === "fail") throw new HecdError({ code: "host-held", what: key, holder });
      if (!isTold) (options.emit ?? this.#emit)({ kind: "claim-held", key, holder, lastedMs: 0 });
      await abortable(this.#keys.changed(), work.signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life[Symbol.dispose]();
  }

  /** Writes a key as somebody would who is no agent: over whatever is there, and to stay. */
  put(key: string, value: string): void {
    this.#keys.commit([{ kind: "put", key, value }], undefined);
  }

  /** Deletes a key as somebody would who is no agent, whosesoever it is. */
  delete(key: string): void {
    this.#keys.commit([{ kind: "delete", key }], undefined);
  }

  /** Lets every lease run out, as if its agent had been away for too long. */
  expireSessions(): void {
    for (const lease of this.#keys.leases()) {
      this.#keys.drop(lease);
      this.#sessions.get(lease)?.lose("it has run out");
      this.#sessions.delete(lease);
    }
  }

  #open(options: SessionOptions, earlier: string | undefined): Session {
    const lease = earlier ?? (++this.#leases).toString(16);
    const { emit = this.#emit } = options;
    const session = new MemorySession(this.#keys, options, lease, emit);
    this.#sessions.set(lease, session);
    const adopted = earlier !== undefined;
    emit({ kind: "session-opened", lease, ttlSeconds: options.ttlSeconds, adopted });
    return session;
  }
}
