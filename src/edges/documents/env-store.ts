import { entriesOfEnvironment } from "../../confd/environment.js";
import { type Snapshot, snapshotOf } from "../../core/model/snapshot.js";
import { HecdError } from "../../errors.js";
import { Notifier } from "../../flow/notifier.js";
import type { Session, Store } from "../../ports.js";

/**
 * The environment of the process as a store.
 *
 * As in confd a prefix is any beginning of a name: `/my` holds `/my/key` and `/mykey`.
 */
export class EnvStore implements Store {
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  async read(prefixes: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    signal.throwIfAborted();
    return snapshotOf(1n, entriesOfEnvironment(this.#env, prefixes));
  }

  /** Yields one state: nobody can change the environment of a process that runs. */
  async *watch(prefixes: readonly string[], signal: AbortSignal): AsyncGenerator<Snapshot, never, undefined> {
    yield await this.read(prefixes, signal);
    for (;;) await new Notifier().wait(signal); // which nobody rings
  }

  async openSession(): Promise<Session> {
    throw new HecdError({ code: "usage", problem: "Nothing can be registered in the environment" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held.
  }
}
