import type { Emit } from "../../core/events/event.js";
import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { isConfiguration } from "../../haproxy/config/config.js";
import { type Model, modelOf } from "../../haproxy/config/model.js";
import {
  afterFailedReload,
  afterLook,
  afterReload,
  afterSilence,
  agreesWith,
  arrived,
  type Belief,
  differencesIn,
  givenUp,
  isSettled,
  type Known,
  partway,
  pidOf,
  runningModel,
  UNSEEN,
} from "../../haproxy/runtime/belief.js";
import { paceAfterCheck, pairsIn, patienceMs, USUAL_PACE } from "../../haproxy/runtime/budget.js";
import { type Capabilities, capabilitiesOf } from "../../haproxy/runtime/capabilities.js";
import { changeBetween, type RuntimeCommands } from "../../haproxy/runtime/change.js";
import { describeCommands } from "../../haproxy/words/describe-commands.js";
import { withRemedies } from "../../haproxy/runtime/remedies.js";
import { RetiringServers } from "../../haproxy/runtime/retiring-servers.js";
import { comparedWithEdit, despiteReload, serversIn } from "../../haproxy/words/differences.js";
import type { Adjustment, ProxyDriver, ProxyReport } from "../../ports.js";
import { type Course, giveCommands, showMaps } from "./give-commands.js";
import { Contact, Lingering } from "./lasting.js";
import { RuntimeApi, type RuntimeSockets } from "./runtime.js";
import type { Ask } from "./socket.js";

/** What an updater works with. */
export interface RuntimeUpdaterParts {
  /** The resource whose HAProxy it is. */
  readonly resource: string;
  readonly sockets: RuntimeSockets;
  /** What leads to them where they are not of this machine. */
  readonly ask?: Ask;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What HAProxy is to run, and what a process that is started now would read. */
type Texts = Parameters<ProxyDriver["adjust"]>[0];

/** How old the last look at all servers may be, however busy the store. */
const LOOK_EVERY_MS = 5_000;

/** Changes the servers of a running HAProxy without a reload: asks it, and acts on what is believed of it by then. */
export class RuntimeUpdater {
  readonly #parts: RuntimeUpdaterParts;
  readonly #runtime: RuntimeApi;
  readonly #contact: Contact;
  readonly #lingering: Lingering;
  readonly #retiringServers = new RetiringServers();
  #belief: Belief = UNSEEN;
  /** The text that HAProxy was last to run. */
  #wanted: string | undefined;
  #newest: { readonly text: string; readonly model: Model } | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #lastReload: string | undefined;
  #pace = USUAL_PACE;

  constructor(parts: RuntimeUpdaterParts) {
    this.#parts = parts;
    this.#runtime = new RuntimeApi(parts.sockets, parts.clock, parts.ask);
    this.#contact = new Contact(parts);
    this.#lingering = new Lingering(parts.clock);
  }

