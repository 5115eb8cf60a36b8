import { setTimeout as delay } from "node:timers/promises";
import { answerOn } from "../support/live-haproxy.js";

/** How long it rests between two requests. */
const PAUSE_MS = 10;

/** A request that was not answered with 200. Both times by `performance.now()`. */
export interface Failure {
  readonly askedAt: number;
  readonly endedAt: number;
  readonly path: string;
  readonly said: string;
}

/** Asks HAProxy for one path again and again, each time on a connection of its own, and keeps count. */
export class CountingClient implements AsyncDisposable {
  readonly #port: number;
  readonly #path: string;
  readonly #work: Promise<void>;
  #asked = 0;
  #failures: Failure[] = [];
  #isOver = false;

  constructor(port: number, path: string) {
    this.#port = port;
    this.#path = path;
    this.#work = this.#ask();
  }

  /** How many requests came to their end since the last time, and those of them that failed. */
  take(): { readonly asked: number; readonly failures: readonly Failure[] } {
    const taken = { asked: this.#asked, failures: this.#failures };
    [this.#asked, this.#failures] = [0, []];
    return taken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#work;
  }

  async #ask(): Promise<void> {
    while (!this.#isOver) {
      const askedAt = performance.now();
      const said = await answerOn(this.#port, this.#path).catch(String);
      this.#asked++;
      if (!said.startsWith("200 ")) {
        const failure = { askedAt, endedAt: performance.now(), path: this.#path, said: said.slice(0, 80) };
        this.#failures.push(failure);
      }
      await delay(PAUSE_MS);
    }
  }
}
