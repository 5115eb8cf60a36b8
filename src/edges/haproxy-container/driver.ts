import type { InContainer } from "../../core/model/reload-driver.js";
import { reasonOf } from "../../errors.js";
import { isConfiguration } from "../../haproxy/config/config.js";
import { parseMasterStart } from "../../haproxy/master/command-line.js";
import type {
  Adjustment,
  HaproxySettings,
  ProxyDriver,
  ProxyReport,
  ReloadVerdict,
  Resource,
  ShareReload,
  Target,
  Verdict,
} from "../../ports.js";
import type { Made } from "../docker/container-access.js";
import { checkByCommand, type DriverTools, reportReload } from "../haproxy/by-commands.js";
import { judgeBy } from "../haproxy/check.js";
import { askProcesses, reloadByMaster } from "../haproxy/master.js";
import { RuntimeApi } from "../haproxy/runtime.js";
import { SideFile } from "../haproxy/side-file.js";
import { RuntimeUpdater } from "../haproxy/updater.js";
import type { HaproxyContainer } from "./container.js";
import { type Ways, waysTo } from "./relay.js";
import { reloadContainer } from "./signalled.js";

/** What keeps one kind of text in step with what HAProxy has read. */
type Minder = Pick<RuntimeUpdater, "report" | "adjust" | "follow" | "reloaded" | "reloadFailed">;

/** What is known of one container for as long as it is there. */
interface Known {
  readonly made: Made;
  readonly ways: Ways;
  readonly updater: RuntimeUpdater;
  readonly sideFile: SideFile;
}

/** What a driver is made of. */
export interface ContainerDriverParts extends DriverTools {
  readonly container: HaproxyContainer;
  readonly target: Target;
}

/**
 * An HAProxy in a container, which HECD drives through the API of the container's engine: it judges files itself, by its own
 * version, is adjusted through its sockets and reloaded by its master or by a signal.
 */
export class ContainerDriver implements ProxyDriver {
  readonly #resource: Resource;
  readonly #settings: HaproxySettings;
  readonly #reload: InContainer;
  readonly #parts: ContainerDriverParts;
  #known: Known | undefined;
  #minder: Minder | undefined;
  #isReloading = false;
  /** How HAProxy reads something else than the file, in words. */
  #misread: string | undefined;

  constructor(resource: Resource, settings: HaproxySettings, reload: InContainer, parts: ContainerDriverParts) {
    this.#resource = resource;
    this.#settings = settings;
    this.#reload = reload;
    this.#parts = parts;
  }

