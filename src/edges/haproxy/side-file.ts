import type { Emit } from "../../core/events/event.js";
import { HecdError, reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import {
  isSame,
  type MapChange,
  mapChange,
  type MapEntry,
  mapEntriesOf,
  type MapKind,
  type RunningMap,
  runningMapOf,
  shownMapEntries,
} from "../../haproxy/runtime/map-changes.js";
import type { Adjustment, ProxyReport } from "../../ports.js";
import type { RuntimeSockets } from "./runtime.js";
import { askSocket } from "./socket.js";

/** What a side file works with. */
export interface SideFileParts {
  readonly resource: string;
  /** Its path, as HAProxy names it too. */
  readonly dest: string;
  readonly sockets: RuntimeSockets;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** A worker answers in a few milliseconds. */
const ANSWER_WITHIN_MS = 8_000;

/** Within the smallest buffers that are in use; HAProxy 2.6 takes no more than one buffer well. */
const LINE_BYTES = 3_000;

/** The worker that has answered. */
interface Worker {
  readonly pid: number;
  readonly version: string;
}

/**
 * A file that HAProxy reads besides its configuration: a map, a list, a page, a script.
 *
 * Another text is a reload, but for a map or a list whose entries the runtime API can bring in exactly.
 */
export class SideFile {
  readonly #parts: SideFileParts;
  #worker: Worker | undefined;
  /** What the worker has read or was brought to, where that is certain. */
  #text: string | undefined;
  #wanted: string | undefined;
  #lastReload: string | undefined;

  constructor(parts: SideFileParts) {
    this.#parts = parts;
  }

  get report(): ProxyReport {
    const agrees = this.#text === undefined ? undefined : this.#text === this.#wanted;
    return {
      version: this.#worker?.version,
      pid: this.#worker?.pid,
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

  /** A reload is proven: the worker of this pid, where that is known, has read this text. Nothing can differ from it. */
  reloaded(text: string, pid: number | undefined): Promise<undefined> {
    this.#text = text;
    this.#worker = pid === undefined ? undefined : { pid, version: this.#worker?.version ?? "" };
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
    const known = this.#worker;
    const { worker } = await this.#ask([], signal);
    this.#worker = worker;
    if (known?.pid === worker.pid && this.#text === wanted) return { kind: "agrees" };
    const found = (await this.#find("map", signal)) ?? (await this.#find("acl", signal));
    if (found && "id" in found) return await this.#lead(found, wanted, worker, signal);
    if (wanted !== file)
      return { kind: "reload", reason: found?.obstacle ?? "HAProxy reads this file as it starts only" };
    this.#text = wanted;
    return { kind: "agrees" };
  }

  async #find(kind: MapKind, signal: AbortSignal): Promise<ReturnType<typeof runningMapOf>> {
    const { answer } = await this.#ask([`show ${kind}`], signal);
    return runningMapOf(answer, kind, this.#parts.dest);
  }

  /** Brings the entries of a map or a list to those of a text. */
  async #lead(map: RunningMap, wanted: string, worker: Worker, signal: AbortSignal): Promise<Adjustment> {
    const entries = mapEntriesOf(wanted, map.kind);
    if (!entries) return { kind: "reload", reason: "its lines are not those of a map" };
    const change = mapChange(map, await this.#entries(map, worker, signal), entries);
    if (change.kind === "reload") return change;
    const { clock, emit, resource } = this.#parts;
    const begunAt = clock.now();
    const commands = await this.#send(map, change, signal);
    if (commands > 0 && !isSame(await this.#entries(map, worker, signal), entries)) {
      throw failed("be brought to the entries of a map", "it shows others");
    }
    this.#text = wanted;
    if (commands === 0) return { kind: "agrees" };
    emit({ kind: "haproxy-adjusted", resource, commands, tookMs: clock.now() - begunAt });
    return { kind: "adjusted", commands };
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
      const { answer } = await this.#ask([`prepare ${kind} ${id}`], signal);
      const version = /^New version created: (\d+)$/m.exec(answer)?.[1];
      if (version === undefined) throw failed("prepare a map", answer.trim());
      commands = change.commandsFor(version);
    }
    for (const line of linesOf(commands)) {
      const { answer } = await this.#ask(line, signal);
      if (answer.trim() !== "") throw failed("change a map", answer.trim());
    }
    return commands.length;
  }

  async #entries({ kind, id }: RunningMap, expected: Worker, signal: AbortSignal): Promise<readonly MapEntry[]> {
    const { worker, answer } = await this.#ask([`show ${kind} ${id}`], signal);
    if (worker.pid !== expected.pid) throw failed("be asked for a map", "it was reloaded meanwhile");
    return shownMapEntries(answer, kind);
  }

  /** Sends commands in one line; resolves to what they said, and to who said it. */
  async #ask(
    commands: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly worker: Worker; readonly answer: string }> {
    const { admin, master } = this.#parts.sockets;
    const socket = master ?? admin;
    if (socket === undefined) throw failed("be asked what it runs", "the resource names no socket of it");
    const late = new HecdError({ code: "deadline", what: `an answer on ${socket}`, afterMs: ANSWER_WITHIN_MS });
    using limit = deadlineSignal(ANSWER_WITHIN_MS, late, this.#parts.clock, signal);
    const address = master === undefined ? "" : "@1 ";
    const line = ["show info", ...commands].map((command) => `${address}${command}`).join(";");
    const said = (await askSocket(socket, line, limit.signal)) ?? "";
    const [, info = "", answer = ""] = /^(Name: .*?\n)\n(.*)$/s.exec(said) ?? [];
    const [pid, version] = ["Pid", "Version"].map((key) => new RegExp(`^${key}: (.*)$`, "m").exec(info)?.[1]);
    if (pid === undefined) throw failed("be asked what it runs", "nobody answers on its sockets");
    return { worker: { pid: Number(pid), version: version ?? "" }, answer };
  }
}

/** As many commands at once as a line may have. */
function linesOf(commands: readonly string[]): readonly (readonly string[])[] {
  const lines: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const command of commands) {
    if (bytes + command.length > LINE_BYTES) {
      lines.push([]);
      bytes = 0;
    }
    bytes += command.length + 4; // with what joins it to the one before it
    lines.at(-1)?.push(command);
  }
  return lines;
}

function failed(what: string, output: string): HecdError {
  return new HecdError({ code: "haproxy-failed", what, output });
}
