import { type Snapshot, snapshotOf } from "../../core/model/snapshot.js";
import { HecdError } from "../../errors.js";
import { Notifier } from "../../flow/notifier.js";
import type { Session, Store } from "../../ports.js";

type EntriesFor = (prefixes: readonly string[]) => Iterable<readonly [string, string]>;

/** What never changes while the process runs, as a store. */
export class FixedStore implements Store {
  readonly #entriesFor: EntriesFor;
  readonly #place: string;

  /** `entriesFor` gives what there is for some prefixes, and `place` says to people where that is. */
  constructor(entriesFor: EntriesFor, place: string) {
    this.#entriesFor = entriesFor;
    this.#place = place;
  }

  async read(prefixes: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    signal.throwIfAborted();
    return snapshotOf(1n, this.#entriesFor(prefixes));
  }

  /** Yields one state. */
  async *watch(prefixes: readonly string[], signal: AbortSignal): AsyncGenerator<Snapshot, never, undefined> {
    yield await this.read(prefixes, signal);
    for (;;) await new Notifier().wait(signal); // which nobody rings
  }

  async openSession(): Promise<Session> {
    throw new HecdError({ code: "usage", problem: `Nothing can be registered in ${this.#place}` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held.
  }
}
