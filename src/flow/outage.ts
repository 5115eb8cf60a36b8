import type { Clock } from "./clock.js";

/** How long an outage has lasted when it is told again: at once, then ever more rarely. */
const FIRST_REPEAT_MS = 10_000;
const LONGEST_SILENCE_MS = 600_000;

/** Minds one thing that may be away, so that its absence is told once, then at growing intervals, and its return once. */
export class Outage {
  readonly #clock: Clock;
  #since: number | undefined;
  #tellAgainAt = 0;
  #silenceMs = FIRST_REPEAT_MS;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the thing is away as far as is known. */
  get lasting(): boolean {
    return this.#since !== undefined;
  }

  /** Notes a failure; returns how long the outage has lasted when that is worth telling now, else undefined. */
  failed(): number | undefined {
    const now = this.#clock.now();
    if (this.#since === undefined) {
      this.#since = now;
      this.#silenceMs = FIRST_REPEAT_MS;
      this.#tellAgainAt = now + this.#silenceMs;
      return 0;
    }
    if (now < this.#tellAgainAt) return undefined;
    this.#silenceMs = Math.min(this.#silenceMs * 2, LONGEST_SILENCE_MS);
    this.#tellAgainAt = now + this.#silenceMs;
    return now - this.#since;
  }

  /** Notes a success; returns how long the outage lasted when there was one, else undefined. */
  recovered(): number | undefined {
    if (this.#since === undefined) return undefined;
    const lastedMs = this.#clock.now() - this.#since;
    this.#since = undefined;
    return lastedMs;
  }
}
