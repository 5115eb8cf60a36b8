import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import type { Difference } from "../../core/events/event.js";
import { HecdError, reasonOf } from "../../errors.js";
import { wallTime } from "../../flow/clock.js";
import { type CarriedFile, carriedFiles, withOtherNames } from "../../haproxy/config/maps.js";
import type { Resource, Staged, Target, TargetCondition } from "../../ports.js";
import { stagePathOf } from "../files/atomic-write.js";
import { type PackedFile, packed } from "./archive.js";
import type { HaproxyContainer, Script } from "./container.js";
import { AMEND, COMMIT, CONFIRM, LAST_GOOD, SHOW_FILE, NO_FOLDER } from "./scripts.js";
import { parseShownFile, type FileInContainer } from "./shown-file.js";

/** What of a resource says where and how its file is. */
export type ContainerFileSettings = Pick<Resource, "dest" | "mode" | "uid" | "gid">;

/** Permission bits of a file that nobody has said anything about. */
const DEFAULT_MODE = 0o644;

/** A file is left whole: each step has a deadline of its own, and nobody calls it off. */
const TO_ITS_END = new AbortController().signal;

/** Sent in one archive, with the names by which the files wait. */
interface Waiting {
  readonly files: readonly PackedFile[];
  /** What is to be done so that they are in place, in the words of `COMMIT`. */
  readonly moves: readonly string[];
  /** All that waits, to be removed where it comes to nothing. */
  readonly paths: readonly string[];
  /** The path of the text that is judged. */
  readonly judged: string;
}

/**
 * A file in a container, put there by the archive endpoint of its engine and replaced by rename: what is beside it, the last good
 * one and the dated ones, is in the container as well, so whoever brings the next file finds them.
 */
export class ContainerFile implements Target {
  readonly #settings: ContainerFileSettings;
  readonly #container: HaproxyContainer;
  #looking: Promise<FileInContainer> | undefined;

  constructor(settings: ContainerFileSettings, container: HaproxyContainer) {
    this.#settings = settings;
    this.#container = container;
  }

