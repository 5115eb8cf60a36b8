import { readdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { wallTime } from "../../flow/clock.js";
import { type Owned, writeNew } from "../files/atomic-write.js";
import { makeFolders } from "../files/make-folders.js";

/** How many old versions of a file are kept. */
const KEPT = 10;

/** The directory for them; hidden, so that a program which reads a whole directory of files does not meet it. */
const DIRECTORY = ".hecd-backup";

/** Keeps a copy under `<name>.<YYYY-MM-DD-HHMMSS.mmm>` (UTC), unless the newest one is the same, and drops the oldest. */
export async function keepBackup(path: string, bytes: Uint8Array, owned: Owned): Promise<void> {
  const directory = join(dirname(path), DIRECTORY);
  await makeFolders(directory);
  const name = basename(path);
  const kept = (await readdir(directory)).filter((entry) => isBackupOf(entry, name)).sort();
  const newest = kept.at(-1);
  if (newest !== undefined && (await readFile(join(directory, newest))).equals(bytes)) return;
  const copy = `${name}.${stampOf(wallTime())}`;
  await rm(join(directory, copy), { force: true });
  await writeNew(join(directory, copy), bytes, owned);
  for (const oldest of kept.slice(0, Math.max(0, kept.length + 1 - KEPT))) await rm(join(directory, oldest));
}

/**
 * Keeps the first file for good, as `<name>.original`, where neither that nor any other copy is there; an empty one where
 * there was no file. Resolves to where somebody's own file is kept now, undefined where there is none or it was kept before.
 */
export async function keepOriginal(path: string, bytes: Uint8Array, owned: Owned): Promise<string | undefined> {
  const directory = join(dirname(path), DIRECTORY);
  await makeFolders(directory);
  const name = basename(path);
  const copy = join(directory, `${name}.original`);
  const entries = await readdir(directory);
  if (entries.some((entry) => entry === basename(copy) || isBackupOf(entry, name))) return undefined;
  await writeNew(copy, bytes, owned);
  return bytes.length === 0 ? undefined : copy;
}

function isBackupOf(entry: string, name: string): boolean {
  return entry.startsWith(`${name}.`) && /^\d{4}-\d\d-\d\d-\d{6}\.\d{3}$/.test(entry.slice(name.length + 1));
}

function stampOf(date: Date): string {
  const [day = "", time = ""] = date.toISOString().split("T");
  return `${day}-${time.replaceAll(":", "").replace("Z", "")}`;
}
