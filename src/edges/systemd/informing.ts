import { type Clock, sleep } from "../../flow/clock.js";
import type { Runnable } from "../../flow/run-all.js";
import type { ServiceManager } from "./service-manager.js";

/** What systemd is told of a daemon, and when. */
export interface Informing {
  readonly isReady: () => boolean;
  /** The one line that `systemctl status` shows; none when undefined. */
  readonly statusLine?: () => string;
  /** It is called ready after so long at the latest; not before it is ready when undefined. */
  readonly readyWithinMs?: number;
  /** How often it is told that all is well; never when undefined. */
  readonly beatMs: number | undefined;
  /** Takes why systemd could not be told, once for each reason. */
  readonly onFailure: (reason: string) => void;
}

/** How often is looked whether there is something to tell. */
const LOOK_UNREADY_MS = 100;
const LOOK_MS = 1_000;

/**
 * Tells systemd that a daemon is ready, how it is whenever that changes, and again and again that its loop turns.
 *
 * Once it was ready it stays so: what it waits for afterwards is in its line alone.
 */
export function informing(manager: ServiceManager, what: Informing, clock: Clock): Runnable {
  const { isReady, statusLine, readyWithinMs = Infinity, beatMs = Infinity, onFailure } = what;
  return {
    async run(signal) {
      const latest = clock.now() + readyWithinMs;
      const failures = new Set<string>();
      let wasReady = false;
      let shown: string | undefined;
      let beatAt = clock.now() + beatMs;
      for (;;) {
        const lines: string[] = [];
        if (!wasReady && (isReady() || clock.now() >= latest)) lines.push("READY=1");
        wasReady ||= lines.length > 0;
        const line = statusLine?.();
        if (line !== shown && line !== undefined) lines.push(`STATUS=${onOneLine(line)}`);
        shown = line;
        if (clock.now() >= beatAt) {
          lines.push("WATCHDOG=1");
          beatAt = clock.now() + beatMs;
        }
        const failure = lines.length === 0 ? undefined : await manager.tell(lines, signal);
        if (failure !== undefined && !failures.has(failure)) onFailure(failure);
        if (failure !== undefined) failures.add(failure);
        await sleep(Math.min(wasReady ? LOOK_MS : LOOK_UNREADY_MS, beatMs), clock, signal);
      }
    },
  };
}

/** More of a line than this nobody reads in a list of services. */
const LONGEST_LINE = 300;

/** What a line says of the world must not become a word to systemd. */
function onOneLine(line: string): string {
  const plain = line.replaceAll(/\p{Cc}+/gu, " ");
  return plain.length > LONGEST_LINE ? `${plain.slice(0, LONGEST_LINE - 3)}...` : plain;
}
