import type { Clock } from "./clock.js";
import { abortable } from "./linked-signal.js";

/** The holder's turn; disposing it lets the next one in. */
export interface Turn<End = unknown> extends Disposable {
  /** How many milliseconds it takes until the last mark is `distanceMs` old; 0 when it is. */
  remaining(distanceMs: number): number;
  /** From now on counts the distance that the next one has to keep. */
  mark(): void;
  /**
   * Reloads, once nobody waits to get in: those have their turn first, and the first reload is that of all who wait for
   * one by then, however it ends. Rejects with the signal's reason.
   */
  share(reload: () => Promise<End>, signal: AbortSignal): Promise<End>;
}

/** A FIFO mutex whose holder can also enforce a minimum interval since the last mark, global or per key. */
export class ReloadGate<End = unknown> {
  readonly #clock: Clock;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Tells each of those whose reload waits, in their order, how another's has ended, or that it is to make its own. */
  readonly #shares = new Set<(end: End | undefined) => void>();
  readonly #markedAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the gate is free; rejects with the signal's reason. Marks are those of `who` alone. */
  async enter(signal: AbortSignal, who = "anybody"): Promise<Turn<End>> {
    let leave = await this.#pass(signal);
    return {
      remaining: (distanceMs) => {
        const markedAt = this.#markedAt.get(who);
        return markedAt === undefined ? 0 : Math.max(0, markedAt + distanceMs - this.#clock.now());
      },
      mark: () => {
        this.#markedAt.set(who, this.#clock.now());
      },
      share: async (reload, s) => {
        if (this.#waiting > 0) {
          const others = this.#endOfOthers(s);
          leave();
          const { end, passing } = await others;
          leave = await passing;
          if (end !== undefined) return end;
        }
        const end = await reload();
        for (const tell of [...this.#shares]) tell(end);
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
      if (this.#waiting === 0) this.#shares.values().next().value?.(undefined);
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

  /** Resolves, once another's reload has ended or is not to come, to how it ended and to the way back in. */
  #endOfOthers(signal: AbortSignal): Promise<{ readonly end: End | undefined; readonly passing: Promise<() => void> }> {
    return new Promise((resolve, reject) => {
      const tell = (end: End | undefined): void => {
        forget();
        // At once, so that whoever has reloaded finds everybody waiting who has to do with how that ended.
        resolve({ end, passing: this.#pass(signal) });
      };
      const onAbort = (): void => {
        forget();
        reject(signal.reason as Error);
      };
      const forget = (): void => {
        this.#shares.delete(tell);
        signal.removeEventListener("abort", onAbort);
      };
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      this.#shares.add(tell);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}
