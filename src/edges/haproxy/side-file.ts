import type { Emit } from "../../core/events/event.js";
import { HecdError, reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { type MapEntry, mapEntriesOf, type MapKind } from "../../haproxy/config/maps.js";
import {
  isSame,
  type MapChange,
  mapChange,
  type RunningMap,
  runningMapOf,
  shownMapEntries,
} from "../../haproxy/maps/map-changes.js";
import type { Adjustment, ProxyReport } from "../../ports.js";
import { RuntimeApi, type RuntimeSockets, type RuntimeAnswer } from "./runtime.js";
import type { Ask } from "./socket.js";

/** What a side file works with. */
export interface SideFileParts {
  readonly resource: string;
  /** Its path, as HAProxy names it too. */
  readonly dest: string;
  readonly sockets: RuntimeSockets;
  /** What leads to them where they are not of this machine. */
  readonly ask?: Ask;
  readonly clock: Clock;
  readonly emit: Emit;
}

/**
 * A file that HAProxy reads besides its configuration: a map, a list, a page, a script.
 *
 * Another text is a reload, but for a map or a list whose entries the runtime API can bring in exactly.
 */
export class SideFile {
  readonly #parts: SideFileParts;
  readonly #runtime: RuntimeApi;
  /** The worker that has answered last. */
  #pid: number | undefined;
  /** What the worker has read or was brought to, where that is certain. */
  #text: string | undefined;
  #wanted: string | undefined;
  #lastReload: string | undefined;

  constructor(parts: SideFileParts) {
    this.#parts = parts;
    this.#runtime = new RuntimeApi(parts.sockets, parts.clock, parts.ask);
  }

  get report(): ProxyReport {
    const agrees = this.#text === undefined ? undefined : this.#text === this.#wanted;
    return {
      version: this.#runtime.version,
      pid: this.#pid,
      agrees,
      differences: [],
      silence: undefined,
      leaving: [],
      lastReload: this.#lastReload,
    };
  }

  /** See `ProxyDriver.adjust`; rejects by the signal alone. */
  async adjust(
    texts: { readonly wanted: string; readonly file: string | undefined },
    signal: AbortSignal,
  ): Promise<Adjustment> {
    this.#wanted = texts.wanted;
    let adjustment: Adjustment;
    try {
      adjustment = await this.#adjust(texts, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#text = undefined;
      adjustment = texts.wanted === texts.file ? { kind: "agrees" } : { kind: "reload", reason: reasonOf(error) };
    }
    if (adjustment.kind === "reload") this.#lastReload = adjustment.reason;
    return adjustment;
  }

  /** While HAProxy loads a configuration nothing is done: the new worker will have read the file. */
  follow(): Promise<Adjustment> {
    return Promise.resolve({ kind: "reload", reason: "it is being reloaded" });
  }

  /** A reload is proven: the worker of this pid, where that is known, has read this text. Nothing can differ from it. */
  reloaded(text: string, pid: number | undefined): Promise<undefined> {
    this.#text = text;
    this.#runtime.forget();
    this.#pid = pid;
    return Promise.resolve(undefined);
  }

  /** A reload has failed, or nobody knows how it has ended. */
  reloadFailed(): void {
    this.#text = undefined;
  }

  async #adjust(
    { wanted, file }: { readonly wanted: string; readonly file: string | undefined },
    signal: AbortSignal,
  ): Promise<Adjustment> {
    const known = this.#pid;
    const { pid } = await this.#runtime.say([], known, signal);
    this.#pid = pid;
    if (known === pid && this.#text === wanted) return { kind: "agrees" };
    const found = (await this.#find("map", signal)) ?? (await this.#find("acl", signal));
    if (found && "id" in found) return await this.#lead(found, wanted, signal);
    if (wanted !== file)
      return { kind: "reload", reason: found?.obstacle ?? "HAProxy reads this file as it starts only" };
    this.#text = wanted;
    return { kind: "agrees" };
  }

  async #find(kind: MapKind, signal: AbortSignal): Promise<ReturnType<typeof runningMapOf>> {
    const { answer } = await this.#say([`show ${kind}`], signal);
    return runningMapOf(answer, kind, this.#parts.dest);
  }

  /** Brings the entries of a map or a list to those of a text. */
  async #lead(map: RunningMap, wanted: string, signal: AbortSignal): Promise<Adjustment> {
    const entries = mapEntriesOf(wanted, map.kind);
    if (!entries) return { kind: "reload", reason: "its lines are not those of a map" };
    const change = mapChange(map, await this.#entries(map, signal), entries);
    if (change.kind === "reload") return change;
    const { clock, emit, resource } = this.#parts;
    const begunAt = clock.now();
    const commands = await this.#send(map, change, signal);
    if (commands > 0 && !isSame(await this.#entries(map, signal), entries)) {
      throw failed("be brought to the entries of a map", "it shows others");
    }
    this.#text = wanted;
    if (commands === 0) return { kind: "agrees" };
    emit({ kind: "haproxy-adjusted", resource, commands, tookMs: clock.now() - begunAt });
    return { kind: "adjusted", commands, did: ["its entries changed"] };
  }

  /** Resolves to how many commands it took. */
  async #send(
    { kind, id }: RunningMap,
    change: Exclude<MapChange, { readonly kind: "reload" }>,
    signal: AbortSignal,
  ): Promise<number> {
    if (change.kind === "none") return 0;
    let commands = change.kind === "steps" ? change.commands : [];
    if (change.kind === "whole") {
      const { answer } = await this.#say([`prepare ${kind} ${id}`], signal);
      const version = /^New version created: (\d+)$/m.exec(answer)?.[1];
      if (version === undefined) throw failed("prepare a map", answer.trim());
      commands = change.commandsFor(version);
    }
    const { answer } = await this.#say(commands, signal);
    if (answer.trim() !== "") throw failed("change a map", answer.trim());
    return commands.length;
  }

  async #entries({ kind, id }: RunningMap, signal: AbortSignal): Promise<readonly MapEntry[]> {
    return shownMapEntries((await this.#say([`show ${kind} ${id}`], signal)).answer, kind);
  }

  /** What the worker says that was asked at the beginning of this turn. */
  async #say(commands: readonly string[], signal: AbortSignal): Promise<RuntimeAnswer> {
    const said = await this.#runtime.say(commands, this.#pid, signal);
    if (said.pid !== this.#pid) throw failed("be asked for a map", "it was reloaded meanwhile");
    return said;
  }
}

function failed(what: string, output: string): HecdError {
  return new HecdError({ code: "haproxy-failed", what, output });
}
