import type { Clock } from "./clock.js";
import { follow, type Follower } from "./linked-signal.js";

/** Follows `signal`, and aborts with `reason` once `ms` have passed. */
export function followFor(ms: number, reason: unknown, clock: Clock, signal: AbortSignal): Follower {
  return withTimer(follow(signal), (work) =>
    clock.after(ms, () => {
      work.abort(reason);
    }),
  );
}

/** Aborts only `ms` after `signal` does, with its reason: for work that should not be left half done. */
export function outlive(ms: number, clock: Clock, signal: AbortSignal): Follower {
  return withTimer(follow(), (work) => {
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
function withTimer(work: Follower, start: (work: Follower) => () => void): Follower {
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
