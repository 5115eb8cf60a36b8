import { HecdError } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { parseRuntimeReply, type RuntimeReply } from "../../haproxy/runtime/runtime-reply.js";
import type { HaproxySettings } from "../../ports.js";
import { askSocket } from "./socket.js";

/** A worker answers in a few milliseconds; replacing one that is only drowned would cost requests that it still serves. */
const ANSWER_WITHIN_MS = 8_000;

/** HAProxy 3.2 refuses longer lines, since its buffers have 16 kB by default. */
const LINE_BYTES = 15_000;

/** Which sockets lead to the worker of an HAProxy. */
export interface RuntimeSockets {
  /** The worker's own. It is the quicker one, but just after a reload an old worker may answer on it. */
  readonly admin: string | undefined;
  /** The master's. It always leads to the present worker. */
  readonly master: string | undefined;
}

/** What a worker is told and asked. */
export interface RuntimeRequest {
  readonly commands: readonly string[];
  /** The backends whose servers are shown afterwards. */
  readonly backends: readonly string[] | "all";
}

/** The sockets that a resource names. */
export function socketsOf({ socket, reload }: HaproxySettings): RuntimeSockets {
  return { admin: socket, master: reload.kind === "master" ? reload.socket : undefined };
}

/** The Runtime API of the present worker, by the quickest socket that is sure to lead to it. */
export class RuntimeApi {
  readonly #sockets: RuntimeSockets;
  readonly #clock: Clock;
  /** Who answers on the worker's own socket, as far as that is known. */
  #adminPid: number | undefined;
  #version: string | undefined;

  constructor(sockets: RuntimeSockets, clock: Clock) {
    this.#sockets = sockets;
    this.#clock = clock;
  }

  /** Whether there is any socket. */
  get isReachable(): boolean {
    return this.#sockets.admin !== undefined || this.#sockets.master !== undefined;
  }

  /** The version of HAProxy that answered last. */
  get version(): string | undefined {
    return this.#version;
  }

  /** From now on another worker may answer, of another version. */
  forget(): void {
    this.#adminPid = undefined;
    this.#version = undefined;
  }

  /**
   * Sends commands to the worker of this pid, or to the present one, and resolves to what it said and to the servers as
   * they are afterwards.
   *
   * Throws `haproxy-failed` where a socket cannot be used or nobody answers on any, and `deadline` where a worker does not
   * answer in eight seconds.
   */
  async ask(request: RuntimeRequest, pid: number | undefined, signal: AbortSignal): Promise<RuntimeReply> {
    const { admin, master } = this.#sockets;
    if (master === undefined) return await this.#askOn({ admin, master }, request, signal);
    if (admin !== undefined && pid !== undefined && this.#adminPid !== pid) {
      this.#adminPid = (await this.#converse("admin", admin, GREETING, signal))?.pid;
    }
    const isPresent = pid !== undefined && this.#adminPid === pid;
    return await this.#askOn({ admin: isPresent ? admin : undefined, master }, request, signal);
  }

  /**
   * What the present worker says of all its servers, after these commands.
   *
   * When another worker than this one answers on its own socket, the master is asked, which knows who is the present one.
   */
  async lookAtAll(commands: readonly string[], pid: number | undefined, signal: AbortSignal): Promise<RuntimeReply> {
    const { master } = this.#sockets;
    const reply = await this.ask({ commands, backends: "all" }, pid, signal);
    const isByMaster = this.#adminPid === undefined || this.#adminPid !== pid;
    if (reply.pid === pid || isByMaster || master === undefined) return reply;
    this.#adminPid = undefined;
    return await this.#askOn({ admin: undefined, master }, { commands: [], backends: "all" }, signal);
  }

  /** Asks on the first of these sockets on which somebody answers. */
  async #askOn({ admin, master }: RuntimeSockets, request: RuntimeRequest, signal: AbortSignal): Promise<RuntimeReply> {
    const reply =
      (admin === undefined ? undefined : await this.#converse("admin", admin, request, signal)) ??
      (master === undefined ? undefined : await this.#converse("master", master, request, signal));
    if (!reply) {
      const output = this.isReachable ? "nobody answers on its sockets" : "the resource names no socket of it";
      throw new HecdError({ code: "haproxy-failed", what: "be asked what it runs", output });
    }
    this.#version = reply.version;
    return reply;
  }

  /** Resolves to undefined when nobody answers, and then nothing has been done. */
  async #converse(
    way: keyof RuntimeSockets,
    socket: string,
    request: RuntimeRequest,
    signal: AbortSignal,
  ): Promise<RuntimeReply | undefined> {
    const replies: RuntimeReply[] = [];
    for (const line of linesOf(way, request)) {
      const reply = await this.#say(line, socket, signal);
      if (reply) replies.push(reply);
      else if (replies.length > 0) throw cutOff(socket);
      else return undefined;
    }
    if (replies.some(({ pid }) => pid !== replies[0]?.pid)) throw cutOff(socket);
    return joined(replies);
  }

  async #say(line: string, socket: string, signal: AbortSignal): Promise<RuntimeReply | undefined> {
    const late = new HecdError({ code: "deadline", what: `an answer on ${socket}`, afterMs: ANSWER_WITHIN_MS });
    using limit = deadlineSignal(ANSWER_WITHIN_MS, late, this.#clock, signal);
    const answer = await askSocket(socket, line, limit.signal);
    return answer === undefined ? undefined : parseRuntimeReply(answer);
  }
}

const GREETING: RuntimeRequest = { commands: [], backends: [] };

/** As many commands in a line as may be. Each line also asks who answers it. */
function linesOf(way: keyof RuntimeSockets, { commands, backends }: RuntimeRequest): readonly string[] {
  const address = way === "master" ? "@1 " : "";
  const start = way === "master" ? `${address}show info` : "set severity-output number;show info";
  const questions =
    backends === "all" ? ["show servers state"] : backends.map((backend) => `show servers state ${backend}`);
  const lines: string[] = [];
  let line = start;
  for (const command of [...commands, ...questions]) {
    const next = `;${address}${command}`;
    if (line.length + next.length > LINE_BYTES) {
      lines.push(line);
      line = start;
    }
    line += next;
  }
  return [...lines, line];
}

/** What several lines were answered, as one answer. */
function joined(replies: readonly RuntimeReply[]): RuntimeReply | undefined {
  const [first] = replies;
  return (
    first && {
      ...first,
      complaints: replies.flatMap(({ complaints }) => complaints),
      servers: replies.flatMap(({ servers }) => servers),
      busy: new Set(replies.flatMap(({ busy }) => [...busy])),
    }
  );
}

function cutOff(socket: string): HecdError {
  return new HecdError({ code: "haproxy-failed", what: "be adjusted to the end", output: `${socket} was cut off` });
}
