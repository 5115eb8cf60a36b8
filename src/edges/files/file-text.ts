import { readFileSync, statSync } from "node:fs";
import { wallTime } from "../../flow/clock.js";

/** Changes that lie closer together may leave a file with the same times: a kernel's clock for them goes in steps. */
export const STEP_MS = 100;

/** What a file held, and how it looked then; undefined where it may have changed since without looking otherwise. */
interface Known {
  readonly look: string | undefined;
  readonly bytes: Buffer;
  readonly text: string;
}

/**
 * The text of a file, read again only when the file is no longer what it was, and made of its bytes only when these are
 * others: that takes the longest.
 *
 * Without Node's threads: of a file that has just been in use this takes microseconds, where handing each step to a
 * thread takes milliseconds on a busy machine.
 */
export class FileText {
  #known: Known | undefined;

  /** The file has just been written with this text, as far as anybody knows. */
  expect(text: string): void {
    this.#known = { look: undefined, bytes: Buffer.from(text), text };
  }

  /** Throws what the system says, ENOENT among it. */
  read(path: string): string {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
    const look = [dev, ino, size, mtimeMs, ctimeMs].join(" ");
    if (this.#known?.look === look) return this.#known.text;
    const bytes = readFileSync(path);
    const text = this.#known?.bytes.equals(bytes) ? this.#known.text : bytes.toString("utf8");
    this.#known = { look: wallTime().getTime() - ctimeMs > STEP_MS ? look : undefined, bytes, text };
    return text;
  }
}
