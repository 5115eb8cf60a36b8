import type { Clock } from "./clock.js";
import { abortable } from "./linked-signal.js";

/** The holder's turn; disposing it lets the next one in. */
export interface Turn extends Disposable {
  /** How many milliseconds it takes until the last mark is `distanceMs` old; 0 when it is. */
  remaining(distanceMs: number): number;
  /** From now on counts the distance that the next one has to keep. */
  mark(): void;
  /**
   * Reloads, once nobody waits to get in: those have their turn first, and the first reload that is proven serves all.
   *
   * Resolves to undefined when another's has served; rejects with the signal's reason.
   */
  share<T>(reload: () => Promise<T>, isProven: (end: T) => boolean, signal: AbortSignal): Promise<T | undefined>;
}

/** A FIFO mutex whose holder can also enforce a minimum interval since the last mark, global or per key. */
export class ReloadGate {
  readonly #clock: Clock;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Tells each of those whose reload waits, in their order, whether another's has served it. */
  readonly #shares = new Set<(isServed: boolean) => void>();
  readonly #markedAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the gate is free; rejects with the signal's reason. Marks are those of `who` alone. */
  async enter(signal: AbortSignal, who = "anybody"): Promise<Turn> {
    let leave = await this.#pass(signal);
    return {
      remaining: (distanceMs) => {
        const markedAt = this.#markedAt.get(who);
        return markedAt === undefined ? 0 : Math.max(0, markedAt + distanceMs - this.#clock.now());
      },
      mark: () => {
        this.#markedAt.set(who, this.#clock.now());
      },
      share: async (reload, isProven, s) => {
        if (this.#waiting > 0) {
          const served = this.#served(s);
          leave();
          const isServed = await served;
          leave = await this.#pass(s);
          if (isServed) return undefined;
        }
        const end = await reload();
        if (isProven(end)) for (const tell of this.#shares) tell(true);
        return end;
      },
      [Symbol.dispose]: () => {
        leave();
      },
    };
  }

  /** Resolves, when the gate is free, to what opens it again. */
  async #pass(signal: AbortSignal): Promise<() => void> {
    const before = this.#last;
    let open: () => void = () => undefined;
    const left = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#last = before.then(() => left);
    const leave = (): void => {
      open();
      // Nobody comes any more whose reload could serve: the first of those that wait for one makes it.
      if (this.#waiting === 0) this.#shares.values().next().value?.(false);
    };
    this.#waiting++;
    try {
      await abortable(before, signal);
    } catch (error) {
      this.#waiting--;
      leave();
      throw error;
    }
    this.#waiting--;
    return leave;
  }

  async #served(signal: AbortSignal): Promise<boolean> {
    let tell: (isServed: boolean) => void = () => undefined;
    const told = new Promise<boolean>((resolve) => {
      tell = resolve;
    });
    this.#shares.add(tell);
    try {
      return await abortable(told, signal);
    } finally {
      this.#shares.delete(tell);
    }
  }
}
