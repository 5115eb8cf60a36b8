import type { Clock } from "./clock.js";
import { abortable } from "./linked-signal.js";

/** How often somebody may be reloaded. */
export interface ReloadPace {
  /** Reloads at once, after quiet. */
  readonly burst: number;
  /** One more for each such time that has passed; 0 for no limit. */
  readonly intervalMs: number;
}

/** So many of the last reloads are known of: no pace allows more at once. */
const MOST_AT_ONCE = 100;

/** The holder's turn; disposing it lets the next one in. */
export interface Turn<End = unknown> extends Disposable {
  /** How many milliseconds it takes until the pace allows one more reload; `withheld` of those at once are not to be made. */
  remaining(pace: ReloadPace, withheld?: number): number;
  /** A reload has been made. */
  mark(): void;
  /**
   * Reloads, once nobody waits to get in: those have their turn first, and the first reload is that of all who wait for
   * one by then, however it ends. Rejects with the signal's reason.
   */
  share(reload: () => Promise<End>, signal: AbortSignal): Promise<End>;
}

/** A FIFO mutex whose holder can also keep a pace of reloads, of all or of each key. */
export class ReloadGate<End = unknown> {
  readonly #clock: Clock;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Tells each of those whose reload waits, in their order, how another's has ended, or that it is to make its own. */
  readonly #shares = new Set<(end: End | undefined) => void>();
  /** When the last reloads were made, the oldest first. */
  readonly #markedAt = new Map<string, readonly number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the gate is free; rejects with the signal's reason. Marks are those of `who` alone. */
  async enter(signal: AbortSignal, who = "anybody"): Promise<Turn<End>> {
    let leave = await this.#pass(signal);
    return {
      remaining: (pace, withheld = 0) => remainingMs(this.#markedAt.get(who) ?? [], pace, withheld, this.#clock.now()),
      mark: () => {
        const marks = [...(this.#markedAt.get(who) ?? []), this.#clock.now()];
        this.#markedAt.set(who, marks.slice(-MOST_AT_ONCE));
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

/**
 * A bucket of `burst` tokens, each worth an interval: a reload takes one, an interval brings one back. One that was made
 * without a token owes it, but no more is ever owed than the bucket holds.
 */
function remainingMs(
  marks: readonly number[],
  { burst, intervalMs }: ReloadPace,
  withheld: number,
  now: number,
): number {
  let fullAt = Number.NEGATIVE_INFINITY;
  for (const at of marks) fullAt = Math.min(Math.max(fullAt, at) + intervalMs, at + burst * intervalMs);
  const spare = Math.max(1, burst - withheld) - 1;
  return Math.max(0, fullAt - spare * intervalMs - now);
}
