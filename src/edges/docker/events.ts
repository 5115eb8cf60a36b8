import type { Readable } from "node:stream";
import { z } from "zod";
import { signalNumber } from "../../core/text/signal.js";
import type { Clock } from "../../flow/clock.js";
import { dockerAction } from "./podman.js";

/** A hint that something has changed: of one container, or of the engine as a whole. */
export interface DockerHint {
  readonly action: string;
  /** The container's id; undefined when everything should be looked at. */
  readonly container: string | undefined;
  readonly name: string;
  /** The number of the signal that was sent, of the action `kill`; undefined otherwise, and when it cannot be told. */
  readonly signal: number | undefined;
  /** By the engine's calendar, in milliseconds since 1970; 0 when it does not say. */
  readonly at: number;
}

/**
 * The events that can change whether and where a container is reached, as the engine's filters.
 *
 * With `health_status` among them the engine takes each for the beginning of an action. The probes' own `exec_*`
 * events, three for each probe, begin with none of these.
 */
export const EVENT_FILTERS: Readonly<Record<string, string[]>> = {
  type: ["container", "network", "daemon"],
  event: [
    ...["create", "start", "health_status", "kill", "die", "stop", "pause", "unpause", "rename", "update", "destroy"],
    ...["restart", "oom", "connect", "disconnect", "reload"],
    ...["died", "cleanup", "remove"], // Podman's; Docker has no such event of a container
  ],
};

/** The events that tell of signals alone, as the engine's filters. */
export const SIGNALS: Readonly<Record<string, string[]>> = { type: ["container"], event: ["kill"] };

/** No event of ours is longer; a stream that sends this much without an end of line is no stream of events. */
const LONGEST_LINE = 16 * 1024 * 1024;

/**
 * Reads the stream to its end and gives every hint on as it comes, without ever waiting for anybody: an engine drops
 * the events of a reader that is slow.
 *
 * Resolves when the stream has ended in order, was cut, or has been silent for `quietMs`, which cannot be told from a dead one.
 */
export function readHints(
  stream: Readable,
  onHint: (hint: DockerHint) => void,
  { quietMs, clock }: { readonly quietMs: number; readonly clock: Clock },
): Promise<"ended" | "cut" | "quiet"> {
  return new Promise((resolve) => {
    let carry: string[] = [];
    let carried = 0;
    let lastByteAt = clock.now();
    let callOff = clock.after(quietMs, watch);
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      lastByteAt = clock.now();
      const [first = "", ...rest] = text.split("\n");
      carry.push(first);
      carried += first.length;
      for (const next of rest) {
        const hint = hintOf(carry.join(""));
        if (hint) onHint(hint);
        carry = [next];
        carried = next.length;
      }
      if (carried > LONGEST_LINE) stream.destroy();
    });
    // `end` for an orderly end, `error` and `close` for every other; `close` always comes.
    stream.on("end", () => {
      end("ended");
    });
    stream.on("error", () => undefined);
    stream.on("close", () => {
      end("cut");
    });

    function watch(): void {
      const restMs = lastByteAt + quietMs - clock.now();
      if (restMs <= 0) end("quiet");
      else callOff = clock.after(restMs, watch);
    }

    function end(how: "ended" | "cut" | "quiet"): void {
      callOff();
      stream.destroy();
      resolve(how);
    }
  });
}

const eventLine = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
  timeNano: z.number().nullish(),
});

/** Reads one line; what cannot be read is a hint to look at everything, for it may have meant anything. */
export function hintOf(line: string): DockerHint | undefined {
  if (line.trim() === "") return undefined;
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    raw = undefined;
  }
  const { data } = eventLine.safeParse(raw);
  if (!data) return { action: "unreadable", container: undefined, name: "", signal: undefined, at: 0 };
  const { Type, Action, Actor } = data;
  const attributes = Actor.Attributes ?? {};
  const at = (data.timeNano ?? 0) / 1e6;
  switch (Type) {
    case "container": {
      const name = attributes["name"] ?? Actor.ID.slice(0, 12);
      const signal = Action === "kill" ? signalNumber(attributes["signal"] ?? "") : undefined;
      return { action: dockerAction(Action), container: Actor.ID, name, signal, at };
    }
    case "network": {
      const container = attributes["container"] ?? connectedIn(Action, Actor.ID, attributes);
      if (container === undefined) return undefined;
      return { action: `network ${Action}`, container, name: container.slice(0, 12), signal: undefined, at };
    }
    default:
      return { action: `${Type} ${Action}`, container: undefined, name: "", signal: undefined, at };
  }
}

/** The container that Podman has connected or disconnected, which is the actor of such an event there; Docker names it. */
function connectedIn(action: string, id: string, attributes: Readonly<Record<string, string>>): string | undefined {
  const isOfContainer = (action === "connect" || action === "disconnect") && "podId" in attributes;
  return isOfContainer && /^[0-9a-f]{64}$/.test(id) ? id : undefined;
}
