import { setTimeout as delay } from "node:timers/promises";
import { ask, Hung, keptConnections, talk, type Target } from "./requests.js";
import { Tally } from "./tally.js";

/** Clients of every kind that ask all along, one request after the other, until they are stopped. */
export class Clients {
  readonly tally = new Tally();
  readonly #kept: ReturnType<typeof keptConnections>;
  readonly #running: readonly Promise<void>[];
  #isOver = false;

  constructor(target: Target) {
    this.#kept = keptConnections(target);
    const text = (kind: string, pauseMs: number, once: () => Promise<string>) =>
      this.#client(kind, pauseMs, async () => {
        this.tally.answered(await once());
      });
    this.#running = [
      text("GET", 10, () => ask(target, "GET", "/")),
      text("GET", 15, () => ask(target, "GET", "/")),
      text("POST", 20, () => ask(target, "POST", "/")),
      text("GET kept alive", 10, () => ask(target, "GET", "/", this.#kept)),
      text("GET kept alive", 25, () => ask(target, "GET", "/", this.#kept)),
      text("POST kept alive", 20, () => ask(target, "POST", "/", this.#kept)),
      text("download", 20, () => ask(target, "GET", "/long")),
      text("download", 50, () => ask(target, "GET", "/long")),
      this.#client("websocket", 20, () => talk(target)),
    ];
  }

  /** Lets every request come to its end. */
  async stop(): Promise<Tally> {
    this.#isOver = true;
    await Promise.all(this.#running);
    this.#kept.destroy();
    return this.tally;
  }

  async #client(kind: string, pauseMs: number, once: () => Promise<unknown>): Promise<void> {
    while (!this.#isOver) {
      const askedAt = Date.now();
      this.tally.asked++;
      await once().catch((error: unknown) => {
        if (error instanceof Hung) this.tally.hung++;
        else
          this.tally.failures.push({ kind, askedAt, reason: error instanceof Error ? error.message : String(error) });
      });
      await delay(pauseMs);
    }
  }
}
