import { readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { replaceFile } from "../files/atomic-write.js";
import { makeFolders } from "../files/make-folders.js";
import { HecdError, reasonOf } from "../../errors.js";
import { codeOf } from "../files/errno.js";

/** A small text that outlives the process; each write of it is whole or has not been. */
export class StateFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Empty where there is none; throws `file-unreadable`. */
  async read(): Promise<string> {
    try {
      return await readFile(this.#path, "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return "";
      throw new HecdError({ code: "file-unreadable", path: this.#path, reason: reasonOf(error) }, { cause: error });
    }
  }

  /** Throws `file-unwritable`. */
  async write(text: string): Promise<void> {
    try {
      await makeFolders(dirname(this.#path));
      await replaceFile(this.#path, text, { mode: 0o600, isOwnerWanted: false });
    } catch (error) {
      throw new HecdError({ code: "file-unwritable", path: this.#path, reason: reasonOf(error) }, { cause: error });
    }
  }

  /** Has nothing be there. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
