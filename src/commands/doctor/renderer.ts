import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { advice, fault, type Finding } from "../../core/doctor/finding.js";
import { judgeFolder, unitOf } from "../../core/doctor/host.js";
import { judgeBinary, judgeMaster, judgeOtherReload, judgeRuntimeSocket } from "../../core/doctor/proxy.js";
import { isInstalled, judgeUnit, writableIn } from "../../core/doctor/service.js";
import { obstacleOf, obstacleToWriting } from "../../edges/files/access.js";
import { askBuild } from "../../edges/haproxy/check.js";
import { runsAsMaster } from "../../edges/haproxy/config-file.js";
import { obstacleAmong } from "../../edges/haproxy/ports.js";
import { askSocket } from "../../edges/haproxy/socket.js";
import { reasonOf } from "../../errors.js";
import { bindsOf } from "../../haproxy/config/binds.js";
import type { Resource, ResourceSet } from "../../ports.js";
import type { Settings } from "../../settings.js";
import { checkResources, readResources } from "../check.js";
import type { ProcessWorld } from "../command.js";
import type { Deps } from "../daemon.js";
import { type Looker, lookerOf } from "./looker.js";
import { examineStatus } from "./status.js";

/**
 * What the renderer of this host needs: HAProxy's program, sockets and master, the folders of its files, templates that
 * can be rendered (only where the store can be read), its port, its unit.
 */
export async function examineRenderer(
  settings: Settings,
  canReadStore: boolean,
  world: ProcessWorld,
  deps: Deps,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const unit = unitOf("renderer");
  const findings: Finding[] = [await examineStatus("renderer", settings.renderer, deps, signal)];
  let looker: Looker;
  try {
    looker = await lookerOf(unit, world, deps, signal);
  } catch (error) {
    signal.throwIfAborted();
    return [...findings, fault(`unit ${unit}`, reasonOf(error), "systemd-sysusers")];
  }
  if (isInstalled(looker.unit)) findings.push(...judgeUnit(unit, looker.unit));
  findings.push(await examineBinary(settings, deps, signal));
  return [...findings, ...(await looker.look(() => examineFiles(looker, settings, canReadStore, world, deps, signal)))];
}

async function examineFiles(
  looker: Looker,
  settings: Settings,
  canReadStore: boolean,
  world: ProcessWorld,
  deps: Deps,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const about = `resources in ${settings.confdir}/conf.d`;
  let set: ResourceSet;
  try {
    set = await readResources(settings, world, deps);
  } catch (error) {
    signal.throwIfAborted();
    return [fault(about, reasonOf(error), `mkdir -p ${settings.confdir}/conf.d ${settings.confdir}/templates`)];
  }
  const findings: Finding[] = [];
  if (set.resources.length + set.problems.length === 0) {
    findings.push(advice(about, "there is none: nothing is rendered", "cp deploy/conf.d/haproxy.toml there"));
  }
  for (const resource of set.resources) findings.push(...(await examineResource(resource, looker, signal)));
  if (!canReadStore) return findings;
  for (const { resource, faults, notes } of await checkResources(set, settings, world, deps, signal)) {
    findings.push(...faults.map((words) => fault(`resource ${resource}`, words)));
    findings.push(...notes.map((words) => advice(`resource ${resource}`, words)));
  }
  return findings;
}

async function examineBinary({ haproxy: binary }: Settings, { clock }: Deps, signal: AbortSignal): Promise<Finding> {
  try {
    return judgeBinary({ binary, ...(await askBuild(binary, clock, signal)) });
  } catch (error) {
    signal.throwIfAborted();
    return judgeBinary({ binary, problem: reasonOf(error) });
  }
}

async function examineResource(
  { name, dest, haproxy, reloadCmd }: Resource,
  { user, unit }: Looker,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const path = dirname(dest);
  const obstacle = await obstacleToWriting(path);
  const findings = [judgeFolder({ path, user, obstacle, writable: writableIn(unit) })];
  if (!haproxy) {
    if (reloadCmd === undefined)
      findings.push(advice(`reload of ${name}`, "nothing reads the file anew: no reload_cmd"));
    return findings;
  }
  const { socket, reload } = haproxy;
  if (socket !== undefined) {
    findings.push(judgeRuntimeSocket({ path: socket, user, answer: await ask(socket, "show cli level", signal) }));
  }
  let isRunning = false;
  if (reload.kind === "master") {
    const answer = await ask(reload.socket, "show proc", signal);
    isRunning = answer !== undefined;
    findings.push(judgeMaster({ path: reload.socket, user, answer }, await runsAsMaster()));
  } else findings.push(judgeOtherReload(name, reload.kind));
  // An HAProxy that runs has its ports; whose they are only root could see.
  const binds = isRunning ? [] : bindsOf(await readFile(dest, "utf8").catch(() => ""));
  const taken = await obstacleAmong(binds);
  if (taken !== undefined) findings.push(fault(`ports of ${dest}`, taken));
  return findings;
}

async function ask(socket: string, question: string, signal: AbortSignal) {
  try {
    return await askSocket(socket, question, signal);
  } catch (error) {
    signal.throwIfAborted();
    return obstacleOf(error);
  }
}
