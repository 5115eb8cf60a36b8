import PQueue from "p-queue";
import type { Clock } from "../../flow/clock.js";

/** How many looks are under way at the same time: those that are answered, and those that wait longer than others. */
const PROMPT_AT_ONCE = 8;
const PATIENT_AT_ONCE = 64;

/** After how many answers to younger looks, or after which time without one, a look no longer counts as prompt. */
const OVERTAKEN_BY = 16;
const SLOW_MS = 200;

/** A look in the prompt lane. */
interface Running {
  readonly number: number;
  overtakenBy: number;
  readonly giveWay: () => void;
}

/**
 * Two lanes for looks, so that those which nobody answers hold up none of the others: a look that is overtaken by many,
 * or that takes long, goes on in the patient lane and lets the next one begin.
 *
 * An engine that is slow with everything overtakes nothing, and is asked little more than one that is fast.
 */
export class LookLanes {
  readonly #clock: Clock;
  readonly #prompt = new PQueue({ concurrency: PROMPT_AT_ONCE });
  readonly #patient = new PQueue({ concurrency: PATIENT_AT_ONCE });
  readonly #running = new Set<Running>();
  #begun = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs a look when there is room for it; calls `onSlow` if it changes lanes. */
  prompt<T>(look: () => Promise<T>, onSlow: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      void this.#prompt.add(async () => {
        const work = look();
        work.then(resolve, reject);
        const over = work.then(
          () => undefined,
          () => undefined,
        );
        await this.#untilOverOrSlow(over, () => {
          onSlow();
          return new Promise((begin) => {
            void this.#patient.add(() => {
              begin();
              return over;
            });
          });
        });
      });
    });
  }

  /** Runs a look of which it is known that it may wait for long. */
  patient<T>(look: () => Promise<T>): Promise<T> {
    return this.#patient.add(look);
  }

  /** Resolves when the work is over, or has found room in the other lane. */
  async #untilOverOrSlow(over: Promise<void>, changeLanes: () => Promise<void>): Promise<void> {
    let giveWay = (): void => undefined;
    const slow = new Promise<void>((resolve) => (giveWay = resolve));
    const running = { number: this.#begun++, overtakenBy: 0, giveWay };
    this.#running.add(running);
    const callOff = this.#clock.after(SLOW_MS, giveWay);
    void over.then(() => {
      this.#leave(running);
      callOff();
    });
    await Promise.race([over, slow.then(changeLanes)]);
  }

  #leave(running: Running): void {
    this.#running.delete(running);
    for (const other of this.#running) {
      if (other.number > running.number) return; // a set keeps the order in which they began
      other.overtakenBy += 1;
      if (other.overtakenBy === OVERTAKEN_BY) other.giveWay();
    }
  }
}
