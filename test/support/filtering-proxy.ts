import { once } from "node:events";
import { createServer, request as dial, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { IS_PODMAN } from "./engine-kind.js";

/** The requests that HECD may make, as a careful operator's socket proxy would let them through. */
const NEEDED = [
  ...[/^\/version$/, /^\/v[0-9.]+\/events$/, /^\/v[0-9.]+\/containers\/([0-9a-f]{64}\/)?json$/],
  ...(IS_PODMAN ? [/^\/v[0-9.]+\/networks\/[^/]+$/] : []),
];

/**
 * A proxy before an engine's socket that lets only the needed `GET`s through, and answers all else with 403.
 *
 * It can also claim that the engine speaks no newer API than a given one; the engine then hears that one.
 */
export class FilteringProxy implements AsyncDisposable {
  /** Method and path of every request, those that were refused too. */
  readonly requests: string[] = [];
  /** Method and path of every request that was refused. */
  readonly refused: string[] = [];
  /** Answers instead of the engine when it returns true; is asked with path and query. */
  intercept: (url: string, response: ServerResponse) => boolean = () => false;
  readonly #socket: string;
  readonly #newestApi: string | undefined;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response);
  });

  private constructor(socket: string, newestApi: string | undefined) {
    this.#socket = socket;
    this.#newestApi = newestApi;
  }

  static async start(socket: string, newestApi?: string): Promise<FilteringProxy> {
    const proxy = new FilteringProxy(socket, newestApi);
    await once(proxy.#server.listen(0, "127.0.0.1"), "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // a TCP server has no other kind of address
  }

  get url(): string {
    return `tcp://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "" } = request;
    const path = url.replace(/\?.*$/, "");
    this.requests.push(`${method} ${path}`);
    if (method !== "GET" || !NEEDED.some((pattern) => pattern.test(path))) {
      this.refused.push(`${method} ${path}`);
      response.writeHead(403).end("Forbidden");
      return;
    }
    if (this.intercept(url, response)) return;
    const inside = dial({ socketPath: this.#socket, path: url, method, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, { "content-type": answer.headers["content-type"] ?? "" });
      response.flushHeaders();
      if (path === "/version" && this.#newestApi !== undefined) void this.#understate(answer, response);
      else answer.pipe(response);
    });
    inside.on("error", () => response.destroy());
    response.on("close", () => inside.destroy());
    inside.end();
  }

  async #understate(answer: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of answer) text += String(chunk);
    response.end(JSON.stringify({ ...(JSON.parse(text) as object), ApiVersion: this.#newestApi }));
  }
}
