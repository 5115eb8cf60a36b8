import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../core/text/digest.js";

/** A file that belongs to the page. */
interface PageAsset {
  readonly type: string;
  readonly text: string;
  /** Differs when the text does. */
  readonly tag: string;
}

/** What belongs to a page, by its path. */
export type PageAssets = ReadonlyMap<string, PageAsset>;

/** Reads what belongs to a page: its style and its icon in the folder of its templates, and its script; rejects with the error of the disk. */
export async function readAssets(folder: string, script: string): Promise<PageAssets> {
  const files = [
    ["/page/page.css", join(folder, "page.css"), "text/css; charset=utf-8"],
    ["/page/icon.svg", join(folder, "icon.svg"), "image/svg+xml"],
    ["/page/page.js", script, "text/javascript; charset=utf-8"],
  ] as const;
  return new Map(
    await Promise.all(
      files.map(async ([path, file, type]) => {
        const text = await readFile(file, "utf8");
        return [path, { type, text, tag: `"${digestOf(text)}"` }] as const;
      }),
    ),
  );
}
