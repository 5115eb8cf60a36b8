import type { ServerResponse } from "node:http";
import type { Clock } from "../../flow/clock.js";

/** So much may wait for a reader that is behind before it is dropped; of states only the newest waits. */
const BACKLOG_BYTES = 4 * 1_024 * 1_024;

/** The type of an answer that goes on. */
export const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** An answer of server-sent events to one reader, who may be slower than what happens. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  /** Makes the newest state, while an earlier one is still on its way. */
  #waiting: (() => string | undefined) | undefined;
  /** Since when nothing more could be given; undefined while all is taken. */
  #behindSince: number | undefined;

  /** Begins the answer. */
  constructor(response: ServerResponse, clock: Clock) {
    this.#response = response;
    this.#clock = clock;
    response.on("drain", () => {
      this.#behindSince = undefined;
      const make = this.#waiting;
      this.#waiting = undefined;
      if (make) this.offer(make);
    });
    response.writeHead(200, {
      "content-type": EVENT_STREAM,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-accel-buffering": "no", // an nginx in between passes it on at once
    });
    this.send("retry: 2000\n\n");
  }

  /**
   * Gives what `make` makes, at once or when the reader has taken what came before; a later offer takes the place of one
   * that waits.
   */
  offer(make: () => string | undefined): void {
    if (this.#behindSince !== undefined) {
      this.#waiting = make;
      return;
    }
    const message = make();
    if (message !== undefined) this.send(message);
  }

  /** Gives a message however far the reader is behind; drops it when that is too far. */
  send(message: string): void {
    if (!this.#response.write(message)) this.#behindSince ??= this.#clock.now();
    if (this.#response.writableLength > BACKLOG_BYTES + message.length) this.drop();
  }

  /** Says that we are here; drops a reader that has taken nothing for `longestMs`. */
  beat(longestMs: number): void {
    if (this.#behindSince === undefined) this.send(": \n\n");
    else if (this.#clock.now() - this.#behindSince >= longestMs) this.drop();
  }

  drop(): void {
    this.#response.destroy();
  }

  /** Calls `onGone` once the reader has gone or was dropped. */
  whenGone(onGone: () => void): void {
    this.#response.once("close", onGone);
  }
}

/** One message, of a kind that readers tell from others. */
export function messageOf(kind: string, json: string): string {
  return `event: ${kind}\ndata: ${json}\n\n`;
}
