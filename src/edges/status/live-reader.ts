import type { ServerResponse } from "node:http";
import type { Clock } from "../../flow/clock.js";
import type { ToldEvent } from "./told-events.js";

/** So much may wait for a reader that is behind before it is dropped; of states only the newest waits. */
const BACKLOG_BYTES = 4 * 1_024 * 1_024;

/** The type of an answer that goes on. */
export const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** What a reader has asked for. */
interface Wants {
  readonly wantsState: boolean;
  readonly wantsTold: boolean;
}

/** One reader of server-sent events, who may be slower than what happens. */
export class LiveReader {
  readonly #response: ServerResponse;
  readonly #wants: Wants;
  readonly #clock: Clock;
  /** The newest state, while an earlier one is still on its way. */
  #waiting: string | undefined;
  /** Since when nothing more could be given; undefined while all is taken. */
  #behindSince: number | undefined;

  /** Begins the answer. */
  constructor(response: ServerResponse, wants: Wants, clock: Clock) {
    this.#response = response;
    this.#wants = wants;
    this.#clock = clock;
    response.on("drain", () => {
      this.#behindSince = undefined;
      const text = this.#waiting;
      this.#waiting = undefined;
      if (text !== undefined) this.show(text);
    });
    response.writeHead(200, {
      "content-type": EVENT_STREAM,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-accel-buffering": "no", // an nginx in between passes it on at once
    });
    this.#write("retry: 2000\n\n");
  }

  /** Gives a state, or has it wait for the end of an earlier one. */
  show(state: string): void {
    if (!this.#wants.wantsState) return;
    if (this.#behindSince === undefined) this.#write(messageOf("state", state));
    else this.#waiting = state;
  }

  tell(told: ToldEvent): void {
    if (!this.#wants.wantsTold) return;
    this.#write(`id: ${told.id}\n${messageOf("told", JSON.stringify(told))}`);
  }

  /** Says that we are here; drops a reader that has taken nothing for `longestMs`. */
  beat(longestMs: number): void {
    if (this.#behindSince === undefined) this.#write(": \n\n");
    else if (this.#clock.now() - this.#behindSince >= longestMs) this.drop();
  }

  drop(): void {
    this.#response.destroy();
  }

  #write(text: string): void {
    if (!this.#response.write(text)) this.#behindSince ??= this.#clock.now();
    if (this.#response.writableLength > BACKLOG_BYTES + text.length) this.drop();
  }
}

function messageOf(kind: "state" | "told", json: string): string {
  return `event: ${kind}\ndata: ${json}\n\n`;
}
