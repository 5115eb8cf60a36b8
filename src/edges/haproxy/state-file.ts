import { rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { writeNew } from "../files/atomic-write.js";

/** HAProxy reads it as whoever it is started as; there is nothing secret in it. */
const MODE = 0o644;

/** Replaces a state file of HAProxy whole, since HAProxy may be reading it. Rejects with the error of the disk. */
export async function replaceStateFile(path: string, content: string): Promise<void> {
  const staged = join(dirname(path), `.${basename(path)}.${process.pid}`);
  await writeNew(staged, content, { mode: MODE, isOwnerWanted: false });
  await rename(staged, path);
}
