import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { formatHistoryLine, type HistoryEntry, type HistoryLine, parseHistoryLine } from "../../core/history/entry.js";
import { formatPin, parsePin, type Pin } from "../../core/history/pin.js";
import { endOf, entriesIn, type HistoryEnd, type Version, versionIn } from "../../core/history/versions.js";
import type { History } from "../../ports.js";
import { replaceFile, syncDirectory, writeNew } from "../files/atomic-write.js";
import { followLinks } from "../files/links.js";
import { makeFolders } from "../files/make-folders.js";
import { codeOf } from "../files/errno.js";

/** The directory for them; hidden, so that a program which reads a whole directory of files does not meet it. */
const DIRECTORY = ".hecd-history";

/** What of one file is kept, in bytes, besides what its present part takes. */
const KEPT_BYTES = 16 * 1_048_576;

/** How much a part grows beyond the text that it begins with. */
const PART_BYTES = 1_048_576;

const DIGEST_LETTERS = 12;

const PIN = "pin.json";

/**
 * The history of one file on disk, in `.hecd-history/<name>/` beside it.
 *
 * It is in parts, `000001.jsonl` and so on: each begins with a whole text, and each line after that is an entry with what
 * it has changed. Nothing but the end of the newest part is ever written to, and the oldest parts go. What is torn at its
 * end, by a crash or a full disk, is passed over. Everything rejects with the errors of the disk.
 */
export class HistoryFolder implements History {
  readonly dest: string;
  #part: { readonly path: string; readonly begins: number; bytes: number } | undefined;

  constructor(dest: string) {
    this.dest = dest;
  }

  async end(): Promise<HistoryEnd | undefined> {
    for (const name of (await this.#parts()).reverse()) {
      const end = endOf(await this.#linesOf(name));
      if (end) return end;
    }
    return undefined;
  }

  async append(line: HistoryLine, before: HistoryEnd): Promise<void> {
    const written = formatHistoryLine(line);
    const part = await this.#partFor(before);
    try {
      await using file = await open(part.path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
      await file.writeFile(written);
    } catch (error) {
      this.#part = undefined; // whatever has been written of it is torn, and the next line begins a part of its own
      throw error;
    }
    part.bytes += Buffer.byteLength(written);
  }

  async entries(limit: number): Promise<readonly HistoryEntry[]> {
    const newest: HistoryEntry[] = [];
    for (const name of (await this.#parts()).reverse()) {
      newest.push(...[...entriesIn(await this.#linesOf(name))].reverse());
      if (newest.length >= limit) break;
    }
    return newest.slice(0, limit);
  }

  async version(id: number): Promise<Version | undefined> {
    for (const name of (await this.#parts()).reverse()) {
      const version = versionIn(await this.#linesOf(name), id);
      if (version) return version;
    }
    return undefined;
  }

  async pin(): Promise<Pin | undefined> {
    const text = await readFile(join(await this.#folder(), PIN), "utf8").catch(nothingIfMissing);
    if (text === undefined) return undefined;
    const pin = parsePin(text);
    if (!pin) throw new Error(`${PIN} is not as it was written`);
    return pin;
  }

  async keepPin(pin: Pin | undefined): Promise<void> {
    const path = join(await this.#folder(), PIN);
    if (!pin) return rm(path, { force: true });
    await this.#makeFolder();
    await replaceFile(path, formatPin(pin), { mode: 0o600, isOwnerWanted: false });
    await syncDirectory(dirname(path));
  }

  /** Whether others than the owner and the group of the file may read it. */
  async isPublic(): Promise<boolean> {
    const stats = await stat(this.dest).catch(nothingIfMissing);
    return stats !== undefined && (stats.mode & 0o004) !== 0;
  }

  digestOf(text: string): string {
    return createHash("sha256").update(text).digest("hex").slice(0, DIGEST_LETTERS);
  }

  /** The part that takes one more line: after a start and where the last one is large, a new one. */
  async #partFor({ text, addresses }: HistoryEnd) {
    if (this.#part && this.#part.bytes < this.#part.begins + PART_BYTES) return this.#part;
    await this.#makeFolder();
    const parts = await this.#parts();
    const begin = formatHistoryLine({ text, addresses: [...addresses] });
    const path = await this.#pathOf(`${String(numberOf(parts.at(-1)) + 1).padStart(6, "0")}.jsonl`);
    await writeNew(path, begin, { mode: 0o600, isOwnerWanted: false });
    await this.#drop(parts);
    const bytes = Buffer.byteLength(begin);
    this.#part = { path, begins: bytes, bytes };
    return this.#part;
  }

  /** Removes the oldest of these parts, as far as they are too much. */
  async #drop(parts: readonly string[]): Promise<void> {
    let bytes = 0;
    for (const name of [...parts].reverse()) {
      const path = await this.#pathOf(name);
      bytes += (await stat(path).catch(nothingIfMissing))?.size ?? 0;
      if (bytes > KEPT_BYTES) await rm(path, { force: true });
    }
  }

  /** The names of the parts, the oldest first. */
  async #parts(): Promise<string[]> {
    const names = (await readdir(await this.#folder()).catch(nothingIfMissing)) ?? [];
    return names.filter((name) => /^\d{6,12}\.jsonl$/.test(name)).sort((a, b) => numberOf(a) - numberOf(b));
  }

  async #linesOf(name: string): Promise<readonly HistoryLine[]> {
    const text = (await readFile(await this.#pathOf(name), "utf8").catch(nothingIfMissing)) ?? "";
    return text.split("\n").flatMap((line) => (line === "" ? [] : (parseHistoryLine(line) ?? [])));
  }

  async #makeFolder(): Promise<void> {
    await makeFolders(await this.#folder());
  }

  async #pathOf(name: string): Promise<string> {
    return join(await this.#folder(), name);
  }

  /** Beside the file itself, wherever a link leads to it. */
  async #folder(): Promise<string> {
    const path = await followLinks(this.dest);
    return join(dirname(path), DIRECTORY, basename(path));
  }
}

function numberOf(name = "0"): number {
  return Number.parseInt(name, 10);
}

function nothingIfMissing(error: unknown): undefined {
  if (codeOf(error) === "ENOENT") return undefined;
  throw error;
}
