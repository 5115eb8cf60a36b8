import { type Clock, sleep } from "./clock.js";

/**
 * Calls `onStall` once for each time the process has stood still for more than `longestMs`, as soon as it goes on.
 *
 * A process that is kept busy, stopped by a signal or not given the processor all show in the same way: a timer comes
 * late. How long it was, in milliseconds, is up to a tenth of `longestMs` more than is said.
 */
export async function watchStalls(
  longestMs: number,
  onStall: (lastedMs: number) => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<never> {
  const everyMs = longestMs / 10;
  for (;;) {
    const dueAt = clock.now() + everyMs;
    await sleep(everyMs, clock, signal);
    const lateMs = clock.now() - dueAt;
    if (lateMs > longestMs) onStall(lateMs);
  }
}
