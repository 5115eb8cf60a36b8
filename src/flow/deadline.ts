import type { Clock } from "./clock.js";
import { linkedSignal, type LinkedSignal } from "./linked-signal.js";

/**
 * Follows `signal`, and aborts with what `reason` gives once `ms` have passed: an error costs more than most work that is
 * in time.
 */
export function deadlineSignal(ms: number, reason: () => unknown, clock: Clock, signal: AbortSignal): LinkedSignal {
  return withTimer(linkedSignal(signal), (work) =>
    clock.after(ms, () => {
      work.abort(reason());
    }),
  );
}

/** Aborts only `ms` after `signal` does, with its reason: for work that should not be left half done. */
export function graceSignal(ms: number, clock: Clock, signal: AbortSignal): LinkedSignal {
  return withTimer(linkedSignal(), (work) => {
    let callOff = (): void => undefined;
    const onAbort = (): void => {
      callOff = clock.after(ms, () => {
        work.abort(signal.reason);
      });
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    return () => {
      signal.removeEventListener("abort", onAbort);
      callOff();
    };
  });
}

/** The same follower, which also calls off what `start` has set up when it is disposed. */
function withTimer(work: LinkedSignal, start: (work: LinkedSignal) => () => void): LinkedSignal {
  const callOff = start(work);
  return {
    signal: work.signal,
    abort(reason) {
      work.abort(reason);
    },
    [Symbol.dispose]() {
      callOff();
      work[Symbol.dispose]();
    },
  };
}