  get report(): ProxyReport | undefined {
    const report = this.#minder?.report;
    if (!report || this.#misread === undefined) return report;
    return { ...report, agrees: false, differences: [this.#misread, ...report.differences] };
  }

  async check(path: string, signal: AbortSignal): Promise<Verdict> {
    const { container, clock } = this.#parts;
    const { checkCmd, checkWithinMs, dest } = this.#resource;
    if (checkCmd !== undefined) return checkByCommand(checkCmd, path, { deadlineMs: checkWithinMs, clock }, signal);
    const { made, updater } = await this.#now(signal);
    const inside = (await container.inside(path, made, signal)) ?? path;
    const { stdout: text } = await container.script({ text: 'cat "$1"', args: [inside] }, signal);
    const deadlineMs = checkWithinMs + updater.patienceMs(text);
    const begunAt = clock.now();
    const verdict = await judgeBy({ path: inside, dest, text }, async (args) => {
      const { exitCode, stdout, stderr } = await container.access.run(
        { argv: ["haproxy", ...args], deadlineMs },
        signal,
      );
      return { exitCode, signal: null, output: Buffer.concat([stdout, stderr]).toString("utf8").trim() };
    });
    if (verdict.accepted) updater.checked(text, clock.now() - begunAt);
    return verdict;
  }

  async adjust(texts: Parameters<ProxyDriver["adjust"]>[0], signal: AbortSignal): Promise<Adjustment> {
    let known: Known;
    try {
      known = await this.#now(signal);
    } catch (error) {
      signal.throwIfAborted();
      return texts.wanted === texts.file ? { kind: "agrees" } : { kind: "reload", reason: reasonOf(error) };
    }
    const minder = this.#minderOf(texts.wanted, known);
    if (this.#isReloading) return await minder.follow(texts, signal);
    const adjustment = await minder.adjust(texts, signal);
    return adjustment.kind === "agrees" && this.#misread !== undefined
      ? { kind: "differs", output: this.#misread }
      : adjustment;
  }

  async reload(signal: AbortSignal, share: ShareReload = (make) => make()): Promise<ReloadVerdict> {
    const text = (await this.#parts.target.read()) ?? "";
    const known = await this.#now(signal);
    const minder = this.#minderOf(text, known);
    this.#isReloading = true;
    try {
      const by = `docker:${this.#parts.container.name}`;
      const verdict = await known.updater.besideMaster(() =>
        share(() => reportReload(by, this.#parts, () => this.#reloadNow(known, text, signal))),
      );
      if (verdict.kind !== "proven") {
        minder.reloadFailed();
        return verdict;
      }
      const unmended = await minder.reloaded(text, await this.#worker(known, signal), signal);
      this.#misread = await this.#otherFile(known, text, signal);
      const differs = this.#misread ?? unmended;
      return differs === undefined ? verdict : { ...verdict, differs };
    } catch (error) {
      minder.reloadFailed();
      throw error;
    } finally {
      this.#isReloading = false;
    }
  }

  /** What HAProxy says to a command of its runtime API; undefined where no way leads to that. */
  async say(command: string, signal: AbortSignal): Promise<string | undefined> {
    const { sockets, ask } = (await this.#now(signal)).ways;
    const runtime = new RuntimeApi(sockets, this.#parts.clock, ask);
    return runtime.isReachable ? (await runtime.say([command], undefined, signal)).answer : undefined;
  }

  async #reloadNow({ ways, updater }: Known, text: string, signal: AbortSignal): Promise<ReloadVerdict> {
    const { clock, container } = this.#parts;
    const limits = { clock, patientMs: updater.patienceMs(text) };
    const { master } = ways.sockets;
    if (master !== undefined && this.#reload.signal === undefined)
      return await reloadByMaster(master, { ...limits, ask: ways.ask }, signal);
    return await reloadContainer(container, this.#reload.signal ?? "USR2", limits, signal);
  }

  /** The container as it is now; one that was made anew, or restarted with another command, is known anew. */
  async #now(signal: AbortSignal): Promise<Known> {
    const { container, clock, emit } = this.#parts;
    const made = await container.running(signal);
    if (this.#known && JSON.stringify(this.#known.made) === JSON.stringify(made)) return this.#known;
    const started = startedIn(made);
    const ways = await waysTo(container, made, { socket: this.#settings.socket, started }, signal);
    const { name: resource, dest } = this.#resource;
    if (ways.obstacle !== undefined) emit({ kind: "advice", about: container.name, advice: ways.obstacle });
    const parts = { resource, dest, sockets: ways.sockets, ask: ways.ask, clock, emit };
    const known = { made, ways, updater: new RuntimeUpdater(parts), sideFile: new SideFile(parts) };
    this.#known = known;
    this.#misread = undefined;
    return known;
  }

  #minderOf(text: string, { updater, sideFile }: Known): Minder {
    this.#minder = isConfiguration(text) ? updater : sideFile;
    return this.#minder;
  }

  /** The pid of the worker that serves now, as HAProxy numbers it; undefined when there is no master to ask. */
  async #worker({ ways }: Known, signal: AbortSignal): Promise<number | undefined> {
    const { master } = ways.sockets;
    if (master === undefined) return undefined;
    return (await askProcesses(master, signal, ways.ask))?.workers.at(-1)?.pid;
  }

  /** How HAProxy was started with something else than the file, in words; undefined where it was not. */
  async #otherFile({ made }: Known, text: string, signal: AbortSignal): Promise<string | undefined> {
    const { container } = this.#parts;
    const { files } = startedIn(made);
    if (files.length === 0 || !isConfiguration(text)) return undefined;
    const { dest } = this.#resource;
    const inside = (await container.inside(dest, made, signal)) ?? dest;
    const { exitCode } = await container.script({ text: IS_AMONG, args: [inside, ...files] }, signal);
    if (exitCode === 0) return undefined;
    return `HAProxy was started with -f ${files.join(", ")}, and that is not ${inside}; give dest that path or, where the file is mounted by itself, mount its directory instead`;
  }
}

/** Whether `$1` is, or is in, one of the other arguments, or has the same text as one of them. */
const IS_AMONG = `
p=$1; shift
for f; do
  if [ "$(readlink -f "$p")" = "$(readlink -f "$f")" ] || [ -d "$f" ] || cmp -s "$p" "$f"; then exit 0; fi
done
exit 1`;

/** An entrypoint may stand before HAProxy, whose own words follow it. */
function startedIn({ argv }: Made): ReturnType<typeof parseMasterStart> {
  const at = argv.findIndex((word) => /(^|\/)haproxy$/.test(word));
  return parseMasterStart(`${argv.slice(Math.max(0, at)).join("\0")}\0`);
}
