import { connect } from "node:net";
import { HecdError, reasonOf } from "../../errors.js";
import { codeOf } from "../files/errno.js";

/**
 * The longest line that may be sent. Of one above 15,360 bytes the masters of 3.2 and newer lose the beginning without
 * a word and carry out the rest; their workers refuse a line above 16 kB.
 */
export const LINE_BYTES = 15_000;

/** Sends one line to a socket of HAProxy, as `askSocket` does, by whatever way leads there. */
export type Ask = (socket: string, command: string, signal: AbortSignal) => Promise<string | undefined>;

/** More than this no answer that we ask for can have. */
const ANSWER_BYTES = 64 * 1_024 * 1_024;

/**
 * What a socket says where nobody listens, where the listener is just executing itself anew, or where it is so busy, with a
 * file of 50,000 servers, that nobody else may even wait for it (EAGAIN; see unix(7) and connect(2)).
 */
const NOBODY = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE", "EAGAIN"]);

/**
 * Sends one line to a socket of HAProxy and resolves to the whole answer, or to undefined when nobody is there to give
 * it. Throws `haproxy-failed` where the socket cannot be used, and where the line is longer than `LINE_BYTES`.
 */
export const askSocket: Ask = async (socket, command, signal) => {
  const bytes = Buffer.byteLength(command);
  if (bytes > LINE_BYTES) {
    const output = `a line of ${bytes} bytes is more than it takes whole`;
    throw new HecdError({ code: "haproxy-failed", what: `be asked on ${socket}`, output });
  }
  try {
    return await converse(socket, command, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (NOBODY.has(codeOf(error) ?? "")) return undefined;
    throw new HecdError(
      { code: "haproxy-failed", what: `be reached on ${socket}`, output: reasonOf(error) },
      { cause: error },
    );
  }
};

function converse(socket: string, command: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const connection = connect(socket);
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onAbort = (): void => {
      connection.destroy(signal.reason as Error);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    connection.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES) connection.destroy(new Error("its answer has no end"));
      chunks.push(chunk);
    });
    connection.once("error", reject);
    connection.once("close", () => {
      signal.removeEventListener("abort", onAbort);
      resolve(Buffer.concat(chunks).toString("utf8"));
    });
    connection.end(`${command}\n`); // the master keeps the connection open until our side of it is closed
  });
}
