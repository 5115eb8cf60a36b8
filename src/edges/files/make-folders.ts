import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "./errno.js";

/**
 * Makes a folder that only this user can enter, with those above it that are missing. One that is there stays as it is.
 *
 * Node's own way of making several tries for ever where a folder refuses to have one made (below /proc).
 */
export async function makeFolders(path: string): Promise<void> {
  if (await isMade(path)) return;
  await makeFolders(dirname(path));
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
