import { readFile, stat } from "node:fs/promises";
import { newBinds } from "../../haproxy/config/binds.js";
import { isConfiguration } from "../../haproxy/config/config.js";
import type {
  Adjustment,
  ProxyDriver,
  ProxyReport,
  HaproxySettings,
  ReloadVerdict,
  Resource,
  ShareReload,
  Verdict,
} from "../../ports.js";
import { CertificateKeeper } from "../certificates/certificate-keeper.js";
import { judgeFormat } from "../host/output-format.js";
import { type DriverTools, checkByCommand, reportReload } from "./by-commands.js";
import { checkByHaproxy } from "./check.js";
import { StartedConfiguration } from "./config-file.js";
import { askProcesses } from "./master.js";
import { isInOurNetwork, obstacleAmong } from "./ports.js";
import { reloadBy } from "./reload.js";
import { RuntimeApi, socketsOf } from "./runtime.js";
import { AllServerStates, type ServerStates } from "./server-states.js";
import { SideFile } from "./side-file.js";
import { RuntimeUpdater } from "./updater.js";

/** How often old workers are counted. */
const WATCH_EVERY_MS = 5_000;

/** What keeps one kind of text in step with what HAProxy has read. */
type Minder = Pick<RuntimeUpdater, "report" | "adjust" | "follow" | "reloaded" | "reloadFailed">;

/** An HAProxy that HECD drives itself. */
export class HaproxyDriver implements ProxyDriver {
  readonly #resource: Resource;
  readonly #settings: HaproxySettings;
  readonly #tools: DriverTools;
  readonly #updater: RuntimeUpdater;
  readonly #sideFile: SideFile;
  readonly #certificates: CertificateKeeper;
  /** Which of the two minds the text that was last to be brought in. */
  #minder: Minder;
  #watchedAt = Number.NEGATIVE_INFINITY;
  /** How HAProxy reads something else than the file, in words. */
  #misread: string | undefined;
  /** Which file it was when that was looked at last. */
  #comparedFile: string | undefined;
  readonly #started = new StartedConfiguration();
  #isReloading = false;
  readonly #states: ServerStates;
  #isStateFailureTold = false;

  /** Files of one HAProxy are to have their states in common. */
  constructor(resource: Resource, settings: HaproxySettings, tools: DriverTools, states = new AllServerStates()) {
    this.#resource = resource;
    this.#settings = settings;
    this.#tools = tools;
    const parts = { resource: resource.name, dest: resource.dest, sockets: socketsOf(settings), ...tools };
    this.#updater = new RuntimeUpdater(parts);
    this.#sideFile = new SideFile(parts);
    this.#certificates = new CertificateKeeper({ ...parts, runtime: new RuntimeApi(parts.sockets, tools.clock) });
    this.#minder = this.#updater;
    this.#states = states.of(settings, tools.clock);
    this.#states.readFrom(resource.dest);
  }

