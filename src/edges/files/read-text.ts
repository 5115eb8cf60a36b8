import { readFile } from "node:fs/promises";
import { HecdError, reasonOf } from "../../errors.js";
import { codeOf } from "./errno.js";

/** The text of a file; fails with `file-unreadable`. */
export async function readText(path: string): Promise<string> {
  return (await readBytes(path)).toString("utf8");
}

/** The first line of a text file, as secrets are kept; fails likewise. */
export async function readFirstLine(path: string): Promise<string> {
  const [line = ""] = (await readText(path)).split("\n");
  return line;
}

/** The text of a file; undefined when there is none, and `file-unreadable` as before. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw unreadable(path, error);
  }
}

/** What is in a file, as it is; fails with `file-unreadable`. */
export async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The failure of somebody who has tried to make something of the file at `path`; one that is ours stays as it is. */
export function unreadable(path: string, error: unknown): HecdError {
  if (error instanceof HecdError) return error;
  return new HecdError({ code: "file-unreadable", path, reason: reasonOf(error) }, { cause: error });
}
