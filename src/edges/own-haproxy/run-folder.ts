import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Emit } from "../../core/events/event.js";
import { HecdError, hasCode, reasonOf } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { replaceFile } from "../files/atomic-write.js";
import { codeOf } from "../files/errno.js";
import { TEMPORARY_PREFIX, temporaryFolder } from "../files/temporary-folder.js";
import { askProcesses } from "../haproxy/master.js";

/** The file that names the process whose HAProxy has the folder. */
const OWNER = "hecd.pid";

/** How long an HAProxy of nobody's may take to answer, and to end. */
const ANSWER_MS = 1_000;
const END_WITHIN_MS = 2_000;
const POLL_MS = 20;

/** What making a folder needs besides. */
interface Deps {
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Where the master socket of an HAProxy is that has this folder. */
export function masterSocketIn(folder: string): string {
  return join(folder, "master.sock");
}

/**
 * The folder for an HAProxy of the process `pid`: the one that is named, which stays, or a temporary one.
 *
 * Ends what processes that were killed have left there, or in temporary folders of this user: their HAProxy would go on
 * serving an old list at the port. Throws `file-unwritable`.
 */
export async function openRunFolder(
  named: string | undefined,
  pid: number,
  deps: Deps,
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly path: string }> {
  for (const folder of named === undefined ? await formerFolders() : [named]) {
    const isOver = await endLeftIn(folder, deps, signal);
    if (isOver && named === undefined) await rm(folder, { recursive: true, force: true });
  }
  const folder = named === undefined ? await temporaryFolder() : await namedFolder(named);
  await replaceFile(join(folder.path, OWNER), `${pid}\n`, { mode: 0o600, isOwnerWanted: false }).catch(
    (error: unknown) => {
      throw unwritable(folder.path, error);
    },
  );
  return folder;
}

async function namedFolder(path: string): Promise<AsyncDisposable & { readonly path: string }> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== "EEXIST") throw unwritable(path, error);
  });
  return { path, [Symbol.asyncDispose]: () => Promise.resolve() };
}

function unwritable(path: string, error: unknown): HecdError {
  return new HecdError({ code: "file-unwritable", path, reason: reasonOf(error) }, { cause: error });
}

/** The temporary folders of this user in which an HAProxy was run. */
async function formerFolders(): Promise<readonly string[]> {
  const names = (await readdir(tmpdir()).catch(() => [])).filter((name) => name.startsWith(TEMPORARY_PREFIX));
  const found = await Promise.all(
    names.map(async (name) => {
      const folder = join(tmpdir(), name);
      const stats = await stat(folder).catch(() => undefined);
      return stats?.uid === process.getuid?.() && (await ownerOf(folder)) !== undefined ? [folder] : [];
    }),
  );
  return found.flat();
}

async function ownerOf(folder: string): Promise<number | undefined> {
  const text = await readFile(join(folder, OWNER), "utf8").catch(() => "");
  return /^\d{1,10}\n$/.test(text) ? Number(text) : undefined;
}

/** Ends the HAProxy of a folder whose process is gone; resolves to whether nobody has the folder any more. */
async function endLeftIn(folder: string, { clock, emit }: Deps, signal: AbortSignal): Promise<boolean> {
  const owner = await ownerOf(folder);
  if (owner === undefined) return false;
  const master = await masterIn(folder, clock, signal);
  if (master === undefined) return !isThere(owner);
  // A process whose parent has ended gets another one, and only what we have started says so of our folder.
  if ((await parentOf(master)) === owner || !(await isOfFolder(master, folder))) return false;
  await end(master, clock, signal);
  const advice = `process ${master} was left by a hecd that was killed, and has been ended`;
  emit({ kind: "advice", about: "An HAProxy", advice });
  return true;
}

/** The master that answers in this folder. */
async function masterIn(folder: string, clock: Clock, signal: AbortSignal): Promise<number | undefined> {
  const late = (): HecdError => new HecdError({ code: "deadline", what: "HAProxy's master", afterMs: ANSWER_MS });
  using limit = deadlineSignal(ANSWER_MS, late, clock, signal);
  try {
    return (await askProcesses(masterSocketIn(folder), limit.signal))?.master.pid;
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, "deadline") || hasCode(error, "haproxy-failed")) return undefined;
    throw error;
  }
}

async function parentOf(pid: number): Promise<number | undefined> {
  const [, parent] = /^PPid:\s*(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, "utf8").catch(() => "")) ?? [];
  return parent === undefined ? undefined : Number(parent);
}

async function isOfFolder(pid: number, folder: string): Promise<boolean> {
  const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
  return words.some((word) => word.startsWith(`${masterSocketIn(folder)},`));
}

/** Asks a process group to end, and kills what is left of it; resolves when its leader has ended. */
async function end(pid: number, clock: Clock, signal: AbortSignal): Promise<void> {
  tell(pid, "SIGTERM");
  const killAt = clock.now() + END_WITHIN_MS;
  while (isThere(pid) && clock.now() < killAt) await sleep(POLL_MS, clock, signal);
  tell(pid, "SIGKILL");
}

function tell(pid: number, what: NodeJS.Signals): void {
  try {
    process.kill(-pid, what);
  } catch {
    // Nobody of the group is left.
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
