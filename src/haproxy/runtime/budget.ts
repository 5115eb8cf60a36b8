import type { ProxyBackend } from "../config/backends.js";

/**
 * What one command takes of HAProxy for each server of its backend, which it looks through: 0.1 to 0.2 microseconds were
 * measured with 2.6, 3.0 and 3.4. Nothing is served meanwhile by the thread that does it.
 */
const COMMAND_MS = 0.000_13;

/** What checking and loading a backend take for each pair of its servers, whose names are compared; measured with 2.6. */
const RELOAD_MS = 0.000_05;

/** What a reload takes whatever it loads. */
const LEAST_RELOAD_MS = 300;

/** Commands that take no longer than this are always given. */
const BUDGET_MS = 500;

/** Why so many commands for one backend are not given: they would hold up HAProxy, and a reload is quicker. */
export function obstacleOfTime(
  commands: number,
  { servers: before }: Pick<ProxyBackend, "servers">,
  { servers: after }: Pick<ProxyBackend, "servers">,
): string | undefined {
  const takesMs = (COMMAND_MS * commands * (before.size + after.size)) / 2;
  const reloadMs = LEAST_RELOAD_MS + RELOAD_MS * after.size ** 2;
  return takesMs > Math.max(BUDGET_MS, reloadMs) ? `${commands} commands take longer than a reload` : undefined;
}
