import type { Clock } from "./clock.js";
import { linkedSignal } from "./linked-signal.js";

/** How long a stream of states must rest before its newest state is passed on; zeros mean: at once. */
export interface Window {
  readonly quietMs: number;
  readonly maxWaitMs: number;
}

/** No waiting at all: the newest state is passed on as soon as it is asked for. */
export const AT_ONCE: Window = { quietMs: 0, maxWaitMs: 0 };

/**
 * Yields the settled states of a stream of states and drops those overtaken meanwhile.
 *
 * A slow consumer therefore never works off a backlog: it gets the newest state when it asks again. The source is
 * read on while the consumer works, and since it is opened here it is closed here, also when the consumer leaves
 * early. Ends when the source ends, throws what it throws.
 */
export async function* settle<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  window: Window,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const work = linkedSignal(signal);
  const inbox = new Inbox<T>();
  const reading = (async () => {
    try {
      for await (const state of open(work.signal)) inbox.put(state);
      inbox.end();
    } catch (error) {
      inbox.fail(error);
    }
  })();
  try {
    for (;;) {
      if (!(await inbox.ready())) return;
      const latest = clock.now() + window.maxWaitMs;
      for (;;) {
        const waitMs = Math.min(window.quietMs, latest - clock.now());
        if (waitMs <= 0 || !(await inbox.changesWithin(waitMs, clock))) break;
      }
      yield inbox.take();
    }
  } finally {
    work[Symbol.dispose](); // before waiting for the reader, which would else wait for an event that may never come
    await reading;
  }
}

/** Room for one state: the newest. */
class Inbox<T> {
  #state: { readonly value: T } | undefined;
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => undefined;

  put(value: T): void {
    this.#state = { value };
    this.#wake();
  }

  end(): void {
    this.#end = {};
    this.#wake();
  }

  fail(error: unknown): void {
    this.#end = { error };
    this.#wake();
  }

  /** Resolves to true when there is a state, to false when the source has ended; a failed source overtakes its last state. */
  async ready(): Promise<boolean> {
    while (this.#state === undefined && this.#end === undefined) await this.#change();
    if (this.#end && "error" in this.#end) throw this.#end.error;
    return this.#state !== undefined;
  }

  /** Resolves to true when something newer comes within `ms`. */
  async changesWithin(ms: number, clock: Clock): Promise<boolean> {
    if (this.#end) return false;
    let callOff: () => void = () => undefined;
    const timeout = new Promise<boolean>((resolve) => {
      callOff = clock.after(ms, () => {
        resolve(false);
      });
    });
    try {
      return await Promise.race([this.#change().then(() => true), timeout]);
    } finally {
      callOff();
    }
  }

  take(): T {
    const state = this.#state;
    if (!state) throw new Error("No state to take");
    this.#state = undefined;
    return state.value;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
