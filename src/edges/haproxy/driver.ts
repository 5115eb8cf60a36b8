import { readFile, stat } from "node:fs/promises";
import { reasonOf } from "../../errors.js";
import { newBinds } from "../../haproxy/config/binds.js";
import { isConfiguration } from "../../haproxy/config/config.js";
import { modelOf } from "../../haproxy/config/model.js";
import { NO_STATES, stateFileIn } from "../../haproxy/runtime/state-file.js";
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
import { judgeFormat } from "../host/output-format.js";
import { type DriverTools, checkByCommand, reportReload } from "./by-commands.js";
import { checkByHaproxy } from "./check.js";
import { otherConfiguration } from "./config-file.js";
import { askProcesses } from "./master.js";
import { isInOurNetwork, obstacleAmong } from "./ports.js";
import { reloadBy } from "./reload.js";
import { socketsOf } from "./runtime.js";
import { SideFile } from "./side-file.js";
import { replaceStateFile } from "./state-file.js";
import { RuntimeUpdater } from "./updater.js";

/** How often old workers are counted. */
const WATCH_EVERY_MS = 5_000;

/** How long after a reload the states that were kept for it are wiped: a later start is to ask the servers itself. */
const STATES_LAST_MS = 10_000;

/** What keeps one kind of text in step with what HAProxy has read. */
type Minder = Pick<RuntimeUpdater, "report" | "adjust" | "reloaded" | "reloadFailed">;

/** An HAProxy that HECD drives itself. */
export class HaproxyDriver implements ProxyDriver {
  readonly #resource: Resource;
  readonly #settings: HaproxySettings;
  readonly #tools: DriverTools;
  readonly #updater: RuntimeUpdater;
  readonly #sideFile: SideFile;
  /** Which of the two minds the text that was last to be brought in. */
  #minder: Minder;
  #watchedAt = Number.NEGATIVE_INFINITY;
  /** How HAProxy reads something else than the file, in words. */
  #misread: string | undefined;
  /** Which file it was when that was looked at last. */
  #comparedFile: string | undefined;
  #hasStates = false;
  #keptStates: { readonly path: string; readonly at: number } | undefined;
  #untold = true;

  constructor(resource: Resource, settings: HaproxySettings, tools: DriverTools) {
    this.#resource = resource;
    this.#settings = settings;
    this.#tools = tools;
    const parts = { resource: resource.name, dest: resource.dest, sockets: socketsOf(settings), ...tools };
    this.#updater = new RuntimeUpdater(parts);
    this.#sideFile = new SideFile(parts);
    this.#minder = this.#updater;
  }

  get report(): ProxyReport {
    const { report } = this.#minder;
    if (this.#misread === undefined) return report;
    return { ...report, agrees: false, differences: [this.#misread, ...report.differences] };
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
    if (text !== undefined) await this.#haveStates(text);
    if (checkCmd === undefined) return checkByHaproxy(path, this.#resource, this.#tools, signal);
    const verdict = await checkByCommand(checkCmd, path, { deadlineMs: checkWithinMs, clock }, signal);
    // A command may have no objection to a configuration that has become none; a map or a list never was one.
    return verdict.accepted && isConfiguration(present ?? "") && !isConfiguration(text ?? "")
      ? { accepted: false, output: "It has no section" }
      : verdict;
  }

  async adjust(
    texts: { readonly wanted: string; readonly file: string | undefined },
    signal: AbortSignal,
  ): Promise<Adjustment> {
    const adjustment = await this.#minderOf(texts.wanted).adjust(texts, signal);
    if (adjustment.kind === "reload") return adjustment;
    const { clock } = this.#tools;
    if (clock.now() - this.#watchedAt >= WATCH_EVERY_MS) {
      this.#watchedAt = clock.now();
      await this.#watch(signal);
    }
    return this.#misread === undefined ? adjustment : { kind: "differs", output: this.#misread };
  }

  async reload(signal: AbortSignal, share: ShareReload = (make) => make()): Promise<ReloadVerdict> {
    const { reload } = this.#settings;
    const limits = { deadlineMs: this.#resource.reloadWithinMs, clock: this.#tools.clock };
    const text = await textOf(this.#resource.dest);
    const minder = this.#minderOf(text ?? "");
    if (text !== undefined && isConfiguration(text)) await this.#keepStates(text, signal);
    try {
      const verdict = await share(() => reportReload(reload.kind, this.#tools, () => reloadBy(reload, limits, signal)));
      if (verdict.kind !== "proven" || text === undefined) {
        minder.reloadFailed();
        return verdict;
      }
      const unmended = await minder.reloaded(text, await this.#worker(signal), signal);
      this.#comparedFile = undefined;
      await this.#compareFiles(signal);
      const differs = this.#misread ?? unmended;
      return differs === undefined ? verdict : { ...verdict, differs };
    } catch (error) {
      minder.reloadFailed();
      throw error;
    }
  }

  #minderOf(text: string): Minder {
    this.#minder = isConfiguration(text) ? this.#updater : this.#sideFile;
    return this.#minder;
  }

  /** Makes the state file that a text names where there is none yet: HAProxy 2.6 warns of it. */
  async #haveStates(text: string): Promise<void> {
    if (this.#hasStates || !isConfiguration(text)) return;
    const path = stateFileIn(modelOf(text));
    if (path === undefined) return;
    this.#hasStates = true;
    if ((await textOf(path)) === undefined) await this.#writeStates(path, NO_STATES);
  }

  /** Has servers that are down stay so in the process that a reload brings; whatever fails is told, and the reload goes on. */
  async #keepStates(text: string, signal: AbortSignal): Promise<void> {
    const states = await this.#updater.statesFor(text, signal);
    if (states && (await this.#writeStates(states.path, states.content))) {
      this.#keptStates = { path: states.path, at: this.#tools.clock.now() };
    }
  }

  async #wipeStates(): Promise<void> {
    if (!this.#keptStates || this.#tools.clock.now() - this.#keptStates.at < STATES_LAST_MS) return;
    const { path } = this.#keptStates;
    this.#keptStates = undefined;
    await this.#writeStates(path, NO_STATES);
  }

  async #writeStates(path: string, content: string): Promise<boolean> {
    try {
      await replaceStateFile(path, content);
      this.#untold = true;
      return true;
    } catch (error) {
      const advice = `servers that are down will be taken for up after a reload, until their checks speak: ${reasonOf(error)}`;
      if (this.#untold) this.#tools.emit({ kind: "advice", about: this.#resource.name, advice });
      this.#untold = false;
      return false;
    }
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
      master !== undefined && isReadWhole ? await otherConfiguration(dest, master, reload.socket) : undefined;
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
    await this.#wipeStates();
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
