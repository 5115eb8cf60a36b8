/** How long a request may take at least, and at most. */
const LEAST_MS = 2_000;
const MOST_MS = 8_000;

/** A request on a connection that is made for it takes two or three round trips, and the network may lose one. */
const ROUND_TRIPS = 6;

/**
 * How long a request may take: two seconds, or six round trips where the way is known to be that long.
 *
 * It is known from who answers on a connection of its own. One that is merely silent may be gone, and is not waited for.
 */
export class Patience {
  #ms = LEAST_MS;

  get ms(): number {
    return this.#ms;
  }

  /** Somebody has been reached, and has spoken, after so long: two round trips. */
  reached(tookMs: number): void {
    this.#ms = bounded((tookMs / 2) * ROUND_TRIPS);
  }

  /** A request has been answered after so long: a round trip at least. */
  answered(tookMs: number): void {
    this.#ms = Math.min(this.#ms, bounded(tookMs * ROUND_TRIPS));
  }
}

function bounded(ms: number): number {
  return Math.min(MOST_MS, Math.max(LEAST_MS, ms));
}
