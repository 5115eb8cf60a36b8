import { readFile } from "node:fs/promises";
import { HecdError, reasonOf } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import type { MasterSignal } from "../../core/model/reload-driver.js";
import {
  type Family,
  isLoading,
  isReadyFor,
  parseStatus,
  type ProcessStatus,
} from "../../haproxy/master/process-status.js";
import type { ReloadVerdict } from "../../ports.js";
import { codeOf } from "../files/errno.js";

/** Ports that another process holds are tried for about 2 s; there is no other sign of a failure than its end. */
const WORKER_WITHIN_MS = 8_000;

/** A new worker that has lived so long is taken for one that serves. */
const STAYS_MS = 500;

/** How long a master that is starting may take to be ready for a signal. */
const READY_WITHIN_MS = 2_000;

const POLL_MS = 20;

/** Where a master runs that is to be signalled. */
export interface MasterPlace {
  readonly signalName: MasterSignal;
  /** How often it is looked at. */
  readonly pollMs: number;
  /** What is said to be the pid of the master, or why nobody says so. */
  find(signal: AbortSignal): Promise<number | string>;
  /** The master of this pid with its workers; undefined when there is no such process. */
  see(pid: number, signal: AbortSignal): Promise<Family | undefined>;
  send(pid: number, signal: AbortSignal): Promise<void>;
}

/** What a reload may take. */
interface SignalLimits {
  readonly clock: Clock;
  /** What a new worker is given besides the usual time. */
  readonly patientMs?: number;
}

/** Has the master whose pid is in `pidFile` reload by SIGUSR2; see `reloadBySignalAt`. */
export function reloadBySignal(pidFile: string, limits: SignalLimits, signal: AbortSignal): Promise<ReloadVerdict> {
  return reloadBySignalAt(onThisMachine(pidFile), limits, signal);
}

/**
 * Has a master reload by a signal; proven when it has a new worker that stays.
 *
 * Sent only to an HAProxy that is ready for it: one that is starting would be killed by it. A weaker proof than the
 * master socket gives, for where there is none.
 */
export async function reloadBySignalAt(
  place: MasterPlace,
  { clock, patientMs = 0 }: SignalLimits,
  signal: AbortSignal,
): Promise<ReloadVerdict> {
  const withinMs = WORKER_WITHIN_MS + patientMs;
  const family = await readyMaster(place, clock, signal);
  if (typeof family === "string") return { kind: "absent", output: family };
  const { pid } = family.master;
  const before = new Set(family.workers.map((worker) => worker.pid));
  await place.send(pid, signal);
  const giveUpAt = clock.now() + withinMs;
  const since = new Map<number, number>();
  for (;;) {
    await sleep(place.pollMs, clock, signal);
    const workers = (await place.see(pid, signal))?.workers ?? [];
    if (workers.length === 0) return { kind: "failed", output: `HAProxy (process ${pid}) has ended` };
    for (const known of since.keys()) if (!workers.some((worker) => worker.pid === known)) since.delete(known);
    for (const worker of workers) {
      if (!before.has(worker.pid) && !since.has(worker.pid) && !isLoading(worker)) since.set(worker.pid, clock.now());
    }
    if ([...since.values()].some((firstSeen) => clock.now() - firstSeen >= STAYS_MS))
      return { kind: "proven", output: "" };
    if (clock.now() >= giveUpAt) {
      return { kind: "failed", output: `HAProxy brought no new worker within ${withinMs} ms; its log says why` };
    }
  }
}

/** A master that is ready for a signal, or why there is none. */
async function readyMaster(place: MasterPlace, clock: Clock, signal: AbortSignal): Promise<Family | string> {
  const giveUpAt = clock.now() + READY_WITHIN_MS;
  for (;;) {
    const pid = await place.find(signal);
    if (typeof pid === "string") return pid;
    const family = await place.see(pid, signal);
    if (!family) return `Process ${pid} does not run`;
    // A pid may outlive its process, and its number then belongs to a stranger.
    if (!family.master.name.includes("haproxy")) return `Process ${pid} is not HAProxy but ${family.master.name}`;
    if (isReadyFor(place.signalName, family)) return family;
    if (clock.now() >= giveUpAt) return `HAProxy (process ${pid}) is not ready for a signal`;
    await sleep(place.pollMs, clock, signal);
  }
}

/** A master of this machine, whose pid is in a file. */
function onThisMachine(pidFile: string): MasterPlace {
  return {
    signalName: "USR2",
    pollMs: POLL_MS,
    async find() {
      const pid = Number.parseInt((await readIfThere(pidFile)) ?? "", 10);
      return Number.isNaN(pid) ? `There is no pid in ${pidFile}` : pid;
    },
    async see(pid) {
      const master = await statusOf(pid);
      if (!master) return undefined;
      const children = (await readIfThere(`/proc/${pid}/task/${pid}/children`)) ?? "";
      const workers = await Promise.all(children.split(" ").filter(Boolean).map(Number).map(statusOf));
      return { master, workers: workers.filter((worker) => worker !== undefined) };
    },
    async send(pid) {
      try {
        process.kill(pid, "SIGUSR2");
      } catch (error) {
        throw new HecdError(
          { code: "haproxy-failed", what: `be signalled (process ${pid})`, output: reasonOf(error) },
          { cause: error },
        );
      }
      await Promise.resolve();
    },
  };
}

async function statusOf(pid: number): Promise<ProcessStatus | undefined> {
  return parseStatus((await readIfThere(`/proc/${pid}/status`)) ?? "");
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw new HecdError({ code: "file-unreadable", path, reason: reasonOf(error) }, { cause: error });
  }
}
