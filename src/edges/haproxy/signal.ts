import { readFile } from "node:fs/promises";
import { HecdError, reasonOf } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import type { ReloadVerdict } from "../../ports.js";
import { codeOf } from "../files/errno.js";

/** Ports that another process holds are tried for about 2 s; there is no other sign of a failure than its end. */
const WORKER_WITHIN_MS = 8_000;

/** A new worker that has lived so long is taken for one that serves. */
const STAYS_MS = 500;

/** How long a master that is starting may take to be ready for a signal. */
const READY_WITHIN_MS = 2_000;

const POLL_MS = 20;

/** The bit of SIGUSR2 in a signal mask of /proc; the first bit is signal 1. */
const SIGUSR2_BIT = 1n << 11n;

/**
 * Has the master whose pid is in `pidFile` reload by SIGUSR2; proven when it has a new worker that stays.
 *
 * Sent only to an HAProxy that is ready for it: one that is starting would be killed by it. A weaker proof than the
 * master socket gives, for where there is none.
 */
export async function reloadBySignal(
  pidFile: string,
  { clock, patientMs = 0 }: { readonly clock: Clock; readonly patientMs?: number },
  signal: AbortSignal,
): Promise<ReloadVerdict> {
  const withinMs = WORKER_WITHIN_MS + patientMs;
  const master = await masterIn(pidFile, clock, signal);
  if (typeof master === "string") return { kind: "absent", output: master };
  const before = new Set(await childrenOf(master));
  try {
    process.kill(master, "SIGUSR2");
  } catch (error) {
    throw new HecdError(
      { code: "haproxy-failed", what: `be signalled (process ${master})`, output: reasonOf(error) },
      { cause: error },
    );
  }
  const giveUpAt = clock.now() + withinMs;
  const since = new Map<number, number>();
  for (;;) {
    await sleep(POLL_MS, clock, signal);
    const children = new Set(await childrenOf(master));
    if (children.size === 0) return { kind: "failed", output: `HAProxy (process ${master}) has ended` };
    for (const pid of since.keys()) if (!children.has(pid)) since.delete(pid);
    for (const pid of children) {
      if (!before.has(pid) && !since.has(pid) && !(await isLoading(pid))) since.set(pid, clock.now());
    }
    if ([...since.values()].some((firstSeen) => clock.now() - firstSeen >= STAYS_MS))
      return { kind: "proven", output: "" };
    if (clock.now() >= giveUpAt) {
      return {
        kind: "failed",
        output: `HAProxy brought no new worker within ${withinMs} ms; its log says why`,
      };
    }
  }
}

/** The pid of a master that is ready for a signal, or why there is none. */
async function masterIn(pidFile: string, clock: Clock, signal: AbortSignal): Promise<number | string> {
  const giveUpAt = clock.now() + READY_WITHIN_MS;
  for (;;) {
    const pid = Number.parseInt((await readIfThere(pidFile)) ?? "", 10);
    if (Number.isNaN(pid)) return `There is no pid in ${pidFile}`;
    const name = await readIfThere(`/proc/${pid}/comm`);
    if (name === undefined) return `Process ${pid} of ${pidFile} does not run`;
    // A pid file may outlive its process, and its number then belongs to a stranger.
    if (!name.includes("haproxy")) return `Process ${pid} of ${pidFile} is not HAProxy but ${name.trim()}`;
    if (await isReady(pid)) return pid;
    if (clock.now() >= giveUpAt) return `HAProxy (process ${pid}) is not ready for a signal`;
    await sleep(POLL_MS, clock, signal);
  }
}

async function isReady(pid: number): Promise<boolean> {
  const children = await childrenOf(pid);
  if (children.length === 0 || !(await hasSigusr2In("SigCgt", pid))) return false;
  return !(await Promise.all(children.map(isLoading))).includes(true);
}

/**
 * Whether a worker still reads its file and tries its ports, which HAProxy does in the worker itself from 3.1 on: it
 * blocks signals until it serves. Those before 3.1 have workers that are ready from the start.
 */
async function isLoading(pid: number): Promise<boolean> {
  return hasSigusr2In("SigBlk", pid);
}

async function hasSigusr2In(mask: "SigBlk" | "SigCgt", pid: number): Promise<boolean> {
  const status = (await readIfThere(`/proc/${pid}/status`)) ?? "";
  const bits = new RegExp(`^${mask}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0";
  return (BigInt(`0x${bits}`) & SIGUSR2_BIT) !== 0n;
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const children = (await readIfThere(`/proc/${pid}/task/${pid}/children`)) ?? "";
  return children.split(" ").filter(Boolean).map(Number);
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
