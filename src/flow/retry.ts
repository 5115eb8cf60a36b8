import { type Clock, sleep } from "./clock.js";

/** How often, after which waits, and for which failures an attempt is made again. */
export interface RetryOptions {
  /** Waits between attempts, in milliseconds; `[100, 500]` makes three attempts, `backoff(100, 5000)` goes on for ever. */
  readonly waits: Iterable<number>;
  readonly isTransient: (error: unknown) => boolean;
  readonly onRetry: (error: unknown, waitMs: number) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Endless waits that double from `firstMs` up to `maxMs`, each one between half and all of its size. */
export function* backoff(firstMs: number, maxMs: number, random = Math.random): Generator<number, never> {
  for (let retries = 0; ; retries++) yield backoffAfter(retries, firstMs, maxMs, random());
}

/** The wait of `backoff` that comes after so many retries; `chance`, from 0 to 1, says where it lies between half and all. */
export function backoffAfter(retries: number, firstMs: number, maxMs: number, chance: number): number {
  return Math.min(firstMs * 2 ** retries, maxMs) * (0.5 + chance / 2);
}

/** Runs `attempt` until it succeeds, fails for good, or `signal` aborts; the last error comes through as it is. */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { waits, isTransient, onRetry, clock, signal } = options;
  for (const waitMs of waits) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      onRetry(error, waitMs);
    }
    await sleep(waitMs, clock, signal);
  }
  return attempt();
}