  get report(): ProxyReport {
    return {
      version: this.#runtime.version,
      pid: pidOf(this.#belief),
      agrees: agreesWith(this.#belief, this.#wanted),
      differences: differencesIn(this.#belief),
      silence: this.#contact.silence,
      leaving: [...this.#retiringServers.all.keys()],
      lastReload: this.#lastReload,
    };
  }

  /** See `ProxyDriver.adjust`; rejects by the signal alone. */
  async adjust(texts: Texts, signal: AbortSignal): Promise<Adjustment> {
    const before = this.#belief.kind === "unknown" ? texts.file : this.#belief.text;
    let adjustment: Adjustment;
    try {
      adjustment = await this.#adjust(texts, signal);
      if (adjustment.kind === "reload" && texts.isEdited === true && before === texts.file)
        adjustment = { ...adjustment, reason: comparedWithEdit(adjustment.reason) };
    } catch (error) {
      signal.throwIfAborted();
      adjustment = this.#unanswered(texts, reasonOf(error));
    }
    this.#wanted = texts.wanted;
    if (adjustment.kind === "reload") this.#lastReload = adjustment.reason;
    return adjustment;
  }

  /**
   * The same while HAProxy loads another configuration: the worker that serves meanwhile is brought as near as commands
   * lead. Does nothing where only the master leads to it, which does not answer then.
   */
  async follow(texts: Texts, signal: AbortSignal): Promise<Adjustment> {
    const known = this.#belief;
    const isPossible = this.#parts.sockets.admin !== undefined && known.kind !== "unknown" && known.pid !== undefined;
    if (!isPossible) return { kind: "reload", reason: "it loads another configuration" };
    return await this.#lead(known, texts, signal);
  }

  /** Reloads by this, and asks the master nothing meanwhile. */
  besideMaster<T>(reload: () => Promise<T>): Promise<T> {
    return this.#runtime.besideMaster(reload);
  }

  /** A check of this text has taken so long; loading it will take the same. */
  checked(text: string, tookMs: number): void {
    this.#pace = paceAfterCheck(this.#pace, this.#pairsIn(text), tookMs);
  }

  /** How much longer than usual a check, or a reload, of this text may take. */
  patienceMs(text: string): number {
    return patienceMs(this.#pairsIn(text));
  }

  /**
   * A reload is proven: HAProxy has read this text, in the worker of this pid where that is known. Compares what runs
   * with it and leads it there; resolves to what differs all the same.
   */
  async reloaded(text: string, pid: number | undefined, signal: AbortSignal): Promise<string | undefined> {
    const predecessor = pidOf(this.#belief);
    // A pace that was measured in a bad moment has cost a reload, and must not cost another: no more commands, no measure.
    this.#pace = { ...this.#pace, commandMs: USUAL_PACE.commandMs };
    this.#belief = afterReload(this.#belief, text, this.#modelOf(text), pid);
    this.#wanted = text;
    this.#runtime.forget();
    this.#retiringServers.clear();
    if (!this.#runtime.isReachable) return undefined;
    try {
      if (pid === undefined && !(await this.#runtime.hasSucceeded(predecessor, signal))) return undefined;
      const looked = await this.#look({ wanted: text, file: text }, signal);
      return looked.kind === "differs" ? looked.output : undefined;
    } catch (error) {
      // Whatever this was, the reload itself is proven, and the next look is due soon.
      this.#belief = afterSilence(this.#belief, reasonOf(error));
      return undefined;
    }
  }

  /** A reload has failed, or nobody knows how it has ended. */
  reloadFailed(): void {
    this.#belief = afterFailedReload(this.#belief);
  }

  async #adjust(texts: Texts, signal: AbortSignal): Promise<Adjustment> {
    const { wanted } = texts;
    let known = this.#belief;
    if (known.kind === "unknown" || (isSettled(known) && known.text === wanted)) {
      const looked = await this.#look(texts, signal);
      known = this.#belief;
      if (looked.kind === "reload" || known.kind === "unknown" || known.text === wanted) return looked;
    }
    const adjustment = await this.#lead(known, texts, signal);
    const isDue = known.kind === "irreparable" || this.#parts.clock.now() - this.#lookedAt >= LOOK_EVERY_MS;
    // Between two parts of a large change all that runs differs from the old text as well as from the new one.
    if (adjustment.kind === "reload" || adjustment.kind === "partial" || !isDue) return adjustment;
    const looked = await this.#look(texts, signal);
    return looked.kind === "reload" || looked.kind === "differs" ? looked : adjustment;
  }

  /** Compares all servers with what they should be, leads them back there, and tells how many differ then. */
  async #look(texts: Texts, signal: AbortSignal): Promise<Adjustment> {
    const looked = await this.#compare(texts, signal);
    const { resource, emit } = this.#parts;
    emit({ kind: "haproxy-compared", resource, differing: serversIn(differencesIn(this.#belief)).size });
    return looked;
  }

  /** Deletes servers that have been out for long enough, besides. */
  async #compare({ file }: Texts, signal: AbortSignal): Promise<Adjustment> {
    const { clock, emit, resource } = this.#parts;
    const before = this.#belief;
    const text = before.kind === "unknown" ? file : before.text;
    if (text === undefined) return { kind: "reload", reason: UNSEEN.doubt };
    const model = before.kind === "unknown" ? this.#modelOf(text) : before.model;
    this.#lookedAt = clock.now();
    const deletions = this.#retiringServers.commands(model, clock.now(), this.#runtime.version);
    const reply = await this.#runtime.lookAtAll(deletions, pidOf(before), signal);
    const maps = await showMaps(model.maps.values(), this.#runtime, reply.pid, signal);
    this.#contact.heard();
    const look = afterLook(before, { text, model }, file, { ...reply, maps });
    const { belief, differences } = look;
    this.#belief = belief;
    if (differences.length > 0) emit({ kind: "haproxy-differs", resource, differences });
    if (belief.kind === "unknown") return { kind: "reload", reason: belief.doubt };
    if (look.isRestarted) this.#retiringServers.clear();
    const gone = this.#retiringServers.see(look.strays, reply.busy, clock.now());
    if (gone.length > 0) emit({ kind: "servers-deleted", resource, servers: gone });
    const lastedMs = this.#lingering.note(this.#retiringServers.all.size);
    if (lastedMs !== undefined) {
      emit({ kind: "servers-linger", resource, servers: this.#retiringServers.all.size, lastedMs });
    }
    if (belief.kind === "believed") return { kind: "agrees" };
    if (belief.kind === "irreparable") return { kind: "differs", output: despiteReload(belief.differences) };
    const led = await this.#lead(belief, { wanted: text, file }, signal);
    if (led.kind !== "reload" || !belief.isReloaded) return led;
    this.#belief = givenUp(belief);
    return { kind: "differs", output: despiteReload(belief.differences) };
  }

  /** Leads what runs to the wanted text. Where that takes a reload, it goes as far as it can without. */
  async #lead(known: Known, { wanted, file }: Texts, signal: AbortSignal): Promise<Adjustment> {
    const model = this.#modelOf(wanted);
    const there = arrived(known, wanted, model);
    const capabilities = await this.#capabilities(known.pid, signal);
    const running = runningModel(known);
    const remedies = known.kind === "drifted" ? known.remedies : [];
    const change = withRemedies(
      changeBetween(running, model, this.#retiringServers.all, { ...capabilities, pace: this.#pace }),
      remedies,
      running,
    );
    switch (change.kind) {
      case "none":
        this.#belief = there;
        return { kind: "agrees" };
      case "runtime": {
        const { commands } = change;
        const hoped = commands.isWhole ? there : partway(known, commands.reached);
        const belief = await this.#command(commands, { before: known, hoped, file }, signal);
        if (belief.kind === "unknown") return { kind: "reload", reason: belief.doubt };
        const did = describeCommands(commands.lines);
        return { kind: commands.isWhole ? "adjusted" : "partial", commands: commands.lines.length, did };
      }
      case "reload": {
        const { reason, first } = change;
        const course = { before: known, hoped: partway(known, first.reached), file };
        if (first.lines.length > 0) await this.#command(first, course, signal);
        return { kind: "reload", reason, hasMore: !first.isWhole, did: describeCommands(first.lines) };
      }
    }
  }

  /** Carries commands out, and resolves to what is believed afterwards. */
  async #command(commands: RuntimeCommands, course: Course, signal: AbortSignal): Promise<Belief> {
    const { clock, emit, resource } = this.#parts;
    const parts = { runtime: this.#runtime, pace: this.#pace, clock };
    const { belief, isRestarted, tookMs, pace } = await giveCommands(commands, course, parts, signal).catch(
      (error: unknown) => {
        this.#belief = afterSilence(course.before, reasonOf(error));
        throw error;
      },
    );
    this.#contact.heard();
    this.#belief = belief;
    this.#pace = pace;
    if (isRestarted) {
      this.#retiringServers.clear();
      this.#lookedAt = Number.NEGATIVE_INFINITY; // the rest of it is to be compared too, and now
    }
    if (belief.kind === "unknown") return belief;
    for (const id of commands.returning) this.#retiringServers.remove(id);
    for (const retiring of commands.leaving) this.#retiringServers.add(retiring);
    emit({ kind: "haproxy-adjusted", resource, commands: commands.lines.length, tookMs });
    return belief;
  }

  async #capabilities(pid: number | undefined, signal: AbortSignal): Promise<Capabilities> {
    return capabilitiesOf(this.#runtime.version ?? (await this.#runtime.ask(GREETING, pid, signal)).version);
  }

  /** That nobody answers is no reason to reload what has nothing new to read. */
  #unanswered({ wanted, file }: Texts, reason: string): Adjustment {
    this.#belief = afterSilence(this.#belief, reason);
    if (this.#runtime.isReachable) this.#contact.failed(reason);
    return wanted === file ? { kind: "agrees" } : { kind: "reload", reason };
  }

  #pairsIn(text: string): number {
    return isConfiguration(text) ? pairsIn(this.#modelOf(text).backends.values()) : 0;
  }

  #modelOf(text: string): Model {
    if (this.#newest?.text !== text) this.#newest = { text, model: modelOf(text, this.#newest?.model) };
    return this.#newest.model;
  }
}

const GREETING = { commands: [], backends: [] } as const;
