import { HecdError } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import {
  type Greeting,
  parseGreeting,
  type RuntimeReply,
  runtimeReplyOf,
  wordsOf,
} from "../../haproxy/runtime/runtime-reply.js";
import type { HaproxySettings } from "../../ports.js";
import { type Ask, askSocket, LINE_BYTES } from "./socket.js";

/** A worker answers in a few milliseconds; replacing one that is only drowned would cost requests that it still serves. */
const ANSWER_WITHIN_MS = 8_000;

/** The waits for a new worker on its own socket. */
const SUCCESSOR_WAITS_MS = [0, 20, 50, 100, 200];

/** What 3.2 and newer say of a line that is longer than their `tune.bufsize`; they have carried out nothing of it. */
const TOO_LONG = /^(?:\[\d\]: )?The command line is too big for the buffer size/m;

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
  /** What is asked of a map afterwards. */
  readonly lookups?: readonly string[];
  /** So many commands are given in one line at most, where they take long: requests are served in between. */
  readonly perLine?: number;
  /** Lines that belong to the last command; none of them is empty. */
  readonly payload?: string;
}

/** What a worker said in its own words. */
export interface RuntimeAnswer {
  readonly pid: number;
  readonly version: string;
  readonly answer: string;
}

/** The sockets that a resource names. */
export function socketsOf({ socket, reload }: HaproxySettings): RuntimeSockets {
  return { admin: socket, master: reload.kind === "master" ? reload.socket : undefined };
}

/** The Runtime API of the present worker, by the quickest socket that is sure to lead to it. */
export class RuntimeApi {
  readonly #sockets: RuntimeSockets;
  readonly #clock: Clock;
  readonly #ask: Ask;
  /** Who answers on the worker's own socket, as far as that is known. */
  #adminPid: number | undefined;
  #version: string | undefined;
  /** The longest line that HAProxy takes, as far as is known. */
  #lineBytes = LINE_BYTES;
  #isMasterBusy = false;

  constructor(sockets: RuntimeSockets, clock: Clock, ask = askSocket) {
    this.#sockets = sockets;
    this.#clock = clock;
    this.#ask = ask;
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
    this.#lineBytes = LINE_BYTES;
  }

  /** Has nobody ask the master, which does not answer while it loads a configuration, until this has come to its end. */
  async besideMaster<T>(work: () => Promise<T>): Promise<T> {
    this.#isMasterBusy = true;
    try {
      return await work();
    } finally {
      this.#isMasterBusy = false;
    }
  }

