import { reasonOf } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import { codeOf } from "../files/errno.js";
import { followLive, type LiveMessage, type LiveWish } from "./live-client.js";

/** How soon a daemon is looked for again that does not answer, or has ended. */
const AGAIN_MS = 1_000;

/** What is heard of a daemon: what it passes on, and that it cannot be heard; `absent` is who has never been there. */
export type DaemonNews = LiveMessage | { readonly kind: "away" | "absent"; readonly reason: string };

/**
 * Follows the daemon at `HOST:PORT` however often it goes and comes: of its events the ones that it remembers are not
 * missed, and none comes twice. Tells of each time at which it cannot be heard once. Ends only by throwing the reason.
 */
export async function* followDaemon(
  address: string,
  wish: LiveWish,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<DaemonNews, never, undefined> {
  let after: string | undefined;
  let told: string | undefined;
  let isKnown = false;
  for (;;) {
    let reason = "it has ended";
    let isRefused = false;
    try {
      for await (const message of followLive(address, { ...wish, after }, clock, signal)) {
        if (message.kind === "told") after = message.told.id;
        isKnown = true;
        told = undefined;
        yield message;
      }
    } catch (error) {
      signal.throwIfAborted();
      reason = reasonOf(error);
      isRefused = codeOf(error) === "ECONNREFUSED";
    }
    const kind = isKnown || !isRefused ? "away" : "absent";
    if (told !== kind) yield { kind, reason };
    told = kind;
    await sleep(AGAIN_MS, clock, signal);
  }
}
