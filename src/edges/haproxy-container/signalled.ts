import type { MasterSignal } from "../../core/model/reload-driver.js";
import type { Clock } from "../../flow/clock.js";
import { parseStatus, type ProcessStatus } from "../../haproxy/master/process-status.js";
import type { ReloadVerdict } from "../../ports.js";
import { type MasterPlace, reloadBySignalAt } from "../haproxy/signal.js";
import type { HaproxyContainer } from "./container.js";
import { PROCESSES } from "./scripts.js";

/** A look takes some tens of milliseconds, since an engine starts a program for each. */
const POLL_MS = 100;

/** So many of the last lines of a log say why. */
const LAST_LINES = 12;

/**
 * Has the master in a container reload by a signal of its engine; proven by its processes, as they are seen from within.
 * Where that fails, what HAProxy has logged meanwhile says why, if its container keeps a log.
 */
export async function reloadContainer(
  container: HaproxyContainer,
  signalName: MasterSignal,
  limits: { readonly clock: Clock; readonly patientMs: number },
  signal: AbortSignal,
): Promise<ReloadVerdict> {
  const begunAt = await secondsThere(container, signal);
  const verdict = await reloadBySignalAt(placeIn(container, signalName), limits, signal);
  if (verdict.kind !== "failed") return verdict;
  const log = await container.access.logSince(begunAt, signal).catch(() => "");
  signal.throwIfAborted();
  const said = log.trim().split("\n").slice(-LAST_LINES).join("\n");
  return said === "" ? verdict : { ...verdict, output: `${verdict.output}:\n${said}` };
}

/** An HAProxy may be started by a program that stays, as by an init; the engine's signals go to that one. */
function placeIn(container: HaproxyContainer, signalName: MasterSignal): MasterPlace {
  const all = async (signal: AbortSignal): Promise<readonly ProcessStatus[]> => {
    const { stdout } = await container.script({ text: PROCESSES }, signal);
    return stdout.split("\n\n").flatMap((status) => parseStatus(status) ?? []);
  };
  return {
    signalName,
    pollMs: POLL_MS,
    async find(signal) {
      const processes = await all(signal);
      const master = masterAmong(processes);
      return master?.pid ?? `No HAProxy in master-worker mode (-W) runs in container ${container.name}`;
    },
    async see(pid, signal) {
      const processes = await all(signal);
      const master = processes.find((process) => process.pid === pid);
      return master && { master, workers: processes.filter(({ parent }) => parent === pid) };
    },
    async send(pid, signal) {
      if (pid === 1) await container.access.kill(`SIG${signalName}`, signal);
      else await container.script({ text: 'kill -s "$1" "$2"', args: [signalName, String(pid)] }, signal);
    },
  };
}

/** The HAProxy that has started another one, and was not started by one. */
function masterAmong(processes: readonly ProcessStatus[]): ProcessStatus | undefined {
  const proxies = processes.filter(({ name }) => name.includes("haproxy"));
  const isProxy = (pid: number): boolean => proxies.some((process) => process.pid === pid);
  return proxies.find(({ pid, parent }) => !isProxy(parent) && proxies.some((process) => process.parent === pid));
}

/** The container's own clock is its engine's. */
async function secondsThere(container: HaproxyContainer, signal: AbortSignal): Promise<number> {
  return Number((await container.script({ text: "date +%s" }, signal)).stdout.trim()) || 0;
}
