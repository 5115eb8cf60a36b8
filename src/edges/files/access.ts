import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { codeOf } from "./errno.js";

/** What keeps somebody from something: why, in the system's words, and whether it is a matter of rights. */
export interface AccessObstacle {
  readonly problem: string;
  readonly isDenied: boolean;
}

/** Linux's open of a file without a name, which is gone when it is closed. Node has no name for it. */
const UNNAMED = 0o20000000 | constants.O_DIRECTORY;

/** What keeps this process, as whoever it looks, from making files in a folder; undefined when nothing does. */
export async function obstacleToWriting(folder: string): Promise<AccessObstacle | undefined> {
  // Not by `access`, which judges by who has called us and not by as whom we look.
  try {
    await (await open(folder, UNNAMED | constants.O_WRONLY)).close();
    return undefined;
  } catch (error) {
    return codeOf(error) === "EOPNOTSUPP" ? undefined : obstacleOf(error); // some file systems know no such files
  }
}

/** The same of what was tried in vain. */
export function obstacleOf(error: unknown): AccessObstacle {
  const code = codeOf(error) ?? codeOf(error instanceof Error ? error.cause : undefined);
  const problem = error instanceof Error ? error.message : String(error);
  return { problem, isDenied: code === "EACCES" || code === "EPERM" || code === "EROFS" };
}

/** Whether a program is a script, which names its interpreter in its first line; not when it cannot be read. */
export async function beginsAsScript(path: string): Promise<boolean> {
  try {
    await using file = await open(path);
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.toString("latin1") === "#!";
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return false;
  }
}