  get report(): ProxyReport {
    const certificates = this.#minder === this.#updater ? this.#certificates.report : [];
    const report = { ...this.#minder.report, ...(certificates.length > 0 && { certificates }) };
    if (this.#misread === undefined) return report;
    return { ...report, agrees: false, differences: [this.#misread, ...report.differences] };
  }

  watch(signal: AbortSignal): AsyncIterable<unknown> {
    return this.#certificates.watch(signal);
  }

  async check(path: string, signal: AbortSignal): Promise<Verdict> {
    const { checkCmd, checkWithinMs, outputFormat, dest } = this.#resource;
    const { clock } = this.#tools;
    const fault = outputFormat && (await judgeFormat(path, outputFormat));
    if (fault !== undefined) return { accepted: false, output: fault };
    const [text, present] = await Promise.all([textOf(path), textOf(dest)]);
    const binds = text === undefined || !isConfiguration(text) ? [] : newBinds(present, text);
    const obstacle = binds.length > 0 && (await this.#isHere(signal)) ? await obstacleAmong(binds) : undefined;
    if (obstacle !== undefined) return { accepted: false, output: obstacle };
    if (text !== undefined) this.#tellOfStates(await this.#states.have(text));
    if (checkCmd === undefined) return this.#checkByHaproxy(path, text ?? "", signal);
    const deadlineMs = checkWithinMs + this.#updater.patienceMs(text ?? "");
    const verdict = await checkByCommand(checkCmd, path, { deadlineMs, clock }, signal);
    // A command may have no objection to a configuration that has become none; a map or a list never was one.
    return verdict.accepted && isConfiguration(present ?? "") && !isConfiguration(text ?? "")
      ? { accepted: false, output: "It has no section" }
      : verdict;
  }

  /** What HAProxy takes for a check, it will take for loading the text as well. */
  async #checkByHaproxy(path: string, text: string, signal: AbortSignal): Promise<Verdict> {
    const { clock } = this.#tools;
    const checkWithinMs = this.#resource.checkWithinMs + this.#updater.patienceMs(text);
    const begunAt = clock.now();
    const verdict = await checkByHaproxy(path, { ...this.#resource, checkWithinMs }, this.#tools, signal);
    if (verdict.accepted) this.#updater.checked(text, clock.now() - begunAt);
    return verdict;
  }

  async adjust(texts: Parameters<ProxyDriver["adjust"]>[0], signal: AbortSignal): Promise<Adjustment> {
    const minder = this.#minderOf(texts.wanted);
    if (this.#isReloading) return await minder.follow(texts, signal);
    const adjustment = await minder.adjust(texts, signal);
    const isPresent = minder === this.#updater && texts.file !== undefined;
    const reason = isPresent ? await this.#certificates.adjust(texts.file, signal) : undefined;
    if (adjustment.kind === "reload") return adjustment;
    const { clock } = this.#tools;
    if (clock.now() - this.#watchedAt >= WATCH_EVERY_MS) {
      this.#watchedAt = clock.now();
      await this.#watch(signal);
    }
    if (reason !== undefined && adjustment.kind !== "partial" && (await this.#wouldLoad(texts, signal)))
      return { kind: "reload", reason };
    return this.#misread === undefined ? adjustment : { kind: "differs", output: this.#misread };
  }

  /** Whether a reload for the sake of a certificate would succeed; a text that is new is checked on its way. */
  async #wouldLoad(
    { wanted, file }: { readonly wanted: string; readonly file: string | undefined },
    signal: AbortSignal,
  ): Promise<boolean> {
    if (wanted !== file) return true;
    const { accepted, output } = await this.check(this.#resource.dest, signal);
    if (!accepted) this.#certificates.refuse(output);
    return accepted;
  }

  /** See `ProxyDriver`; HAProxy's `mworker-max-reloads` ends a worker after so many. */
  async outlivedReloads(signal: AbortSignal): Promise<number> {
    const { reload } = this.#settings;
    if (reload.kind !== "master") return 0;
    const processes = await askProcesses(reload.socket, signal).catch(() => undefined);
    signal.throwIfAborted();
    return Math.max(0, ...(processes?.oldWorkers ?? []).map(({ reloads }) => reloads));
  }

  async reload(signal: AbortSignal, share: ShareReload = (make) => make()): Promise<ReloadVerdict> {
    const { reload } = this.#settings;
    const text = await textOf(this.#resource.dest);
    const patientMs = this.#updater.patienceMs(text ?? "");
    const limits = { deadlineMs: this.#resource.reloadWithinMs + patientMs, clock: this.#tools.clock };
    const minder = this.#minderOf(text ?? "");
    await this.#certificates.keepObtained(text ?? "", signal);
    this.#isReloading = true;
    try {
      const verdict = await this.#updater.besideMaster(() =>
        share(async () => {
          await this.#keepStates(signal);
          return await reportReload(reload.kind, this.#tools, () => reloadBy(reload, limits, patientMs, signal));
        }),
      );
      if (verdict.kind !== "proven" || text === undefined) {
        minder.reloadFailed();
        return verdict;
      }
      this.#certificates.reloaded();
      const unmended = await minder.reloaded(text, await this.#worker(signal), signal);
      this.#comparedFile = undefined;
      await this.#compareFiles(signal);
      const differs = this.#misread ?? unmended;
      return differs === undefined ? verdict : { ...verdict, differs };
    } catch (error) {
      minder.reloadFailed();
      throw error;
    } finally {
      this.#isReloading = false;
    }
  }

  #minderOf(text: string): Minder {
    this.#minder = isConfiguration(text) ? this.#updater : this.#sideFile;
    return this.#minder;
  }

  /** What fails is told once, and the reload goes on. */
  async #keepStates(signal: AbortSignal): Promise<void> {
    this.#tellOfStates(await this.#states.keep(signal));
  }

  #tellOfStates(failure: string | undefined): void {
    if (failure !== undefined && !this.#isStateFailureTold) {
      const advice = `servers that are down will be taken for up after a reload, until their checks speak: ${failure}`;
      this.#tools.emit({ kind: "advice", about: this.#resource.name, advice });
    }
    this.#isStateFailureTold = failure !== undefined;
  }

  /** Looks whether HAProxy reads the file at all, where that is new or was not so before. */
  async #compareFiles(signal: AbortSignal): Promise<void> {
    const { dest } = this.#resource;
    const { reload } = this.#settings;
    const file = await identityOf(dest);
    if (reload.kind !== "master" || (file === this.#comparedFile && this.#misread === undefined)) return;
    this.#comparedFile = file;
    const master = (await askProcesses(reload.socket, signal).catch(() => undefined))?.master.pid;
    signal.throwIfAborted();
    const isReadWhole = isConfiguration((await textOf(dest)) ?? "");
    const other =
      master !== undefined && isReadWhole ? await this.#started.otherThan(dest, master, reload.socket) : undefined;
    this.#misread =
      other &&
      `HAProxy was started with -f ${other}, and that is not what ${dest} holds; start it with that path or, where the file is mounted by itself, mount its directory instead`;
  }

  /** The pid of the worker that serves now; undefined when there is no master to ask. */
  async #worker(signal: AbortSignal): Promise<number | undefined> {
    const { reload } = this.#settings;
    if (reload.kind !== "master") return undefined;
    return (await askProcesses(reload.socket, signal))?.workers.at(-1)?.pid;
  }

  /** Whether its ports are those that we see. */
  async #isHere(signal: AbortSignal): Promise<boolean> {
    const pid = (await this.#worker(signal)) ?? this.report.pid;
    return pid !== undefined && (await isInOurNetwork(pid));
  }

  /** Emits how many old workers there are and how much memory they hold, and looks after what changes slowly. */
  async #watch(signal: AbortSignal): Promise<void> {
    await this.#states.wipe().catch(() => undefined); // who cannot write there hears of it at the next reload
    await this.#compareFiles(signal);
    const { reload } = this.#settings;
    if (reload.kind !== "master") return;
    const oldWorkers = (await askProcesses(reload.socket, signal).catch(() => undefined))?.oldWorkers ?? [];
    signal.throwIfAborted();
    const bytes = await Promise.all(oldWorkers.map(({ pid }) => residentBytesOf(pid)));
    this.#tools.emit({
      kind: "haproxy-watched",
      resource: this.#resource.name,
      oldWorkers: oldWorkers.length,
      oldBytes: bytes.reduce((sum, each) => sum + each, 0),
      leaving: this.report.leaving.length,
    });
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined); // whatever the reason, nothing is known of it then
}

/** Tells apart which file is at a path, and when it was written; undefined when there is none. */
async function identityOf(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats && `${stats.ino} ${stats.mtimeMs}`;
}

const PAGE_BYTES = 4_096;

async function residentBytesOf(pid: number): Promise<number> {
  const [, pages = "0"] = ((await textOf(`/proc/${pid}/statm`)) ?? "").split(" ");
  return Number(pages) * PAGE_BYTES;
}
