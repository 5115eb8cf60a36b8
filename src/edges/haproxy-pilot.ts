import type { Tell } from "../core/event.js";
import { reasonOf } from "../errors.js";
import type { Clock } from "../flow/clock.js";
import { capabilitiesOf } from "../haproxy/capabilities.js";
import { changeBetween, retirementsBetween } from "../haproxy/change.js";
import { Leavers } from "../haproxy/leavers.js";
import { type Model, modelOf } from "../haproxy/model.js";
import type { RuntimeReply } from "../haproxy/runtime-reply.js";
import { compare } from "../haproxy/server-state.js";
import type { Adjustment, BalancerReport } from "../ports.js";
import { askWorker, type RuntimeSockets } from "./haproxy-runtime.js";

/** What a pilot works with. */
export interface PilotParts {
  /** The resource whose HAProxy it is. */
  readonly resource: string;
  readonly sockets: RuntimeSockets;
  readonly clock: Clock;
  readonly tell: Tell;
}

/** What runs, as far as it is known. */
interface Known {
  readonly text: string;
  readonly model: Model;
  /** Undefined after a reload that only its driver has seen: the worker that answers next. */
  readonly pid: number | undefined;
}

/** How old the last look at all servers may be before those that are out are looked after, however busy the store. */
const LOOK_EVERY_MS = 5_000;

/** Changes the servers of a running HAProxy without a reload, and keeps in mind what runs. */
export class Pilot {
  readonly #parts: PilotParts;
  readonly #leavers = new Leavers();
  #known: Known | undefined;
  #version: string | undefined;
  /** What may be done to the present process when it is about to be replaced. */
  #retirements: readonly string[] = [];
  /** Whether the worker's own socket is known to lead to the present one, and not to one before it. */
  #isAdminCurrent = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #agrees = false;
  #lastReload: string | undefined;
  #newest: { readonly text: string; readonly model: Model } | undefined;

  constructor(parts: PilotParts) {
    this.#parts = parts;
  }