  /**
   * Sends commands to the worker of this pid, or to the present one, and resolves to what it said and to the servers as
   * they are afterwards.
   *
   * Throws `haproxy-failed` where a socket cannot be used or nobody answers on any, and `deadline` where a worker does not
   * answer in eight seconds.
   */
  async ask(request: RuntimeRequest, pid: number | undefined, signal: AbortSignal): Promise<RuntimeReply> {
    return joined(await this.#askWorker(request, pid, signal));
  }

  /** The same with commands of any kind; resolves to what was said of them, without a word about servers. */
  async say(commands: readonly string[], pid: number | undefined, signal: AbortSignal): Promise<RuntimeAnswer> {
    const [first, ...more] = await this.#askWorker({ commands, backends: [] }, pid, signal);
    return { pid: first.pid, version: first.version, answer: wordsOf([first, ...more].flatMap(({ lines }) => lines)) };
  }

  /** Gives a command and lines that belong to it, which may be secret: what was said of them is not told. */
  async hand(command: string, payload: string, pid: number | undefined, signal: AbortSignal): Promise<void> {
    await this.#askWorker({ commands: [command], backends: [], payload }, pid, signal);
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
    return joined(await this.#askOn({ admin: undefined, master }, { commands: [], backends: "all" }, signal));
  }

  /**
   * Whether another worker than the one of this pid answers by now. Just after a reload an old one may answer on its own
   * socket, and of a pid that is not known nothing can be told.
   */
  async hasSucceeded(predecessor: number | undefined, signal: AbortSignal): Promise<boolean> {
    if (predecessor === undefined) return false;
    for (const waitMs of SUCCESSOR_WAITS_MS) {
      await sleep(waitMs, this.#clock, signal);
      if ((await this.ask(GREETING, undefined, signal)).pid !== predecessor) return true;
    }
    return false;
  }

  async #askWorker(request: RuntimeRequest, pid: number | undefined, signal: AbortSignal): Promise<Greetings> {
    const { admin } = this.#sockets;
    const master = this.#isMasterBusy ? undefined : this.#sockets.master;
    // What is for the worker that goes is not for the one that comes: that has read another file.
    if (
      this.#isMasterBusy &&
      admin !== undefined &&
      (await this.#converse("admin", admin, GREETING, signal))?.[0].pid !== pid
    )
      throw cutOff(admin);
    if (master === undefined) return await this.#askOn({ admin, master }, request, signal);
    if (admin !== undefined && pid !== undefined && this.#adminPid !== pid) {
      this.#adminPid = (await this.#converse("admin", admin, GREETING, signal))?.[0].pid;
    }
    const isPresent = pid !== undefined && this.#adminPid === pid;
    return await this.#askOn({ admin: isPresent ? admin : undefined, master }, request, signal);
  }

  /** Asks on the first of these sockets on which somebody answers. */
  async #askOn({ admin, master }: RuntimeSockets, request: RuntimeRequest, signal: AbortSignal): Promise<Greetings> {
    const said =
      (admin === undefined ? undefined : await this.#converse("admin", admin, request, signal)) ??
      (master === undefined ? undefined : await this.#converse("master", master, request, signal));
    if (!said) {
      const output = this.isReachable ? "nobody answers on its sockets" : "the resource names no socket of it";
      throw new HecdError({ code: "haproxy-failed", what: "be asked what it runs", output });
    }
    this.#version = said[0].version;
    return said;
  }

  /** Resolves to what each line was answered, or to undefined when nobody answers, and then nothing has been done. */
  async #converse(
    way: keyof RuntimeSockets,
    socket: string,
    request: RuntimeRequest,
    signal: AbortSignal,
  ): Promise<Greetings | undefined> {
    const said: Greeting[] = [];
    for (const words of groupsOf(way, request)) {
      let count = 0;
      do {
        const line = lineOf(way, words.slice(count), this.#lineBytes, request.perLine);
        const { payload } = request;
        const text = payload === undefined ? line.text : `${line.text} <<\n${payload}\n`;
        const greeting = await this.#send(text, socket, signal);
        if (greeting === "too long") {
          if (line.count <= 1) throw tooLong(line.text);
          this.#lineBytes = Math.floor(Buffer.byteLength(line.text) / 2);
          continue;
        }
        if (greeting) said.push(greeting);
        else if (said.length > 0) throw cutOff(socket);
        else return undefined;
        count += line.count;
      } while (count < words.length);
    }
    const [first, ...more] = said;
    if (!first || more.some(({ pid }) => pid !== first.pid)) throw cutOff(socket);
    return [first, ...more];
  }

  async #send(line: string, socket: string, signal: AbortSignal): Promise<Greeting | "too long" | undefined> {
    const late = (): HecdError =>
      new HecdError({ code: "deadline", what: `an answer on ${socket}`, afterMs: ANSWER_WITHIN_MS });
    using limit = deadlineSignal(ANSWER_WITHIN_MS, late, this.#clock, signal);
    const answer = await this.#ask(socket, line, limit.signal);
    if (answer === undefined) return undefined;
    return TOO_LONG.test(answer) ? "too long" : parseGreeting(answer);
  }
}

/** What the lines of one conversation were answered, all by one worker. */
type Greetings = readonly [Greeting, ...Greeting[]];

const GREETING: RuntimeRequest = { commands: [], backends: [] };

/**
 * What may stand in one line. From 3.0 on a task moves a server after its command, and on the worker's own socket the
 * questions of the same line are answered before that.
 */
function groupsOf(
  way: keyof RuntimeSockets,
  { commands, backends, lookups = [] }: RuntimeRequest,
): readonly (readonly string[])[] {
  const servers =
    backends === "all" ? ["show servers state"] : backends.map((backend) => `show servers state ${backend}`);
  const questions = [...servers, ...lookups];
  const isApart = way === "admin" && servers.length > 0 && commands.some((command) => MOVE.test(command));
  return isApart ? [commands, questions] : [[...commands, ...questions]];
}

const MOVE = /^set server \S+ addr /;

/** A line that asks who answers, with as many of these commands as may be, and how many that are. */
function lineOf(
  way: keyof RuntimeSockets,
  commands: readonly string[],
  lineBytes: number,
  most = Number.POSITIVE_INFINITY,
): { readonly text: string; readonly count: number } {
  const address = way === "master" ? "@1 " : "";
  let text = way === "master" ? `${address}show info` : "set severity-output number;show info";
  let bytes = text.length;
  let count = 0;
  for (const command of commands) {
    const next = `;${address}${command}`;
    bytes += Buffer.byteLength(next);
    if (count >= most || (count > 0 && bytes > lineBytes)) break;
    text += next;
    count++;
  }
  return { text, count };
}

/** What several lines were answered, as one answer. */
function joined(greetings: Greetings): RuntimeReply {
  const [{ pid, version }] = greetings;
  const replies = greetings.map(runtimeReplyOf);
  return {
    ...{ pid, version },
    complaints: replies.flatMap(({ complaints }) => complaints),
    servers: replies.flatMap(({ servers }) => servers),
    ofMaps: replies.map(({ ofMaps }) => ofMaps).join(""),
    busy: new Set(replies.flatMap(({ busy }) => [...busy])),
  };
}

function tooLong(line: string): HecdError {
  const output = `it takes no line of ${Buffer.byteLength(line)} bytes`;
  return new HecdError({ code: "haproxy-failed", what: "be told a command", output });
}

function cutOff(socket: string): HecdError {
  return new HecdError({ code: "haproxy-failed", what: "be adjusted to the end", output: `${socket} was cut off` });
}
