import type { Clock } from "./clock.js";
import { abortable } from "./linked-signal.js";

/** The holder's turn; disposing it lets the next one in. */
export interface Turn extends Disposable {
  /** How many milliseconds it takes until the last mark is `distanceMs` old; 0 when it is. */
  remaining(distanceMs: number): number;
  /** From now on counts the distance that the next one has to keep. */
  mark(): void;
}

/** A FIFO mutex whose holder can also enforce a minimum interval since the last mark, global or per key. */
export class ReloadGate {
  readonly #clock: Clock;
  #last: Promise<void> = Promise.resolve();
  readonly #markedAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the gate is free; rejects with the signal's reason. Marks are those of `who` alone. */
  async enter(signal: AbortSignal, who = "anybody"): Promise<Turn> {
    const before = this.#last;
    let leave: () => void = () => undefined;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#last = before.then(() => left);
    try {
      await abortable(before, signal);
    } catch (error) {
      leave();
      throw error;
    }
    return {
      remaining: (distanceMs) => {
        const markedAt = this.#markedAt.get(who);
        return markedAt === undefined ? 0 : Math.max(0, markedAt + distanceMs - this.#clock.now());
      },
      mark: () => {
        this.#markedAt.set(who, this.#clock.now());
      },
      [Symbol.dispose]: leave,
    };
  }
}