  get report(): BalancerReport {
    return {
      version: this.#version,
      pid: this.#known?.pid,
      agrees: this.#agrees,
      leaving: [...this.#leavers.all.keys()],
      lastReload: this.#lastReload,
    };
  }

  /** See `Balancer.adjust`; rejects by the signal alone. */
  async adjust(wanted: string, file: string | undefined, signal: AbortSignal): Promise<Adjustment> {
    const { clock, tell, resource } = this.#parts;
    const begunAt = clock.now();
    this.#retirements = [];
    let adjustment: Adjustment;
    try {
      adjustment = await this.#adjust(wanted, file, signal);
    } catch (error) {
      signal.throwIfAborted();
      adjustment = this.#unanswered(wanted === file, reasonOf(error));
    }
    this.#agrees = this.#known?.text === wanted;
    if (adjustment.kind === "adjusted") {
      tell({ kind: "haproxy-adjusted", resource, commands: adjustment.commands, tookMs: clock.now() - begunAt });
    } else if (adjustment.kind === "reload") this.#lastReload = adjustment.reason;
    return adjustment;
  }

  /** Keeps the last requests of the process that a reload is about to replace from servers that leave. */
  async beforeReload(signal: AbortSignal): Promise<void> {
    const commands = this.#retirements;
    this.#retirements = [];
    if (commands.length === 0) return;
    try {
      await this.#ask(commands, [], signal);
    } catch {
      signal.throwIfAborted(); // the reload does without
    }
  }

  /** After a proven reload this text is what runs, in the worker of this pid where that is known. */
  reloaded(text: string, pid: number | undefined): void {
    this.#known = { text, model: this.#modelOf(text), pid };
    this.#isAdminCurrent = false;
    this.#version = undefined; // it may be another one from now on
    this.#leavers.clear();
    this.#agrees = true;
  }

  /** After a reload that failed nothing is certain. */
  forget(): void {
    this.#known = undefined;
    this.#agrees = false;
  }

  async #adjust(wanted: string, file: string | undefined, signal: AbortSignal): Promise<Adjustment> {
    const isNews = this.#known !== undefined && this.#known.text !== wanted;
    if (!isNews) {
      const looked = await this.#look(file, wanted === file, signal);
      if (looked.kind === "reload" || this.#known?.text === wanted || !this.#known) return looked;
    }
    if (!this.#known) return this.#doubt("it is not certain what HAProxy runs");
    const adjustment = await this.#lead(this.#known, this.#known.model, wanted, signal);
    const isDue = this.#leavers.all.size > 0 && this.#parts.clock.now() - this.#lookedAt > LOOK_EVERY_MS;
    if (adjustment.kind === "reload" || !isDue) return adjustment;
    const looked = await this.#look(wanted, true, signal);
    return looked.kind === "reload" ? looked : adjustment;
  }

  /**
   * Compares all that runs with what should, and leads it back there; also the time to delete who is out for long
   * enough. At the first look, and when nothing was certain, what should run is what the file says.
   */
  async #look(file: string | undefined, isOld: boolean, signal: AbortSignal): Promise<Adjustment> {
    const { clock, tell, resource } = this.#parts;
    const expected = this.#known ?? (file === undefined ? undefined : { text: file, model: this.#modelOf(file) });
    if (!expected) return this.#doubt("it is not certain what HAProxy runs");
    this.#lookedAt = clock.now();
    const reply = await this.#lookAtAll(this.#leavers.commands(expected.model, clock.now()), signal);
    if (!reply) return this.#unanswered(isOld, "HAProxy cannot be asked what it runs");
    const isOther = this.#known?.pid !== undefined && reply.pid !== this.#known.pid;
    if (isOther && file !== expected.text) return this.#doubt("HAProxy was restarted, and with another file");
    const { differences, actual, strays } = compare(expected.model, reply.servers);
    if (differences.length > 0) tell({ kind: "haproxy-differs", resource, differences });
    if (differences.length > 0 && (isOther || !this.#known)) {
      return this.#doubt(`HAProxy does not run what its file says: ${differences.slice(0, 3).join(", ")}`);
    }
    const known = { text: expected.text, model: expected.model, pid: reply.pid };
    this.#known = known;
    if (isOther) this.#leavers.clear();
    const gone = this.#leavers.see(strays, reply.busy, clock.now());
    if (gone.length > 0) tell({ kind: "servers-deleted", resource, servers: gone });
    return differences.length === 0 ? { kind: "agrees" } : await this.#lead(known, actual, known.text, signal);
  }

  /** The master knows best who is the present worker. */
  async #lookAtAll(commands: readonly string[], signal: AbortSignal): Promise<RuntimeReply | undefined> {
    const reply = await this.#ask(commands, "all", signal);
    const { sockets } = this.#parts;
    const isOther = this.#known?.pid !== undefined && reply?.pid !== this.#known.pid;
    if (!isOther || sockets.admin === undefined || sockets.master === undefined) return reply;
    this.#isAdminCurrent = false;
    return await this.#askBy({ ...sockets, admin: undefined }, [], "all", signal);
  }

  /** Leads what runs to the wanted text, and sees whether it has got there. */
  async #lead(known: Known, actual: Model, wanted: string, signal: AbortSignal): Promise<Adjustment> {
    const model = this.#modelOf(wanted);
    const version = this.#version ?? (await this.#ask([], [], signal))?.version;
    if (version === undefined) return this.#doubt("HAProxy cannot be asked for its version");
    const change = changeBetween(actual, model, this.#leavers.all, capabilitiesOf(version));
    if (change.kind === "reload") {
      this.#retirements = retirementsBetween(actual, model);
      return change;
    }
    if (change.kind === "none") {
      this.#known = { ...known, text: wanted, model };
      return { kind: "agrees" };
    }
    const reply = await this.#ask(change.commands, change.pools, signal);
    if (!reply) return this.#doubt("HAProxy cannot be reached at run time");
    if (known.pid !== undefined && reply.pid !== known.pid) return this.#doubt("HAProxy was reloaded or restarted");
    if (reply.complaints.length > 0) return this.#doubt(`HAProxy refused a command: ${reply.complaints.join(", ")}`);
    const { differences } = compare(model, reply.servers, change.pools);
    if (differences.length > 0) return this.#doubt(`the commands have not led there: ${differences.join(", ")}`);
    this.#known = { text: wanted, model, pid: reply.pid };
    for (const id of change.returning) this.#leavers.remove(id);
    for (const leaver of change.leaving) this.#leavers.add(leaver, this.#parts.clock.now());
    return { kind: "adjusted", commands: change.commands.length };
  }

  #doubt(reason: string): Adjustment {
    this.#known = undefined;
    return { kind: "reload", reason };
  }

  /** That nobody answers is no reason to reload what has nothing new to read. */
  #unanswered(isOld: boolean, reason: string): Adjustment {
    const doubt = this.#doubt(reason);
    return isOld ? { kind: "agrees" } : doubt;
  }

  async #ask(
    commands: readonly string[],
    pools: readonly string[] | "all",
    signal: AbortSignal,
  ): Promise<RuntimeReply | undefined> {
    const { sockets } = this.#parts;
    const pid = this.#known?.pid;
    if (sockets.admin !== undefined && pid !== undefined && !this.#isAdminCurrent) {
      const greeting = await this.#askBy({ ...sockets, master: undefined }, [], [], signal);
      this.#isAdminCurrent = greeting?.pid === pid;
    }
    const isAdminUsed = sockets.master === undefined || pid === undefined || this.#isAdminCurrent;
    return await this.#askBy(isAdminUsed ? sockets : { ...sockets, admin: undefined }, commands, pools, signal);
  }

  async #askBy(
    sockets: RuntimeSockets,
    commands: readonly string[],
    pools: readonly string[] | "all",
    signal: AbortSignal,
  ): Promise<RuntimeReply | undefined> {
    const reply = await askWorker(sockets, { commands, pools }, this.#parts.clock, signal);
    if (reply) this.#version = reply.version;
    return reply;
  }

  #modelOf(text: string): Model {
    if (this.#newest?.text !== text) this.#newest = { text, model: modelOf(text, this.#newest?.model) };
    return this.#newest.model;
  }
}
