import { linkedSignal } from "../../flow/linked-signal.js";
import type { Session, SessionOptions } from "../../ports.js";
import { claimHost } from "./claim.js";
import type { LeasedStore } from "./leased-store.js";
import { LeasedSession } from "./session.js";

/** The sessions of one store; see `Store.openSession`. */
export class LeasedSessions {
  readonly #store: LeasedStore;
  readonly #mind: (work: Promise<unknown>) => void;
  /** The latest lease of each run, by which a new session finds what an earlier one has left. */
  readonly #leases = new Map<string, string>();

  /** `mind` hears of work that goes on until the session or the store's life ends. */
  constructor(store: LeasedStore, mind: (work: Promise<unknown>) => void) {
    this.#store = store;
    this.#mind = mind;
  }

  /** Opens one that lives until `life` aborts at the latest. */
  async open(options: SessionOptions, signal: AbortSignal, life: AbortSignal): Promise<Session> {
    using work = linkedSignal(signal, life);
    const run = JSON.stringify([options.hostId, options.agent, options.holder]);
    for (;;) {
      const claimed = await claimHost(this.#store, options, this.#leases.get(run), work.signal);
      const { lease, adopted } = claimed;
      this.#leases.set(run, lease.id);
      const session = new LeasedSession(this.#store, options, claimed, life);
      this.#mind(session.ended);
      try {
        if (adopted) await session.audit(work.signal);
      } catch (error) {
        await session.close("release", life);
        if (!session.lost.aborted) throw error;
        continue;
      }
      const { ttlSeconds } = lease;
      const { emit = this.#store.emit } = options;
      emit({ kind: "session-opened", lease: this.#store.nameOf(lease.id), ttlSeconds, adopted });
      return session;
    }
  }
}
