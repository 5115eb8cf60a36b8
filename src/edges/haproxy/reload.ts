import type { ReloadDriver } from "../../core/model/reload-driver.js";
import type { ReloadVerdict } from "../../ports.js";
import { type Limits, run } from "../host/command.js";
import { reloadByCommand, describeFailure } from "./by-commands.js";
import { reloadByMaster } from "./master.js";
import { reloadBySignal } from "./signal.js";

/**
 * Makes HAProxy read its file anew by the way the resource names; the limits are those of a command, if it is one. What
 * HAProxy itself is given to load a file grows by `patientMs`.
 */
export async function reloadBy(
  driver: ReloadDriver,
  limits: Limits,
  patientMs: number,
  signal: AbortSignal,
): Promise<ReloadVerdict> {
  const { clock } = limits;
  switch (driver.kind) {
    case "master":
      return reloadByMaster(driver.socket, { clock, patientMs }, signal);
    case "signal":
      return reloadBySignal(driver.pidFile, { clock, patientMs }, signal);
    case "systemd":
      return reloadBySystemd(driver.unit, limits, signal);
    case "command":
      return reloadByCommand(driver.command, limits, signal);
    case "docker":
      return { kind: "failed", output: "only hecd render and hecd push drive an HAProxy in a container" };
  }
}

async function reloadBySystemd(unit: string, limits: Limits, signal: AbortSignal): Promise<ReloadVerdict> {
  const reload = await run(["systemctl", "reload", "--", unit], limits, signal);
  // What the unit's ExecReload started may bring the unit down only after the command has ended well.
  const isActive = (await run(["systemctl", "is-active", "--quiet", "--", unit], limits, signal)).exitCode === 0;
  if (!isActive) return { kind: "absent", output: `Unit ${unit} is not active: ${describeFailure(reload)}` };
  return reload.exitCode === 0 ? { kind: "proven", output: "" } : { kind: "failed", output: describeFailure(reload) };
}
