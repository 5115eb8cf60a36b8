import { once } from "node:events";
import { connect, type SecureClientSessionOptions } from "node:http2";
import { HecdError } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { abortable } from "../../flow/linked-signal.js";

const ANSWER_MS = 2_000;

/**
 * Whether somebody speaks HTTP/2 at `url`, by a connection of our own: unlike one of gRPC's it can be given up.
 *
 * Never rejects; resolves within two seconds, or at once when `signal` aborts, and leaves nothing open.
 */
export async function probeMember(
  url: string,
  tls: Pick<SecureClientSessionOptions, "ca" | "cert" | "key">,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const late = (): HecdError =>
    new HecdError({ code: "deadline", what: `the first word of ${url}`, afterMs: ANSWER_MS });
  using work = deadlineSignal(ANSWER_MS, late, clock, signal);
  const session = connect(url, tls);
  session.on("error", () => undefined); // `once` rejects by it, and it may come later than that
  try {
    await abortable(once(session, "remoteSettings"), work.signal);
    return true;
  } catch {
    return false;
  } finally {
    session.destroy();
  }
}
