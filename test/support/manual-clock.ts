import type { Clock } from "../../src/flow/clock.js";

/** What a timer takes at the least, in milliseconds, that may wake early. */
const LEAST_MS = 0.01;

/**
 * A clock that stands still until it is told to go on; answers whether any timer is left.
 *
 * Its timers wake on time, or each by as many milliseconds later, or earlier, as `lateness` says when it is set.
 */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ at: number; wake: () => void }>();
  readonly #lateness: (() => number) | undefined;

  constructor(lateness?: () => number) {
    this.#lateness = lateness;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, wake: () => void): () => void {
    // Where timers wake early, some time must pass all the same, or whoever waits for the rest waits for ever.
    const takesMs = this.#lateness ? Math.max(LEAST_MS, ms + this.#lateness()) : Math.max(0, ms);
    const timer = { at: this.#now + takesMs, wake };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets `ms` pass, waking timers in order and giving what they woke the time to run. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (;;) {
      const next = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      await settled();
    }
    this.#now = end;
    await settled();
  }

  /** Lets `ms` pass in which nothing can run: what was to wake meanwhile wakes at their end. */
  async stall(ms: number): Promise<void> {
    await settled();
    this.#now += ms;
    await this.advance(0);
  }
}

/** Resolves when every promise that could go on by itself has done so. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
