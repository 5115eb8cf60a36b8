import type { Emit } from "../core/events/event.js";
import { HecdError, hasCode, reasonOf } from "../errors.js";
import type { Clock } from "../flow/clock.js";
import { abortable } from "../flow/linked-signal.js";
import { backoff, retry } from "../flow/retry.js";
import { Reachability, type StorePlace } from "./reachability.js";

/** What the failure of a request says of the store. */
export type FailureKind = "unreachable" | "refused" | "full";

/** Longest wait between two attempts while the store is away: short enough to be back soon after it. */
const LONGEST_WAIT_MS = 1_000;

/** Makes requests to a store, and is the one place that knows whether it answers and tells so. */
export class StoreRequests {
  readonly place: StorePlace;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly #reach: Reachability;
  readonly #kindOf: (error: unknown) => FailureKind;

  /** `kindOf` judges what a request was rejected with. */
  constructor(
    place: StorePlace,
    kindOf: (error: unknown) => FailureKind,
    { clock, emit }: { readonly clock: Clock; readonly emit: Emit },
  ) {
    this.place = place;
    this.clock = clock;
    this.emit = emit;
    this.#kindOf = kindOf;
    this.#reach = new Reachability(place, { clock, emit });
  }

  /**
   * Makes a request once; fails with `store-unreachable`, `store-refused` or `store-full`, which it tells, or with the
   * signal's reason.
   */
  async ask<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      const answer = await abortable(request(), signal);
      this.#reach.answered();
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const reason = reasonOf(error);
      const kind = this.#kindOf(error);
      if (kind === "full") this.#reach.full(reason);
      else this.#reach.failed(reason, kind === "refused");
      throw new HecdError({ code: `store-${kind}`, ...this.place, reason }, { cause: error });
    }
  }

  /** The same until it answers; fails only with the signal's reason or `store-full`. A request may be carried out twice. */
  insist<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return retry(() => this.ask(request, signal), {
      waits: backoff(100, LONGEST_WAIT_MS),
      isTransient: (error) => !hasCode(error, "store-full"),
      onRetry: () => undefined, // has been told
      clock: this.clock,
      signal,
    });
  }

  /** Takes in that the store has taken a value, and so has space. */
  hasSpace(): void {
    this.#reach.hasSpace();
  }
}
