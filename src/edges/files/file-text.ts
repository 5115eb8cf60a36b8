import { readFileSync, statSync } from "node:fs";
import { wallTime } from "../../flow/clock.js";

/** Changes that lie closer together may leave a file with the same times: a kernel's clock for them goes in steps. */
const STEP_MS = 100;

/**
 * The text of a file, read again only when the file is no longer what it was.
 *
 * Without Node's threads: of a file that has just been in use this takes microseconds, where handing each step to a
 * thread takes milliseconds on a busy machine.
 */
export class FileText {
  #known: { readonly look: string; readonly text: string } | undefined;

  /** Throws what the system says, ENOENT among it. */
  read(path: string): string {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
    const look = [dev, ino, size, mtimeMs, ctimeMs].join(" ");
    if (this.#known?.look === look) return this.#known.text;
    const text = readFileSync(path, "utf8");
    this.#known = wallTime().getTime() - ctimeMs > STEP_MS ? { look, text } : undefined;
    return text;
  }
}
