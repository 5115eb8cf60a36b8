import { lstat, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "./errno.js";
import { followLinks } from "./links.js";

/**
 * Makes a folder that only this user can enter, with those above it that are missing. One that is there stays as it is;
 * rejects where a link leads to it that `followLinks` refuses.
 *
 * Node's own way of making several tries for ever where a folder refuses to have one made (below /proc).
 */
export async function makeFolders(path: string): Promise<void> {
  await followLinks(await nearest(path));
  await make(path);
  await followLinks(path); // what was not there may have been put there meanwhile
}

/** The path itself, or the first above it where something is. */
async function nearest(path: string): Promise<string> {
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  ); // whatever the reason, making it will tell
  return isThere || dirname(path) === path ? path : nearest(dirname(path));
}

async function make(path: string): Promise<void> {
  if (await isMade(path)) return;
  await make(dirname(path));
  await mkdir(path, { mode: 0o700 }).catch(unlessThere);
}

/** False where the folder above is missing; fails where it cannot be made for another reason. */
async function isMade(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 }).catch(unlessThere);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT" && dirname(path) !== path) return false;
    throw error;
  }
}

function unlessThere(error: unknown): void {
  if (codeOf(error) !== "EEXIST") throw error;
}
