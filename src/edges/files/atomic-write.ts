import { randomInt } from "node:crypto";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { wallTime } from "../../flow/clock.js";
import { codeOf } from "./errno.js";

/** Permissions and owner of a file to be written; an owner that is absent or -1 is left as it comes. */
export interface Owned {
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Whether somebody has asked for that owner, so that it is a failure not to be able to give it. */
  readonly isOwnerWanted: boolean;
}

/** How many digits a staged file has behind its name; none of our own files has as many. */
export const STAGE_DIGITS = 12;

/** How old a staged file of somebody who died must be to be removed. */
const STALE_MS = 3_600_000;

/** Writes a file that does not exist yet, down to the disk; nobody else can read it before it has its permissions. */
export async function writeNew(path: string, content: string | Uint8Array, owned: Owned): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
    await giveOwner(file, owned);
    await file.chmod(owned.mode);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Makes a rename in this directory outlast a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Replaces a file whole, or makes it: what is at its name, be it a link, is gone then, and nothing is written through it. */
export async function replaceFile(path: string, content: string | Uint8Array, owned: Owned): Promise<void> {
  const staged = stagePathOf(path);
  await writeNew(staged, content, owned);
  try {
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
}

/**
 * A new name in the same directory, as confd forms it.
 *
 * HAProxy skips it when it reads a whole directory, because it begins with a dot.
 */
export function stagePathOf(path: string): string {
  const digits = String(randomInt(2 ** 40))
    .padStart(STAGE_DIGITS, "0")
    .slice(-STAGE_DIGITS);
  return join(dirname(path), `.${basename(path)}${digits}`);
}

/** Removes staged files beside `path` that nobody can be using any more. */
export async function removeStale(path: string): Promise<void> {
  const directory = dirname(path);
  const begin = `.${basename(path)}`;
  for (const name of await readdir(directory)) {
    if (!name.startsWith(begin) || !/^[0-9]{12}$/.test(name.slice(begin.length))) continue;
    const stale = join(directory, name);
    const written = await stat(stale).catch(() => undefined); // its owner may be removing it right now
    if (written && written.mtimeMs < wallTime().getTime() - STALE_MS) await rm(stale, { force: true });
  }
}

/** Who may not give files away keeps at least the group, through which HAProxy often reads. */
async function giveOwner(
  file: { chown(uid: number, gid: number): Promise<void> },
  { uid = -1, gid = -1, isOwnerWanted }: Owned,
): Promise<void> {
  try {
    await file.chown(uid, gid);
  } catch (error) {
    if (isOwnerWanted || codeOf(error) !== "EPERM") throw error;
    await file.chown(-1, gid).catch(() => undefined); // a group that we are not in
  }
}
