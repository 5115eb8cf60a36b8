import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { run } from "./command.js";

/** How long systemd may take to be told something. */
const WITHIN_MS = 5_000;

/**
 * Tells systemd the state of this service, such as `READY=1`; resolves to why that was not possible, else undefined.
 *
 * Through `systemd-notify`, since Node cannot write to a datagram socket: the unit needs `NotifyAccess=all`.
 */
export async function notifySystemd(state: string, clock: Clock, signal: AbortSignal): Promise<string | undefined> {
  try {
    const argv = ["systemd-notify", "--no-block", state] as const;
    const { exitCode, output } = await run([...argv], { deadlineMs: WITHIN_MS, clock }, signal);
    return exitCode === 0 ? undefined : output;
  } catch (error) {
    signal.throwIfAborted();
    return reasonOf(error);
  }
}
