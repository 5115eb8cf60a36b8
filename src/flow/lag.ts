import type { Clock } from "./clock.js";

/** Measures how long news waits until an answer to it is done, where many pieces of news have one answer. */
export class Lag {
  readonly #clock: Clock;
  /** When the oldest news came that no answer has begun on, and the oldest that no answer is done on. */
  #waitingSince: number | undefined;
  #answeringSince: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in when news came; undefined for what nobody waits for. */
  heard(at: number | undefined): void {
    this.#waitingSince = earlier(this.#waitingSince, at);
  }

  /** An answer to everything so far begins; one that was never done leaves its news to this one. */
  begin(): void {
    this.#answeringSince = earlier(this.#answeringSince, this.#waitingSince);
    this.#waitingSince = undefined;
  }

  /** The answer is done: how long its oldest news has waited, in milliseconds; undefined when it answered none. */
  done(): number | undefined {
    const since = this.#answeringSince;
    this.#answeringSince = undefined;
    return since === undefined ? undefined : this.#clock.now() - since;
  }
}

/** The earlier of two times, either of which there may not be. */
export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
