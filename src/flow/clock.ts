/** Time as the program sees it: nothing else in `src` reads a clock or sets a timer. */
export interface Clock {
  /** Milliseconds that only ever grow; to measure with, not to show. */
  now(): number;
  /** Calls `wake` once, in `ms` by `now` and no sooner; the function it returns calls that off. */
  after(ms: number, wake: () => void): () => void;
}

/** The machine's own monotonic time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, wake) => wakeIn(ms, wake, true),
};

/** Node counts a timer in 31 bits, some 24.8 days; one that is to wait longer it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Calls `wake` once, in `ms` and no sooner, however long that is; while it waits the process may not end if `isHolding`. */
function wakeIn(ms: number, wake: () => void, isHolding: boolean): () => void {
  if (ms <= 0) {
    // Node makes a millisecond of a timer of none.
    const handle = setImmediate(wake);
    if (!isHolding) handle.unref();
    return () => {
      clearImmediate(handle);
    };
  }
  const dueAt = performance.now() + ms;
  let timer: NodeJS.Timeout;
  const waitOn = (restMs: number): void => {
    timer = setTimeout(look, Math.min(restMs, LONGEST_TIMER_MS));
    if (!isHolding) timer.unref();
  };
  const look = (): void => {
    // Node counts whole milliseconds from the last turn of its loop on, and so wakes up to one of them too soon.
    const restMs = dueAt - performance.now();
    if (restMs <= 0) wake();
    else waitOn(Math.ceil(restMs));
  };
  waitOn(ms);
  return () => {
    clearTimeout(timer);
  };
}

/** What the clock on the wall says, for people, files and other programs; it may be set back, so it measures nothing. */
export function wallTime(): Date {
  return new Date();
}

/** Resolves in `ms`; rejects with the signal's reason as soon as it aborts, leaving no timer behind. */
export function sleep(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      callOff();
      reject(signal.reason as Error);
    };
    const callOff = clock.after(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** Calls `act` in `ms` unless the process has ended before; keeps nothing alive and cannot be called off. */
export function lastResort(ms: number, act: () => void): void {
  wakeIn(ms, act, false);
}
