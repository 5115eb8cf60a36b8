import { createHash } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Difference } from "../../core/events/event.js";
import { type CarriedFile, carriedFiles, withOtherNames } from "../../haproxy/config/maps.js";
import { type Owned, removeStale, stagePathOf, writeNew } from "../files/atomic-write.js";
import { codeOf } from "../files/errno.js";
import { FileText } from "../files/file-text.js";

/** Files that wait beside those whose place they take. */
export interface StagedFiles {
  /** The text as it reads them where they wait, to be judged before any of them is in use. */
  readonly judged: string;
  /** Puts them in place by rename. */
  commit(): Promise<void>;
  /** Removes those that still wait. */
  dispose(): Promise<void>;
}

/**
 * The files that the text of a file carries, beside it under `<its name>.<more>`; no other name is ever touched.
 *
 * They follow from the text alone: whoever has the right text can have the right files, after whatever fault. Rejects
 * with the errors of the disk.
 */
export class CarriedFiles {
  readonly #dest: string;
  readonly #present = new Map<string, FileText>();
  #last: { readonly text: string; readonly files: readonly CarriedFile[] } = { text: "", files: [] };

  constructor(dest: string) {
    this.#dest = dest;
  }

  /** Whether all that a text carries is there. */
  areSound(text: string): boolean {
    return this.#missing(text).length === 0;
  }

  /** In what those that are there are not what a text says. */
  differences(text: string): readonly Difference[] {
    return this.#missing(text).map(({ name, text: wanted }) => {
      return { what: `md5sum of ${name}`, has: md5Of(this.#read(name) ?? ""), shouldBe: md5Of(wanted) } as const;
    });
  }

  /** Writes those that are not there yet, to be looked at. */
  async stage(text: string, owned: Owned): Promise<StagedFiles> {
    const waiting = new Map<string, string>();
    const dispose = async (): Promise<void> => {
      for (const path of waiting.values()) await rm(path, { force: true });
    };
    try {
      for (const file of this.#missing(text)) {
        const path = this.#pathOf(file.name);
        await removeStale(path);
        const staged = stagePathOf(path);
        waiting.set(file.name, staged);
        await writeNew(staged, file.text, owned);
      }
    } catch (error) {
      await dispose();
      throw error;
    }
    return {
      judged: withOtherNames(text, new Map([...waiting].map(([name, path]) => [name, basename(path)]))),
      commit: async () => {
        for (const [name, path] of waiting) await rename(path, this.#pathOf(name));
      },
      dispose,
    };
  }

  /** Writes those that are not there. */
  async write(text: string, owned: Owned): Promise<void> {
    const staged = await this.stage(text, owned);
    try {
      await staged.commit();
    } finally {
      await staged.dispose();
    }
  }

  /** Removes what only the text before carries. */
  async removeOthers(before: string, text: string): Promise<void> {
    const names = new Set(this.#of(text).map(({ name }) => name));
    for (const { name } of this.#of(before)) {
      if (!names.has(name)) await rm(this.#pathOf(name), { force: true });
    }
  }

  #missing(text: string): readonly CarriedFile[] {
    return this.#of(text).filter((file) => this.#read(file.name) !== file.text);
  }

  #of(text: string): readonly CarriedFile[] {
    if (this.#last.text === text) return this.#last.files;
    const start = `${basename(this.#dest)}.`;
    const files = carriedFiles(text).filter(({ name }) => name.startsWith(start));
    this.#last = { text, files };
    return files;
  }

  #read(name: string): string | undefined {
    const known = this.#present.get(name) ?? new FileText();
    this.#present.set(name, known);
    try {
      return known.read(this.#pathOf(name));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  #pathOf(name: string): string {
    return join(dirname(this.#dest), name);
  }
}

function md5Of(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
