import { Agent, createServer, get, type Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** How long the long requests take. */
const LONG_MS = 2_000;

/** A server that answers `name`, and `/long` after two seconds. */
export interface TestServer extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** Takes no new connections from now on; what is under way comes to its end. */
  leave(): void;
}

/** Starts one on a port of its own, which takes `tookMs` to answer. */
export async function startServer(name: string, tookMs = 0): Promise<TestServer> {
  const server: Server = createServer((request, response) => {
    const waitMs = request.url === "/long" ? LONG_MS : tookMs;
    if (waitMs > 0) void delay(waitMs).then(() => response.end(name));
    else response.end(name);
  });
  server.keepAliveTimeout = 60_000; // HAProxy decides when an idle connection ends
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port was given");
  return {
    name,
    port: address.port,
    leave: () => void server.close(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What came of the requests so far. */
export interface Tally {
  answered: number;
  readonly failures: string[];
}

/** Short connections, kept-alive ones with pauses, and two-second requests, all at once, until it is stopped. */
export class Load {
  readonly tally: Tally = { answered: 0, failures: [] };
  readonly #port: number;
  readonly #keepAlive = new Agent({ keepAlive: true, maxSockets: 8 });
  readonly #clients: Promise<void>[];
  #isOver = false;

  /** Without long requests where servers are to end under it that would not wait for them. */
  constructor(port: number, longs = 8) {
    this.#port = port;
    this.#clients = [
      ...Array.from({ length: 4 }, () => this.#client("/", false, 4)),
      ...Array.from({ length: 8 }, (_, index) => this.#client("/", this.#keepAlive, 5 + 5 * index)),
      ...Array.from({ length: longs }, () => this.#client("/long", false, 0)),
    ];
  }

  /** Lets every request come to its end. */
  async stop(): Promise<Tally> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    this.#keepAlive.destroy();
    return this.tally;
  }

  async #client(path: string, agent: Agent | false, pauseMs: number): Promise<void> {
    while (!this.#isOver) {
      const kind = agent === false ? path : `${path} kept alive`;
      await request(this.#port, path, agent).then(
        (status) => {
          if (status === 200) this.tally.answered++;
          else this.tally.failures.push(`${kind}: ${status}`);
        },
        (error: unknown) => this.tally.failures.push(`${kind}: ${String(error)}`),
      );
      await delay(pauseMs);
    }
  }
}

function request(port: number, path: string, agent: Agent | false): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: "127.0.0.1", port, path, agent, timeout: 10_000 }, (response) => {
      response.once("error", reject);
      response.once("end", () => {
        resolve(response.statusCode ?? 0);
      });
      response.resume();
    });
    asked.once("timeout", () => asked.destroy(new Error("no answer in 10 s")));
    asked.once("error", reject);
  });
}
