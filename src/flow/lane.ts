import { type Clock, sleep } from "./clock.js";
import { abortable } from "./follow.js";

/** The right to be in a lane; disposing it lets the next one in. */
export interface Turn extends Disposable {
  /** From now on counts the distance that the next one has to keep. */
  mark(): void;
}

/** Lets one in at a time, in the order they came, each at a distance from the last mark, or from its own. */
export class Lane {
  readonly #clock: Clock;
  #last: Promise<void> = Promise.resolve();
  readonly #markedAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the lane is free and the last mark of `who` is `distanceMs` old; rejects with the signal's reason. */
  async enter(distanceMs: number, signal: AbortSignal, who = "anybody"): Promise<Turn> {
    const before = this.#last;
    let leave: () => void = () => undefined;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#last = before.then(() => left);
    try {
      await abortable(before, signal);
      const waitMs = (this.#markedAt.get(who) ?? Number.NEGATIVE_INFINITY) + distanceMs - this.#clock.now();
      if (waitMs > 0) await sleep(waitMs, this.#clock, signal);
    } catch (error) {
      leave();
      throw error;
    }
    return {
      mark: () => {
        this.#markedAt.set(who, this.#clock.now());
      },
      [Symbol.dispose]: leave,
    };
  }
}
