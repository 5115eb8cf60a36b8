import { HecdError } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import type { RuntimeReply } from "../../haproxy/runtime/runtime-reply.js";
import { askWorker, type RuntimeRequest, type RuntimeSockets } from "./runtime.js";

/** The present worker of an HAProxy, asked by the quickest socket that is sure to lead to it. */
export class Worker {
  readonly #sockets: RuntimeSockets;
  readonly #clock: Clock;
  /** Who is known to answer on the worker's own socket: just after a reload that may be a worker before the present one. */
  #adminPid: number | undefined;
  #version: string | undefined;

  constructor(sockets: RuntimeSockets, clock: Clock) {
    this.#sockets = sockets;
    this.#clock = clock;
  }

  /** Whether there is any way to ask it. */
  get isReachable(): boolean {
    return this.#sockets.admin !== undefined || this.#sockets.master !== undefined;
  }

  /** The version that answered last. */
  get version(): string | undefined {
    return this.#version;
  }

  /** From now on another worker may answer, of another version. */
  forget(): void {
    this.#adminPid = undefined;
    this.#version = undefined;
  }

  /** Asks the worker of this pid, or whichever is the present one; fails as `askWorker` does, and when nobody answers. */
  async ask(request: RuntimeRequest, pid: number | undefined, signal: AbortSignal): Promise<RuntimeReply> {
    const { admin, master } = this.#sockets;
    if (master === undefined) return await this.#askBy({ admin, master }, request, signal);
    if (admin !== undefined && pid !== undefined && this.#adminPid !== pid) {
      const greeting = await askWorker({ admin, master: undefined }, GREETING, this.#clock, signal);
      this.#adminPid = greeting?.pid;
    }
    const isCurrent = pid !== undefined && this.#adminPid === pid;
    return await this.#askBy({ admin: isCurrent ? admin : undefined, master }, request, signal);
  }

  /** What the present worker says of all its servers, after these commands; the master knows best who that is. */
  async lookAtAll(commands: readonly string[], pid: number | undefined, signal: AbortSignal): Promise<RuntimeReply> {
    const { admin, master } = this.#sockets;
    const reply = await this.ask({ commands, backends: "all" }, pid, signal);
    if (reply.pid === pid || admin === undefined || master === undefined) return reply;
    this.#adminPid = undefined;
    return await this.#askBy({ admin: undefined, master }, { commands: [], backends: "all" }, signal);
  }

  async #askBy(sockets: RuntimeSockets, request: RuntimeRequest, signal: AbortSignal): Promise<RuntimeReply> {
    const reply = await askWorker(sockets, request, this.#clock, signal);
    if (!reply) {
      const output = this.isReachable ? "nobody answers on its sockets" : "the resource names no socket of it";
      throw new HecdError({ code: "haproxy-failed", what: "be asked what it runs", output });
    }
    this.#version = reply.version;
    return reply;
  }
}

const GREETING: RuntimeRequest = { commands: [], backends: [] };
