import type { Emit } from "../../core/events/event.js";
import type { Snapshot } from "../../core/model/snapshot.js";
import { hasCode, reasonOf } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import { backoff } from "../../flow/retry.js";
import type { Session, SessionOptions, Store } from "../../ports.js";

/** Waits after a reading that failed; never longer than the interval. */
const RETRY_WAITS = [1_000, 30_000] as const;

/** A store that is read at intervals instead of being followed; each reading is a new state, equal or not. */
export class PolledStore implements Store {
  readonly #store: Store;
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #emit: Emit;
  #readAt: number;

  constructor(store: Store, intervalMs: number, { clock, emit }: { readonly clock: Clock; readonly emit: Emit }) {
    this.#store = store;
    this.#intervalMs = intervalMs;
    this.#clock = clock;
    this.#emit = emit;
    this.#readAt = clock.now();
  }

  /** What it was told to wait for is no doubt. */
  get staleMs(): number {
    return Math.max(0, this.#clock.now() - this.#readAt - this.#intervalMs);
  }

  read(prefixes: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    return this.#store.read(prefixes, signal);
  }

  async *watch(prefixes: readonly string[], signal: AbortSignal): AsyncGenerator<Snapshot, never, undefined> {
    let waits = backoff(...RETRY_WAITS);
    for (;;) {
      let waitMs = this.#intervalMs;
      try {
        const snapshot = await this.read(prefixes, signal);
        this.#readAt = this.#clock.now();
        yield snapshot;
        waits = backoff(...RETRY_WAITS);
      } catch (error) {
        signal.throwIfAborted();
        // An etcd that is away is told of by whoever speaks to it.
        if (!hasCode(error, "store-unreachable")) {
          this.#emit({ kind: "source-unreadable", source: prefixes.join(", "), reason: reasonOf(error) });
        }
        waitMs = Math.min(waits.next().value, waitMs);
      }
      await sleep(waitMs, this.#clock, signal);
    }
  }

  openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    return this.#store.openSession(options, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}
