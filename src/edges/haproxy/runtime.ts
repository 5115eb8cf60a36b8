import { HecdError } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { parseRuntimeReply, type RuntimeReply } from "../../haproxy/runtime/runtime-reply.js";
import type { HaproxySettings } from "../../ports.js";
import { askSocket } from "./socket.js";

/** A worker answers in a few milliseconds; replacing one that is only drowned would cost requests that it still serves. */
const ANSWER_WITHIN_MS = 8_000;

/** A longer line is refused by HAProxy 3.2, whose buffers have 16 kB by default. */
const LINE_BYTES = 15_000;

/** Which sockets lead to the worker of an HAProxy. */
export interface RuntimeSockets {
  /** Its own, which an old worker may answer just after a reload; the quicker one. */
  readonly admin: string | undefined;
  /** The master's, which always leads to the present worker. */
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

/**
 * Sends commands to the worker and resolves to what it said and to the servers as they are afterwards; to undefined when
 * nobody answers.
 *
 * Throws `haproxy-failed` where a socket cannot be used, and `deadline` where a worker does not answer in eight seconds.
 */
export async function askWorker(
  { admin, master }: RuntimeSockets,
  { commands, backends }: RuntimeRequest,
  clock: Clock,
  signal: AbortSignal,
): Promise<RuntimeReply | undefined> {
  const looks =
    backends === "all" ? ["show servers state"] : backends.map((backend) => `show servers state ${backend}`);
  const ways = [
    ...(admin === undefined ? [] : [{ socket: admin, opening: "set severity-output number;", address: "" }]),
    ...(master === undefined ? [] : [{ socket: master, opening: "", address: "@1 " }]),
  ];
  for (const { socket, opening, address } of ways) {
    const lines = linesOf([...commands, ...looks], opening, address);
    const replies: RuntimeReply[] = [];
    for (const line of lines) {
      const late = new HecdError({ code: "deadline", what: `an answer on ${socket}`, afterMs: ANSWER_WITHIN_MS });
      using limit = deadlineSignal(ANSWER_WITHIN_MS, late, clock, signal);
      const answer = await askSocket(socket, line, limit.signal);
      const reply = answer === undefined ? undefined : parseRuntimeReply(answer);
      if (reply) replies.push(reply);
      else if (replies.length > 0) throw cutOff(socket);
      else break;
    }
    const [first] = replies;
    if (!first) continue; // not even the first line was answered: nothing has been done
    if (replies.some(({ pid }) => pid !== first.pid)) throw cutOff(socket);
    return {
      ...first,
      complaints: replies.flatMap(({ complaints }) => complaints),
      servers: replies.flatMap(({ servers }) => servers),
      busy: new Set(replies.flatMap(({ busy }) => [...busy])),
    };
  }
  return undefined;
}

/** As many commands in a line as may be, each line with the question who answers it. */
function linesOf(commands: readonly string[], opening: string, address: string): readonly string[] {
  const lines: string[] = [];
  const start = `${opening}${address}show info`;
  let line = start;
  for (const command of commands) {
    const next = `;${address}${command}`;
    if (line.length + next.length > LINE_BYTES) {
      lines.push(line);
      line = start;
    }
    line += next;
  }
  return [...lines, line];
}

function cutOff(socket: string): HecdError {
  return new HecdError({ code: "haproxy-failed", what: "be adjusted to the end", output: `${socket} was cut off` });
}
