import { fstatSync, write } from "node:fs";
import { promisify } from "node:util";
import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { run } from "../host/command.js";

/** What systemd has told this process, and which process that is. */
export interface StartedBy {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
}

/** systemd, where it has started this process and wants to hear of it. */
export interface ServiceManager {
  /** How often it wants to hear that all is well, at the least; undefined when it does not ask. */
  readonly watchdogMs: number | undefined;
  /** Says lines such as `READY=1`; resolves to why that was not possible, else undefined. Rejects only by the signal. */
  tell(lines: readonly string[], signal: AbortSignal): Promise<string | undefined>;
}

/** How long systemd may take to be told something. */
const WITHIN_MS = 5_000;

/** Under which name a connection to systemd's socket is handed over. */
const HANDED_AS = "notify";

/** The first file that systemd's protocol hands over. */
const FIRST_HANDED = 3;

/**
 * The systemd that waits to be told of this process; undefined when none does.
 *
 * Node cannot open a datagram socket of the file system. So whoever starts this process hands over one that is
 * connected, as `LISTEN_FDS` describes, by the name "notify": deploy/notify-exec. It is written to by this process
 * itself, which is all that `NotifyAccess=main` lets through. Without it `systemd-notify` is run, a process of its own,
 * for which the unit needs `NotifyAccess=all`.
 */
export function serviceManagerOf(startedBy: StartedBy, clock: Clock): ServiceManager | undefined {
  const { env, pid } = startedBy;
  if ((env["NOTIFY_SOCKET"] ?? "") === "") return undefined;
  const socket = handedSocket(startedBy);
  return {
    watchdogMs: watchdogOf(env, pid),
    tell: (lines, signal) => (socket === undefined ? tellByProgram(lines, clock, signal) : writeTo(socket, lines)),
  };
}

/** How often systemd is to be told that all is well, when it is this process that it watches. */
function watchdogOf(env: StartedBy["env"], pid: number): number | undefined {
  const { WATCHDOG_USEC: microseconds = "", WATCHDOG_PID: watched = String(pid) } = env;
  return /^[1-9]\d*$/.test(microseconds) && watched === String(pid) ? Number(microseconds) / 1_000 : undefined;
}

/** The number of the connected socket that this process was started with. */
function handedSocket({ env, pid }: StartedBy): number | undefined {
  if (env["LISTEN_PID"] !== String(pid)) return undefined;
  const index = (env["LISTEN_FDNAMES"] ?? "").split(":").indexOf(HANDED_AS);
  if (index < 0 || index >= Number(env["LISTEN_FDS"])) return undefined;
  const file = FIRST_HANDED + index;
  try {
    return fstatSync(file).isSocket() ? file : undefined;
  } catch {
    return undefined; // a program between systemd and this one has closed it
  }
}

/** Not by `writeSync`: a systemd that does not read must not stop this process. */
async function writeTo(socket: number, lines: readonly string[]): Promise<string | undefined> {
  try {
    await promisify(write)(socket, lines.join("\n"));
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

async function tellByProgram(lines: readonly string[], clock: Clock, signal: AbortSignal): Promise<string | undefined> {
  try {
    // It ends when systemd has read its words, since those of a process that is gone belong to no unit.
    const { exitCode, output } = await run(["systemd-notify", ...lines], { deadlineMs: WITHIN_MS, clock }, signal);
    return exitCode === 0 ? undefined : output;
  } catch (error) {
    signal.throwIfAborted();
    return reasonOf(error);
  }
}
