import type { Clock } from "../../flow/clock.js";
import type { Notifier } from "../../flow/notifier.js";

/** Files are written in several steps: they are read when nothing has changed for so long, or has not stopped for so long. */
const QUIET_MS = 100;
const RESTLESS_MS = 1_000;

/** What no event told of (another file system) is found so late. */
const POLL_MS = 30_000;
/** What came right after a change may have passed a watcher by: a new folder is followed from the next look on. */
const AGAIN_MS = 2_000;

/** How long to wait for news of files before they are looked at all the same; `isNews` is whether there has just been some. */
export function lookWithinMs(isNews: boolean): number {
  return isNews ? AGAIN_MS : POLL_MS;
}

/** Resolves when files that `notifier` tells of have come to rest, or do not. */
export async function untilQuiet(notifier: Notifier, clock: Clock, signal: AbortSignal): Promise<void> {
  const latest = clock.now() + RESTLESS_MS;
  while (clock.now() < latest && (await notifier.waitAtMost(QUIET_MS, clock, signal)));
}
