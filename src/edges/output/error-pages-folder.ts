import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type ErrorPages,
  faultInPage,
  isPageFile,
  MAINTENANCE_FILE,
  statusOfPage,
} from "../../core/model/error-pages.js";
import { reasonOf } from "../../errors.js";
import type { FolderContents } from "./followed-folder.js";

/** A folder of pages such as `503.http`. */
export function errorPagesFolder(folder: string): FolderContents {
  return { folder, word: "errorPages", read: async () => ({ errorPages: await pagesIn(folder) }) };
}

/** The pages of a folder; none where there is no such folder. */
async function pagesIn(folder: string): Promise<ErrorPages> {
  const names = (await readdir(folder).catch(() => [])).filter(isPageFile).sort();
  const files: { readonly status: number; readonly path: string }[] = [];
  const refused: { readonly path: string; readonly reason: string }[] = [];
  const hash = createHash("sha256");
  let maintenance = "";
  for (const name of names) {
    const path = join(folder, name);
    const status = statusOfPage(name);
    const page = await readPage(path);
    const reason = status === undefined && name !== MAINTENANCE_FILE ? "HAProxy has no such page" : page.fault;
    if (reason !== undefined || page.bytes === undefined) {
      refused.push({ path, reason: reason ?? "" });
      continue;
    }
    if (status === undefined) maintenance = path;
    else files.push({ status, path });
    hash.update(`${name} ${page.bytes.length} `).update(page.bytes);
  }
  const digest = files.length > 0 || maintenance !== "" ? hash.digest("hex").slice(0, 12) : "";
  return { files, maintenance, digest, refused };
}

/** What a file holds, or why it cannot be used. */
async function readPage(path: string): Promise<{ readonly bytes?: Buffer; readonly fault?: string | undefined }> {
  try {
    const bytes = await readFile(path);
    const fault = faultInPage(bytes);
    return fault === undefined ? { bytes } : { fault };
  } catch (error) {
    return { fault: `it cannot be read: ${reasonOf(error)}` };
  }
}
