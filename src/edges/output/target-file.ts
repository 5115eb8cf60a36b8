import { createHash } from "node:crypto";
import { constants, realpathSync, type Stats, statSync } from "node:fs";
import { chmod, copyFile, type FileHandle, open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Difference, Emit } from "../../core/events/event.js";
import { HecdError, reasonOf } from "../../errors.js";
import { lastResort, wallTime } from "../../flow/clock.js";
import type { TargetCondition, Resource, Staged, Target } from "../../ports.js";
import { type Owned, removeStale, replaceFile, stagePathOf, syncDirectory, writeNew } from "../files/atomic-write.js";
import { codeOf } from "../files/errno.js";
import { FileText, STEP_MS } from "../files/file-text.js";
import { followLinks } from "../files/links.js";
import { isMountedByItself } from "../files/mounts.js";
import { CarriedFiles, type StagedFiles } from "./carried-files.js";
import { keepBackup, keepOriginal } from "./target-backups.js";

/** What of a resource says where and how its file is. */
export type TargetSettings = Pick<Resource, "dest" | "mode" | "uid" | "gid" | "afterFailedReload">;

/** What is usually not there costs no error. */
const MAY_BE_MISSING = { throwIfNoEntry: false } as const;

/** How a file is opened that was no link a moment ago. */
const READ_NO_LINK = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const OVERWRITE_NO_LINK = constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW;

/** Permissions of a copy of what is not there. */
const NOBODYS: Owned = { mode: 0o600, isOwnerWanted: false };

/** How long it is taken for certain whether a file is mounted by itself. */
const LOOK_EVERY_MS = 10_000;

/** Permission bits of a file that nobody has said anything about. */
const DEFAULT_MODE = 0o644;

/**
 * A file on disk, replaced by rename beside itself.
 *
 * A symbolic link stays one; its target is replaced. Beside the file lie `.<name>.hecd-last-good` while the present
 * one is unproven, and `.hecd-backup/` with the last ten before a reload, and for good what was there before the first; where a failed reload does not bring the old one back, no text
 * is kept. What a text carries besides lies beside the file, see `CarriedFiles`; the two come into place together, the
 * text last. A file that is mounted by itself, here or for another process, is overwritten instead, and that is told once.
 */
export class TargetFile implements Target {
  readonly #settings: TargetSettings;
  readonly #emit: Emit;
  readonly #keepsStage: boolean;
  readonly #later: typeof lastResort;
  readonly #text = new FileText();
  readonly #carried: CarriedFiles;
  #isSwept = false;
  #isOriginalKept = false;
  #isToldInPlace = false;
  #mounted = { is: false, until: Number.NEGATIVE_INFINITY };

  /** With `keepsStage` what was staged stays, whatever becomes of it; `later` does what has time. */
  constructor(settings: TargetSettings, emit: Emit, keepsStage = false, later = lastResort) {
    this.#later = later;
    this.#settings = settings;
    this.#carried = new CarriedFiles(settings.dest);
    this.#emit = emit;
    this.#keepsStage = keepsStage;
  }

  // This and `condition` come before every change of a running HAProxy, and do without Node's threads; see FileText.
  async read(): Promise<string | undefined> {
    return this.#looking((path) => this.#text.read(path));
  }

