import type { Conflict } from "../core/registry/conflict.js";
import { linkedSignal, type LinkedSignal } from "../flow/linked-signal.js";
import type { Store } from "../ports.js";

/** How many keys are followed, each by a watch of its own; what becomes of others shows when everything is compared. */
const MOST = 32;

/** Follows the keys that are somebody else's, and calls `onNews` when one of them is free or has another value. */
export class ConflictWatcher implements Disposable {
  readonly #store: Store;
  readonly #onNews: () => void;
  #found: ReadonlyMap<string, string> = new Map();
  #watch: LinkedSignal | undefined;

  constructor(store: Store, onNews: () => void) {
    this.#store = store;
    this.#onNews = onNews;
  }

  /** From now on follows these and no others, until disposed. */
  follow(conflicts: readonly Conflict[]): void {
    const before = [...this.#found.keys()];
    this.#found = new Map(conflicts.slice(0, MOST).map(({ key, held }) => [key, held]));
    if (this.#found.size === before.length && before.every((key) => this.#found.has(key))) return;
    this[Symbol.dispose]();
    if (this.#found.size === 0) return;
    this.#watch = linkedSignal();
    void this.#read([...this.#found.keys()], this.#watch.signal);
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
  }

  async #read(keys: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      for await (const { entries } of this.#store.watch(keys, signal)) {
        if (keys.some((key) => entries.get(key) !== this.#found.get(key))) this.#onNews();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
