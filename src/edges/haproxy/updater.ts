import type { Emit } from "../../core/events/event.js";
import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { Outage } from "../../flow/outage.js";
import { type Model, modelOf } from "../../haproxy/config/model.js";
import { capabilitiesOf } from "../../haproxy/runtime/capabilities.js";
import { changeBetween, type RuntimeCommands } from "../../haproxy/runtime/change.js";
import { RetiringServers } from "../../haproxy/runtime/retiring-servers.js";
import { compare } from "../../haproxy/runtime/server-state.js";
import type { Adjustment, ProxyReport } from "../../ports.js";
import { RuntimeApi, type RuntimeSockets } from "./runtime.js";

/** What an updater works with. */
export interface RuntimeUpdaterParts {
  /** The resource whose HAProxy it is. */
  readonly resource: string;
  readonly sockets: RuntimeSockets;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What runs, as far as it is known. */
interface Known {
  /** The text that it has been brought to, and what that says. */
  readonly text: string;
  readonly model: Model;
  /** What runs now: something between two texts while a reload is due. */
  readonly actual: Model;
  /** Undefined after a reload that only its driver has seen: the worker that answers next. */
  readonly pid: number | undefined;
}

/** How old the last look at all servers may be, however busy the store. */
const LOOK_EVERY_MS = 5_000;

/** Changes the servers of a running HAProxy without a reload, and keeps in mind what runs. */
export class RuntimeUpdater {
  readonly #parts: RuntimeUpdaterParts;
  readonly #runtime: RuntimeApi;
  readonly #outage: Outage;
  readonly #retiringServers = new RetiringServers();
  #known: Known | undefined;
  /** What a worker that is started anew reads. */
  #file: string | undefined;
  #newest: { readonly text: string; readonly model: Model } | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #agrees: boolean | undefined;
  #lastReload: string | undefined;
  /** Differences from a text that were found, with that text, and those that a reload of it has not mended. */
  #found: string | undefined;
  #futile: string | undefined;

  constructor(parts: RuntimeUpdaterParts) {
    this.#parts = parts;
    this.#runtime = new RuntimeApi(parts.sockets, parts.clock);
    this.#outage = new Outage(parts.clock);
  }

