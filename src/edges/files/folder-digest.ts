import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** How many folders below one another are looked into: a link may lead back to where it stands. */
const DEPTH = 10;

/** A word for all files below a folder, by path and content; links are followed. What cannot be read counts as missing. */
export async function digestOfFolder(folder: string): Promise<string> {
  const digest = createHash("sha256");
  await addFolder(folder, DEPTH);
  return digest.digest("base64url");

  async function addFolder(path: string, depth: number): Promise<void> {
    const names = depth > 0 ? await readdir(path).catch(() => []) : [];
    for (const name of names.sort()) await add(join(path, name), depth);
  }

  async function add(path: string, depth: number): Promise<void> {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) await addFolder(path, depth - 1);
    // Nothing but a file: to read a pipe would be to wait.
    const text = found?.isFile() ? await readFile(path).catch(() => undefined) : undefined;
    if (text) digest.update(`${path.length}:${path}${text.length}:`).update(text);
  }
}
