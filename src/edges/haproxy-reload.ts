import type { Clock } from "../flow/clock.js";
import type { ReloadDriver, ReloadVerdict } from "../ports.js";
import { type Ended, run, runShell } from "./command.js";
import { reloadByMaster } from "./haproxy-master.js";
import { reloadBySignal } from "./haproxy-signal.js";

/** Commands of the machine's owner may do much more than a reload. */
const COMMAND_WITHIN_MS = 60_000;

/** Makes HAProxy read its file anew by the way the resource names. */
export async function reloadBy(driver: ReloadDriver, clock: Clock, signal: AbortSignal): Promise<ReloadVerdict> {
  switch (driver.kind) {
    case "master":
      return reloadByMaster(driver.socket, clock, signal);
    case "signal":
      return reloadBySignal(driver.pidFile, clock, signal);
    case "systemd":
      return reloadBySystemd(driver.unit, clock, signal);
    case "command":
      return reloadByCommand(driver.command, clock, signal);
  }
}

/** Runs a command by the shell; its exit code is the whole proof. */
export async function reloadByCommand(command: string, clock: Clock, signal: AbortSignal): Promise<ReloadVerdict> {
  const ended = await runShell(command, { deadlineMs: COMMAND_WITHIN_MS, clock }, signal);
  return ended.exitCode === 0 ? { kind: "proven", output: ended.output } : { kind: "failed", output: wordsOf(ended) };
}

/** What a command that failed said, or at least how it ended. */
export function wordsOf({ exitCode, signal, output }: Ended): string {
  const end = exitCode === null ? `ended by ${signal ?? "a signal"}` : `exit code ${exitCode}`;
  return output === "" ? end : `${output} (${end})`;
}

async function reloadBySystemd(unit: string, clock: Clock, signal: AbortSignal): Promise<ReloadVerdict> {
  const limits = { deadlineMs: COMMAND_WITHIN_MS, clock };
  const reload = await run(["systemctl", "reload", "--", unit], limits, signal);
  // What the unit's ExecReload started may bring the unit down only after the command has ended well.
  const isActive = (await run(["systemctl", "is-active", "--quiet", "--", unit], limits, signal)).exitCode === 0;
  if (!isActive) return { kind: "absent", output: `Unit ${unit} is not active: ${wordsOf(reload)}` };
  return reload.exitCode === 0 ? { kind: "proven", output: "" } : { kind: "failed", output: wordsOf(reload) };
}