  get report(): ProxyReport {
    return {
      version: this.#runtime.version,
      pid: this.#known?.pid,
      agrees: this.#agrees,
      leaving: [...this.#retiringServers.all.keys()],
      lastReload: this.#lastReload,
    };
  }

  /** See `ProxyDriver.adjust`; rejects by the signal alone. */
  async adjust(wanted: string, file: string | undefined, signal: AbortSignal): Promise<Adjustment> {
    this.#found = undefined;
    this.#file = file;
    let adjustment: Adjustment;
    try {
      adjustment = await this.#adjust(wanted, signal);
    } catch (error) {
      signal.throwIfAborted();
      adjustment = this.#unanswered(wanted === file, reasonOf(error));
    }
    if (adjustment.kind === "reload") this.#lastReload = adjustment.reason;
    if (this.#agrees !== undefined) this.#agrees = this.#known?.text === wanted && adjustment.kind !== "reload";
    return adjustment;
  }

  /** After a proven reload this text is what runs, in the worker of this pid where that is known. */
  reloaded(text: string, pid: number | undefined): void {
    const model = this.#modelOf(text);
    this.#known = { text, model, actual: model, pid };
    this.#runtime.forget();
    this.#retiringServers.clear();
    this.#futile = this.#found;
    this.#agrees = true;
  }

  /** After a reload that failed nothing is certain. */
  forget(): void {
    this.#known = undefined;
    this.#agrees = false;
  }

  async #adjust(wanted: string, signal: AbortSignal): Promise<Adjustment> {
    const { clock } = this.#parts;
    if (!this.#known || (isSettled(this.#known) && this.#known.text === wanted)) {
      const looked = await this.#look(signal);
      if (looked.kind === "reload" || !this.#known || this.#known.text === wanted) return looked;
    }
    const adjustment = await this.#lead(this.#known, wanted, signal);
    if (adjustment.kind === "reload" || clock.now() - this.#lookedAt < LOOK_EVERY_MS) return adjustment;
    const looked = await this.#look(signal);
    return looked.kind === "reload" ? looked : adjustment;
  }

  /**
   * Compares all that runs with what should, and leads it back there; also the time to delete who is out for long
   * enough. At the first look, and when nothing was certain, what should run is what the file says.
   */
  async #look(signal: AbortSignal): Promise<Adjustment> {
    const { clock, emit, resource } = this.#parts;
    const before = this.#known;
    const text = before?.text ?? this.#file;
    if (text === undefined) return this.#doubt("it is not certain what HAProxy runs");
    const model = before?.model ?? this.#modelOf(text);
    this.#lookedAt = clock.now();
    const reply = await this.#runtime.lookAtAll(
      this.#retiringServers.commands(model, clock.now()),
      before?.pid,
      signal,
    );
    this.#answered();
    const isOther = before?.pid !== undefined && reply.pid !== before.pid;
    if (isOther && this.#file !== text) return this.#doubt("HAProxy was restarted, and with another file");
    const { differences, actual, strays } = compare(model, reply.servers);
    this.#found = `${differences.join("\n")}\n${text}`;
    if (this.#found !== this.#futile) this.#futile = undefined;
    // What a reload of this very text did not mend is how HAProxy reads it, and another reload would not mend it either.
    const differs = differences.length > 0 && this.#futile === undefined;
    if (differs) emit({ kind: "haproxy-differs", resource, differences });
    if (differs && (isOther || !before)) {
      return this.#doubt(`HAProxy does not run what its file says: ${differences.slice(0, 3).join(", ")}`);
    }
    this.#known = { text, model, actual: differs ? actual : model, pid: reply.pid };
    this.#agrees = !differs;
    if (isOther) this.#retiringServers.clear();
    const gone = this.#retiringServers.see(strays, reply.busy, clock.now());
    if (gone.length > 0) emit({ kind: "servers-deleted", resource, servers: gone });
    return differs ? await this.#lead(this.#known, text, signal) : { kind: "agrees" };
  }

  /** Leads what runs to the wanted text; where that takes a reload, as far as it goes without. */
  async #lead(known: Known, wanted: string, signal: AbortSignal): Promise<Adjustment> {
    const model = this.#modelOf(wanted);
    const there: Known = { ...known, text: wanted, model, actual: model };
    const version = this.#runtime.version ?? (await this.#runtime.ask(GREETING, known.pid, signal)).version;
    const change = changeBetween(known.actual, model, this.#retiringServers.all, capabilitiesOf(version));
    switch (change.kind) {
      case "none":
        this.#known = there;
        return { kind: "agrees" };
      case "runtime": {
        const problem = await this.#move(change.commands, known, there, signal);
        return problem ? this.#doubt(problem) : { kind: "adjusted", commands: change.commands.lines.length };
      }
      case "reload": {
        const { reason, first } = change;
        if (first.lines.length > 0) await this.#move(first, known, { ...known, actual: first.reached }, signal);
        return { kind: "reload", reason };
      }
    }
  }

  /**
   * Sends the commands of a move and reads back where they have led; resolves to why they have not led there, and then
   * nothing is known.
   */
  async #move(move: RuntimeCommands, before: Known, after: Known, signal: AbortSignal): Promise<string | undefined> {
    const { clock, emit, resource } = this.#parts;
    const { lines: commands, backends, leaving, returning } = move;
    const begunAt = clock.now();
    this.#known = undefined;
    const reply = await this.#runtime.ask({ commands, backends }, before.pid, signal);
    this.#answered();
    const isOther = before.pid !== undefined && reply.pid !== before.pid;
    if (isOther) {
      // It has read the file: only where that is what the one before it ran do the commands lead to the same end.
      if (this.#file !== before.text || !isSettled(before)) return "HAProxy was reloaded or restarted";
      this.#retiringServers.clear();
      this.#lookedAt = Number.NEGATIVE_INFINITY; // all of it is to be compared, and now
    }
    if (reply.complaints.length > 0) return `HAProxy refused a command: ${reply.complaints.join(", ")}`;
    const { differences } = compare(after.actual, reply.servers, backends);
    if (differences.length > 0) return `the commands have not led there: ${differences.join(", ")}`;
    this.#known = { ...after, pid: reply.pid };
    for (const id of returning) this.#retiringServers.remove(id);
    for (const retiring of leaving) this.#retiringServers.add(retiring);
    emit({ kind: "haproxy-adjusted", resource, commands: commands.length, tookMs: clock.now() - begunAt });
    return undefined;
  }

  #doubt(reason: string): Adjustment {
    this.#known = undefined;
    return { kind: "reload", reason };
  }

  /** That nobody answers is no reason to reload what has nothing new to read. */
  #unanswered(isOld: boolean, reason: string): Adjustment {
    const { resource, emit } = this.#parts;
    this.#agrees = undefined;
    this.#known = undefined;
    const lastedMs = this.#runtime.isReachable ? this.#outage.failed() : undefined;
    if (lastedMs !== undefined) emit({ kind: "haproxy-unreachable", resource, reason, lastedMs });
    return isOld ? { kind: "agrees" } : { kind: "reload", reason };
  }

  #answered(): void {
    const { resource, emit } = this.#parts;
    const afterMs = this.#outage.recovered();
    if (afterMs !== undefined) emit({ kind: "haproxy-reached", resource, afterMs });
  }

  #modelOf(text: string): Model {
    if (this.#newest?.text !== text) this.#newest = { text, model: modelOf(text, this.#newest?.model) };
    return this.#newest.model;
  }
}

/** Whether it runs what its text says, with no reload due. */
function isSettled({ actual, model }: Known): boolean {
  return actual === model;
}

const GREETING = { commands: [], backends: [] } as const;