  async read(): Promise<string | undefined> {
    return (await this.#look()).text;
  }

  async condition(): Promise<TargetCondition> {
    const shown = await this.#look();
    const isWhole = this.#missing(shown.text ?? "", shown).length === 0;
    if (shown.isUnproven) return isWhole ? "unproven" : "torn";
    if (!shown.owned) return "sound";
    const { mode, uid, gid } = this.#wanted(shown);
    const { owned } = shown;
    const isWanted = mode === owned.mode && uid === owned.uid && gid === owned.gid;
    return isWanted && isWhole ? "sound" : "drifted";
  }

  async differences(text: string): Promise<readonly Difference[]> {
    const shown = await this.#look();
    if (shown.text === undefined) return [];
    const sums = [{ what: "md5sum", has: md5Of(shown.text), shouldBe: md5Of(text) } as const];
    const beside = this.#missing(text, shown).map((file) => {
      return {
        what: `md5sum of ${file.name}`,
        has: shown.beside.get(file.name) ?? "",
        shouldBe: md5Of(file.text),
      } as const;
    });
    return [...sums.filter(({ has, shouldBe }) => has !== shouldBe), ...beside];
  }

  async stage(text: string): Promise<Staged> {
    const shown = await this.#look();
    const waiting = this.#waiting(text, shown);
    await this.#send(waiting);
    let isPut = false;
    return {
      path: waiting.judged,
      commit: async (change = "reload") => {
        const names = new Set(this.#carriedBy(text).map(({ name }) => name));
        const others = this.#carriedBy(shown.text ?? "").filter(({ name }) => !names.has(name));
        const removals = others.flatMap(({ name }) => ["rm", inFolderOf(shown.path, name)]);
        await this.#put(shown.path, change, [...waiting.moves, ...removals]);
        isPut = waiting.judged === waiting.paths[0];
      },
      [Symbol.asyncDispose]: async () => {
        if (!isPut) await this.#remove(waiting.paths);
      },
    };
  }

  async amend(): Promise<void> {
    const shown = await this.#look();
    const { mode, uid, gid } = this.#wanted(shown);
    await this.#write({ text: AMEND, args: [shown.path, mode.toString(8), `${uid}:${gid}`] });
    const missing = this.#missing(shown.text ?? "", shown);
    const files = missing.map(({ name, text }) => ({ name, text, mode, uid, gid }));
    if (files.length > 0) await this.#unpack(files, shown.path);
    this.#looking = undefined;
  }

  async confirm(): Promise<void> {
    await this.#write({ text: CONFIRM, args: [await this.#path()] });
    this.#looking = undefined;
  }

  async restore(): Promise<boolean> {
    const shown = await this.#look();
    const { stdout: lastGood } = await this.#write({ text: LAST_GOOD, args: [shown.path] });
    if (lastGood === "") return false;
    const waiting = this.#waiting(lastGood, shown);
    await this.#send(waiting);
    await this.#put(shown.path, "runtime", waiting.moves);
    await this.#remove(waiting.paths);
    return true;
  }

  /** What the container shows; asked for once where several ask at the same time. */
  #look(): Promise<FileInContainer> {
    const looking = (this.#looking ??= this.#lookAnew());
    const forget = (): void => {
      if (this.#looking === looking) this.#looking = undefined;
    };
    looking.then(forget, forget);
    return looking;
  }

  async #lookAnew(): Promise<FileInContainer> {
    const { dest } = this.#settings;
    const { exitCode, stdout, stderr } = await this.#container.script({ text: SHOW_FILE, args: [dest] }, TO_ITS_END);
    if (exitCode === NO_FOLDER) throw this.#fault("file-unreadable", `there is no directory ${dirname(dest)}`);
    const shown = exitCode === 0 ? parseShownFile(stdout) : undefined;
    if (!shown) throw this.#fault("file-unreadable", stderr || `exit code ${exitCode}`);
    return shown;
  }

  async #path(): Promise<string> {
    return (await this.#look()).path;
  }

  #waiting(text: string, shown: FileInContainer): Waiting {
    const { path } = shown;
    const owned = this.#wanted(shown);
    const carried = this.#missing(text, shown).map((file) => {
      const to = inFolderOf(path, file.name);
      return { file, to, staged: stagePathOf(to) };
    });
    const staged = stagePathOf(path);
    const names = new Map(carried.map((each) => [each.file.name, basename(each.staged)]));
    const judgedText = withOtherNames(text, names);
    const judged = judgedText === text ? staged : stagePathOf(path);
    return {
      files: [
        { ...owned, name: basename(staged), text },
        ...carried.map((each) => ({ ...owned, name: basename(each.staged), text: each.file.text })),
        ...(judged === staged ? [] : [{ ...owned, name: basename(judged), text: judgedText }]),
      ],
      moves: [...carried.flatMap((each) => ["mv", each.staged, each.to]), "mv", staged, path],
      paths: [staged, ...carried.map((each) => each.staged), ...(judged === staged ? [] : [judged])],
      judged,
    };
  }

  #wanted({ owned }: FileInContainer): { readonly mode: number; readonly uid: number; readonly gid: number } {
    const { mode, uid, gid } = this.#settings;
    return { mode: mode ?? owned?.mode ?? DEFAULT_MODE, uid: uid ?? owned?.uid ?? 0, gid: gid ?? owned?.gid ?? 0 };
  }

  #missing(text: string, { beside }: FileInContainer): readonly CarriedFile[] {
    return this.#carriedBy(text).filter((file) => beside.get(file.name) !== md5Of(file.text));
  }

  #carriedBy(text: string): readonly CarriedFile[] {
    const start = `${basename(this.#settings.dest)}.`;
    return carriedFiles(text).filter(({ name }) => name.startsWith(start));
  }

  async #send({ files, judged }: Waiting): Promise<void> {
    await this.#unpack(files, judged);
  }

  async #unpack(files: readonly PackedFile[], beside: string): Promise<void> {
    try {
      await this.#container.access.unpack(await packed(files), dirname(beside), TO_ITS_END);
    } catch (error) {
      throw this.#fault("file-unwritable", reasonOf(error), error);
    }
  }

  async #put(path: string, change: string, moves: readonly string[]): Promise<void> {
    await this.#write({ text: COMMIT, args: [path, change, stampOf(wallTime()), ...moves] });
    this.#looking = undefined;
  }

  async #remove(paths: readonly string[]): Promise<void> {
    await this.#write({ text: 'rm -f "$@"', args: paths });
  }

  async #write(script: Script): Promise<{ readonly stdout: string }> {
    const { exitCode, stdout, stderr } = await this.#container.script(script, TO_ITS_END);
    if (exitCode !== 0) throw this.#fault("file-unwritable", stderr || `exit code ${exitCode}`);
    return { stdout };
  }

  #fault(code: "file-unreadable" | "file-unwritable", reason: string, cause?: unknown): HecdError {
    return new HecdError({ code, path: `${this.#container.name}:${this.#settings.dest}`, reason }, { cause });
  }
}

function inFolderOf(path: string, name: string): string {
  return `${dirname(path)}/${name}`;
}

function md5Of(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

function stampOf(date: Date): string {
  const [day = "", time = ""] = date.toISOString().split("T");
  return `${day}-${time.replaceAll(":", "").replace("Z", "")}`;
}
