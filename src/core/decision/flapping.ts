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

/** What Docker says of the start of a container that has never been started begins so. */
const NEVER = "0001-";

/**
 * What is known of its starts now. Somebody who starts or restarts it by hand forgives it everything, but for the first
 * start of one that has come in the place of another.
 */
export function startsOf({ startedAt, restartCount }: Container, before: Starts | undefined, now: number): Starts {
  if (before?.startedAt === startedAt) return before;
  const hasCrashed = before !== undefined && restartCount > before.restartCount;
  if (before?.startedAt.startsWith(NEVER)) return { startedAt, restartCount, seenAt: now, crashes: before.crashes };
  return { startedAt, restartCount, seenAt: now, crashes: hasCrashed ? recent([...before.crashes, now], now) : [] };
}

/** What is known of the starts of a container that has come in the place of one that has crashed, as swarm has it. */
export function startsAfter({ startedAt, restartCount }: Container, before: Starts, now: number): Starts {
  return { startedAt, restartCount, seenAt: now, crashes: recent([...before.crashes, now], now) };
}

function recent(crashes: readonly number[], now: number): readonly number[] {
  return crashes.filter((at) => now - at <= MEMORY_MS);
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
