import { abortable } from "../../flow/linked-signal.js";
import type { RpcStream } from "../etcd-client/rpc.js";

/**
 * Opens a stream, sends `requests`, and resolves to the first thing other than undefined that `onAnswer` returns.
 *
 * `onAnswer` may send more.
 *
 * Rejects with what ended the stream before, what `onAnswer` threw, or the signal's reason. The stream is over either way.
 */
export async function converse<Request, Answer, Result>(
  open: () => Promise<RpcStream<Request, Answer>>,
  requests: readonly Request[],
  onAnswer: (answer: Answer, send: (request: Request) => void) => Result | undefined,
  signal: AbortSignal,
): Promise<Result> {
  signal.throwIfAborted();
  const stream = await opened(open, signal);
  const send = (request: Request): void => {
    stream.write(request);
  };
  let onAbort: () => void = () => undefined;
  try {
    return await new Promise<Result>((resolve, reject) => {
      const fail: (reason: unknown) => void = reject; // whatever it is, it goes on unchanged
      // Stays when we have left: what cancelling makes the stream say is no news, but must have a listener.
      stream.on("error", reject);
      stream.on("end", () => {
        reject(new Error("the server has ended the stream"));
      });
      stream.on("data", (answer) => {
        try {
          const result = onAnswer(answer, send);
          if (result !== undefined) resolve(result);
        } catch (error) {
          fail(error);
        }
      });
      onAbort = () => {
        fail(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      for (const request of requests) send(request);
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
    hangUp(stream);
  }
}

/** The opened stream; rejects with the signal's reason at once, and then ends the stream when it comes after all. */
async function opened<Request, Answer>(
  open: () => Promise<RpcStream<Request, Answer>>,
  signal: AbortSignal,
): Promise<RpcStream<Request, Answer>> {
  const opening = open();
  try {
    return await abortable(opening, signal);
  } catch (error) {
    opening.then(
      (stream) => {
        stream.on("error", () => undefined);
        hangUp(stream);
      },
      () => undefined,
    );
    throw error;
  }
}

function hangUp(stream: RpcStream<never, unknown>): void {
  // Ended before it is cancelled, or etcd3 would hold the cancelling against the server.
  stream.end();
  stream.cancel();
}
