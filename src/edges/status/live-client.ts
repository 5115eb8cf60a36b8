import { z } from "zod";
import { HecdError } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import { statusAnswer, type StatusAnswer } from "./client.js";
import { HEARTBEAT_MS } from "./readers.js";

/** How long a daemon may take until it answers. */
const ANSWER_WITHIN_MS = 2_000;

/** How long it may say nothing then: as long as it takes to miss that it is there two times. */
const SILENCE_MS = 2.5 * HEARTBEAT_MS;

/** What a daemon passes on as it happens. */
export type LiveMessage =
  { readonly kind: "state"; readonly status: StatusAnswer } | { readonly kind: "told"; readonly told: HeardEvent };

/** An event as another process has told it, which may be of another version. */
interface HeardEvent {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly host?: string | undefined;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** The facts, by name. */
  readonly event: { readonly kind: string } & Readonly<Record<string, unknown>>;
}

/** What of `/live` is wanted. */
export interface LiveWish {
  /** One kind alone; both when absent. */
  readonly of?: "state" | "told";
  /** So many of the last events first. */
  readonly recent?: number;
  /** The last event that was heard before the connection broke: what came since is told first. */
  readonly after?: string | undefined;
}

const heardEvent = z.object({
  id: z.string(),
  at: z.string(),
  host: z.string().optional(),
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string(),
  event: z.looseObject({ kind: z.string() }),
});

/**
 * Follows the daemon at `HOST:PORT` until `signal` aborts; rejects with its reason then.
 *
 * Rejects with the reason as well when nobody answers there as one of ours would, or the connection breaks, and with
 * `deadline` when the daemon falls silent. A daemon that ends its answer in an orderly way ends this without an error.
 */
export async function* followLive(
  address: string,
  { of, recent, after }: LiveWish,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<LiveMessage, void, undefined> {
  const query = new URLSearchParams();
  if (of !== undefined) query.set("of", of);
  if (recent !== undefined) query.set("recent", String(recent));
  using silence = new Silence(address, clock, signal);
  try {
    const response = await fetch(`http://${address}/live?${query.toString()}`, {
      headers: after === undefined ? {} : { "last-event-id": after },
      signal: silence.signal,
    });
    if (!response.ok || !response.body) throw new Error((await response.text()).trim().slice(0, 200));
    silence.mayLast(SILENCE_MS);
    let rest = "";
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      silence.mayLast(SILENCE_MS);
      const blocks = (rest + text).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) yield* messagesIn(block);
    }
  } catch (error) {
    silence.signal.throwIfAborted();
    throw error instanceof Error && error.cause !== undefined ? error.cause : error;
  }
}

function* messagesIn(block: string): Generator<LiveMessage> {
  const fields = new Map(block.split("\n").map((line) => [line.split(": ", 1)[0], line.slice(line.indexOf(": ") + 2)]));
  const data = fields.get("data");
  if (data === undefined) return; // a sign of life, or how long to wait before coming back
  if (fields.get("event") === "state") yield { kind: "state", status: statusAnswer.parse(JSON.parse(data)) };
  else if (fields.get("event") === "told") yield { kind: "told", told: heardEvent.parse(JSON.parse(data)) };
}

/** Aborts with `signal`, and when nothing was heard for as long as that may last. */
class Silence implements Disposable {
  readonly #address: string;
  readonly #clock: Clock;
  readonly #work;
  #callOff: () => void = () => undefined;

  constructor(address: string, clock: Clock, signal: AbortSignal) {
    this.#address = address;
    this.#clock = clock;
    this.#work = linkedSignal(signal);
    this.mayLast(ANSWER_WITHIN_MS);
  }

  get signal(): AbortSignal {
    return this.#work.signal;
  }

  /** From now on, once more. */
  mayLast(ms: number): void {
    this.#callOff();
    this.#callOff = this.#clock.after(ms, () => {
      this.#work.abort(new HecdError({ code: "deadline", what: `a word of ${this.#address}`, afterMs: ms }));
    });
  }

  [Symbol.dispose](): void {
    this.#callOff();
    this.#work[Symbol.dispose]();
  }
}
