import { setTimeout as delay } from "node:timers/promises";
import { startServer, type TestServer } from "./load.js";

/** How long a container goes on after its keys have gone. */
export const ENDS_AFTER_MS = 100;

/** Servers of one test that leave as containers do; disposing waits for those that are about to, and ends all. */
export class LeavingServers implements AsyncDisposable {
  readonly #servers: TestServer[] = [];
  readonly #departures: Promise<void>[] = [];

  /** Starts one more, which answers with its name. */
  async start(): Promise<TestServer> {
    const server = await startServer(`s${this.#servers.length}`);
    this.#servers.push(server);
    return server;
  }

  /** Calls `end` when a container would be at its end that was told to end now. */
  endSoon(end: () => void | PromiseLike<void>, afterMs = ENDS_AFTER_MS): void {
    this.#departures.push(delay(afterMs).then(end));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#departures);
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
  }
}
