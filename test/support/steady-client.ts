import { setTimeout as delay } from "node:timers/promises";
import { answerOn } from "./live-haproxy.js";

/** How long it rests between two requests. */
const PAUSE_MS = 10;

/** Asks for one path again and again, each time on a connection of its own, and remembers what came of it. */
export class SteadyClient implements AsyncDisposable {
  readonly #port: number;
  readonly #path: string;
  readonly #begunAt = performance.now();
  readonly #work: Promise<void>;
  #answers: string[] = [];
  #failures: string[] = [];
  #isOver = false;

  constructor(port: number, path: string) {
    this.#port = port;
    this.#path = path;
    this.#work = this.#ask();
  }

  /** Every request that has failed since the last time, with when that was, and how many there were in all. */
  takeFailures(): readonly string[] {
    const asked = this.#answers.length + this.#failures.length;
    const failures = this.#failures.map((each) => `${each} (of ${asked} requests to ${this.#path})`);
    [this.#answers, this.#failures] = [[], []];
    return failures;
  }

  /** Who has given the last so many answers. */
  latest(count = 20): ReadonlySet<string> {
    return new Set(this.#answers.slice(-count));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#work;
  }

  async #ask(): Promise<void> {
    while (!this.#isOver) {
      const said = await answerOn(this.#port, this.#path).catch(String);
      if (said.startsWith("200 ")) this.#answers.push(said.slice(4));
      else this.#failures.push(`after ${Math.round(performance.now() - this.#begunAt)} ms: ${said.slice(0, 80)}`);
      await delay(PAUSE_MS);
    }
  }
}
