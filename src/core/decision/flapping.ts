import type { Container } from "../model/container.js";

/** What has been seen of a container's starts. */
export interface Starts {
  readonly startedAt: string;
  readonly restartCount: number;
  /** When this start was seen, in the clock's milliseconds. */
  readonly seenAt: number;
  /** When its restart policy brought it back after a crash, the oldest first, none older than ten minutes. */
  readonly crashes: readonly number[];
}

const MEMORY_MS = 600_000;
const BURST = { crashes: 3, withinMs: 60_000 };
const HOLD = { firstMs: 10_000, longestMs: 120_000 };

/** What is known of its starts now. Somebody who starts or restarts it by hand forgives it everything. */
export function startsOf({ startedAt, restartCount }: Container, before: Starts | undefined, now: number): Starts {
  if (before?.startedAt === startedAt) return before;
  const hasCrashed = before !== undefined && restartCount > before.restartCount;
  const recent = hasCrashed ? [...before.crashes, now].filter((at) => now - at <= MEMORY_MS) : [];
  return { startedAt, restartCount, seenAt: now, crashes: recent };
}

/** Until when a container that crashes over and over is kept out: ten seconds, and twice as long for each crash more. */
export function heldUntil({ seenAt, crashes }: Starts): number | undefined {
  const isBurst = crashes.some((at, index) => {
    const last = crashes[index + BURST.crashes - 1];
    return last !== undefined && last - at <= BURST.withinMs;
  });
  if (!isBurst) return undefined;
  return seenAt + Math.min(HOLD.longestMs, HOLD.firstMs * 2 ** (crashes.length - BURST.crashes));
}
