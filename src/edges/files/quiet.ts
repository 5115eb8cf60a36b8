import type { Clock } from "../../flow/clock.js";
import type { Notifier } from "../../flow/notifier.js";

/** Files are written in several steps: they are read when nothing has changed for so long, or has not stopped for so long. */
const QUIET_MS = 100;
const RESTLESS_MS = 1_000;

/** Resolves when files that `notifier` tells of have come to rest, or do not. */
export async function untilQuiet(notifier: Notifier, clock: Clock, signal: AbortSignal): Promise<void> {
  const latest = clock.now() + RESTLESS_MS;
  while (clock.now() < latest && (await notifier.waitAtMost(QUIET_MS, clock, signal)));
}
