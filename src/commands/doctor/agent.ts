import { fault, fine, type Finding } from "../../core/doctor/finding.js";
import { judgeEngine, judgeFolder, unitOf } from "../../core/doctor/host.js";
import { judgeUnit, isInstalled } from "../../core/doctor/service.js";
import { greet } from "../../edges/docker/lookup.js";
import { obstacleOf, obstacleToWriting } from "../../edges/files/access.js";
import { HostAddress } from "../../edges/host/host.js";
import { reasonOf } from "../../errors.js";
import type { Settings } from "../../settings.js";
import type { ProcessWorld } from "../command.js";
import type { Deps } from "../daemon.js";
import { placesOf, type ReachedEngine } from "../inquiry.js";
import { type Looker, lookerOf } from "./looker.js";
import { examineStatus } from "./status.js";
import { storeEndpoints } from "../stores.js";

/** What the agent of this host needs: its engines, an address to advertise, its folder, its port, its unit. */
export async function examineAgent(
  settings: Settings,
  world: ProcessWorld,
  deps: Deps,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const unit = unitOf("agent");
  const status = await examineStatus("agent", settings.agent, deps, signal);
  let looker: Looker;
  try {
    looker = await lookerOf(unit, world, deps, signal);
  } catch (error) {
    signal.throwIfAborted();
    return [status, fault(`unit ${unit}`, reasonOf(error), "systemd-sysusers")];
  }
  const findings: Finding[] = [status];
  if (isInstalled(looker.unit)) findings.push(...judgeUnit(unit, looker.unit));
  for (const place of placesOf(settings)) {
    findings.push(await examineEngine(place, looker, deps, signal), await examineAddress(place, settings, signal));
  }
  const folder = settings["state-dir"];
  // systemd makes the folder and gives it to the service.
  if (folder !== "off" && looker.unit["StateDirectory"] !== "hecd") {
    const obstacle = await looker.look(() => obstacleToWriting(folder));
    findings.push(judgeFolder({ path: folder, user: looker.user, obstacle, writable: undefined }));
  }
  return findings;
}

async function examineEngine(
  { connection }: ReachedEngine,
  { user, look }: Looker,
  { clock }: Deps,
  signal: AbortSignal,
): Promise<Finding> {
  const answer = await look(() => greet(connection, clock, signal)).catch((error: unknown) => {
    signal.throwIfAborted();
    return obstacleOf(error);
  });
  return judgeEngine({ url: connection.url, user, answer });
}

async function examineAddress({ advertise }: ReachedEngine, settings: Settings, signal: AbortSignal): Promise<Finding> {
  try {
    const { ip, how } = await new HostAddress(advertise, storeEndpoints(settings)).find(signal);
    return fine("address", `${ip} is advertised (${how})`);
  } catch (error) {
    signal.throwIfAborted();
    return fault("address", reasonOf(error), `advertise = "IP or interface" in /etc/hecd/hecd.toml`);
  }
}