  async condition(): Promise<TargetCondition> {
    const isWhole = this.#looking((path) => this.#carried.areSound(this.#text.read(path))) ?? true;
    if (this.#isUnproven()) return isWhole ? "unproven" : "torn";
    const present = this.#looking((path) => statSync(path, MAY_BE_MISSING));
    const { mode, uid, gid } = this.#settings;
    if (!present) return "sound";
    const isWanted =
      (mode ?? present.mode & 0o7777) === (present.mode & 0o7777) &&
      (uid ?? present.uid) === present.uid &&
      (gid ?? present.gid) === present.gid;
    return isWanted && isWhole ? "sound" : "drifted";
  }

  /** Reads what has just been written as soon as its times tell it from anything later: the next change is in a hurry. */
  #lookLater(): void {
    this.#later(2 * STEP_MS, () => {
      this.condition().catch(() => undefined); // whoever asks for it is told
    });
  }

  #isUnproven(): boolean {
    return this.#looking((path) => statSync(lastGoodOf(realpathSync.native(path)), MAY_BE_MISSING)) !== undefined;
  }

  async differences(text: string): Promise<readonly Difference[]> {
    const present = await this.#reading(async (path) => ({ bytes: await readFile(path), stats: await stat(path) }));
    if (!present) return [];
    const { bytes, stats } = present;
    const { mode, uid, gid } = this.#settings;
    const bits = stats.mode & 0o7777;
    const all: readonly Difference[] = [
      { what: "UID", has: String(stats.uid), shouldBe: String(uid ?? stats.uid) },
      { what: "GID", has: String(stats.gid), shouldBe: String(gid ?? stats.gid) },
      { what: "mode", has: formatMode(bits), shouldBe: formatMode(mode ?? bits) },
      { what: "md5sum", has: md5Of(bytes), shouldBe: md5Of(text) },
    ];
    return [...all.filter(({ has, shouldBe }) => has !== shouldBe), ...this.#carried.differences(text)];
  }

  async stage(text: string): Promise<Staged> {
    return this.#writing(async (path) => {
      if (!this.#isSwept && !this.#keepsStage) await removeStale(path);
      this.#isSwept = true;
      const staged = stagePathOf(path);
      const owned = await this.#wantedFor(path);
      const carried = await this.#carried.stage(text, owned);
      await writeNew(staged, text, owned);
      const judged = carried.judged === text ? staged : stagePathOf(path);
      if (judged !== staged) await writeNew(judged, carried.judged, owned);
      return {
        path: judged,
        commit: (change = "reload") =>
          this.#writing(async (present) => {
            const before = (await this.read()) ?? "";
            await this.#rememberLastGood(present, change);
            await this.#commit(staged, present, carried);
            await this.#carried.removeOthers(before, text);
            this.#text.expect(text);
            this.#lookLater();
          }),
        [Symbol.asyncDispose]: async () => {
          if (this.#keepsStage) return;
          await carried.dispose();
          await rm(judged, { force: true });
          await rm(staged, { force: true });
        },
      };
    });
  }

  async amend(): Promise<void> {
    await this.#writing(async (path) => {
      const { uid, gid, mode } = await this.#wantedFor(path);
      {
        await using file = await open(path, READ_NO_LINK);
        await file.chown(uid, gid); // before chmod, because it takes the set-id bits away
        await file.chmod(mode);
      }
      await this.#carried.write(this.#text.read(path), await this.#wantedFor(path));
    });
  }

  async confirm(): Promise<void> {
    await this.#writing((path) => rm(lastGoodOf(path), { force: true }));
  }

  async restore(): Promise<boolean> {
    return this.#writing(async (path) => {
      const lastGood = await readFile(lastGoodOf(path), { flag: READ_NO_LINK }).catch((error: unknown) => {
        if (codeOf(error) === "ENOENT") return Buffer.alloc(0);
        throw error;
      });
      if (lastGood.length === 0) return false;
      const staged = stagePathOf(path);
      const owned = ownedOf(await stat(lastGoodOf(path)));
      await this.#carried.write(lastGood.toString("utf8"), owned);
      await writeNew(staged, lastGood, owned);
      await this.#put(staged, path);
      return true;
    });
  }

  async #commit(staged: string, path: string, carried: StagedFiles): Promise<void> {
    await carried.commit();
    if (!this.#keepsStage) return this.#put(staged, path);
    const copy = stagePathOf(path);
    await copyFile(staged, copy, constants.COPYFILE_EXCL);
    await chmod(copy, (await stat(staged)).mode & 0o7777);
    await this.#put(copy, path);
  }

  /** Keeps the present file until the new one is proven; one that is unproven itself is not worth it. */
  async #rememberLastGood(path: string, change: "reload" | "runtime"): Promise<void> {
    if (this.#isUnproven()) return;
    if (this.#settings.afterFailedReload === "keep") return replaceFile(lastGoodOf(path), "", NOBODYS);
    const present = await this.#reading(async () => ({ bytes: await readFile(path), stats: await stat(path) }));
    // An empty one says that there was none: an empty file has never been of use to HAProxy.
    const owned = present ? ownedOf(present.stats) : NOBODYS;
    await replaceFile(lastGoodOf(path), present?.bytes ?? "", owned);
    if (!this.#isOriginalKept) {
      const original = await keepOriginal(path, present?.bytes ?? Buffer.alloc(0), owned);
      if (original !== undefined) this.#emit({ kind: "original-kept", path, copy: original });
      this.#isOriginalKept = true;
    }
    // Changes at run time are many, and would leave nothing else of the ten; the history has them.
    if (present && change === "reload") await keepBackup(path, present.bytes, owned);
  }

  async #put(staged: string, path: string): Promise<void> {
    if (await this.#isMounted(path)) return this.#overwrite(staged, path);
    try {
      await rename(staged, path);
    } catch (error) {
      if (codeOf(error) !== "EBUSY") throw error;
      return this.#overwrite(staged, path);
    }
    await syncDirectory(dirname(path));
  }

  async #overwrite(staged: string, path: string): Promise<void> {
    const bytes = await readFile(staged);
    {
      await using file = await open(path, OVERWRITE_NO_LINK);
      await file.writeFile(bytes);
      await file.sync();
      await likenOwner(file, await stat(staged));
    }
    await rm(staged);
    if (!this.#isToldInPlace) this.#emit({ kind: "written-in-place", path });
    this.#isToldInPlace = true;
  }

  /** Looking costs a few milliseconds, so it is not done for each of many changes. */
  async #isMounted(path: string): Promise<boolean> {
    const now = wallTime().getTime();
    if (now < this.#mounted.until && now >= this.#mounted.until - LOOK_EVERY_MS) return this.#mounted.is;
    this.#mounted = { is: await isMountedByItself(path), until: now + LOOK_EVERY_MS };
    return this.#mounted.is;
  }

  async #wantedFor(path: string): Promise<Owned & { readonly uid: number; readonly gid: number }> {
    const { mode, uid, gid } = this.#settings;
    const present = await stat(path).catch(() => undefined);
    return {
      mode: mode ?? (present ? present.mode & 0o7777 : DEFAULT_MODE),
      uid: uid ?? present?.uid ?? -1, // -1 leaves it as it is
      gid: gid ?? present?.gid ?? -1,
      isOwnerWanted: uid !== undefined || gid !== undefined,
    };
  }

  #looking<T>(act: (path: string) => T): T | undefined {
    try {
      return act(this.#settings.dest);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw this.#fault("file-unreadable", error);
    }
  }

  async #reading<T>(act: (path: string) => Promise<T>): Promise<T | undefined> {
    try {
      return await act(await followLinks(this.#settings.dest));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw this.#fault("file-unreadable", error);
    }
  }

  async #writing<T>(act: (path: string) => Promise<T>): Promise<T> {
    try {
      return await act(await followLinks(this.#settings.dest));
    } catch (error) {
      throw this.#fault("file-unwritable", error);
    }
  }

  #fault(code: "file-unreadable" | "file-unwritable", error: unknown): HecdError {
    if (error instanceof HecdError) return error;
    const { dest } = this.#settings;
    const reason =
      codeOf(error) === "ENOENT" ? `there is no directory ${dirname(dest)} (${reasonOf(error)})` : reasonOf(error);
    return new HecdError({ code, path: dest, reason }, { cause: error });
  }
}

/** Gives a file that was overwritten the owner and the permissions of the one that could not take its place. */
async function likenOwner(file: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  const present = await file.stat();
  if (present.uid !== uid || present.gid !== gid) await file.chown(uid, gid);
  if (present.mode !== mode) await file.chmod(mode & 0o7777);
}

function ownedOf(stats: { readonly mode: number; readonly uid: number; readonly gid: number }): Owned {
  return { mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, isOwnerWanted: false };
}

function md5Of(content: string | Uint8Array): string {
  return createHash("md5").update(content).digest("hex");
}

/** Permission bits as `ls` shows them, such as `-rw-r--r--`. */
function formatMode(bits: number): string {
  return `-${"rwxrwxrwx".replace(/./g, (letter, index: number) => ((bits >> (8 - index)) & 1 ? letter : "-"))}`;
}

function lastGoodOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.hecd-last-good`);
}
