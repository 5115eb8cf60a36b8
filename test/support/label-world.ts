import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, createServer, request, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ErrorPages } from "../../src/core/model/error-pages.js";
import type { UserLists } from "../../src/core/model/users.js";
import { freePort } from "./free-port.js";
import { renderKeys, stockTemplate } from "./golden.js";
import { keysOf, type Labelled } from "./labelled.js";
import { required } from "./required.js";
import { RuntimeWorld } from "./runtime-world.js";

/** An answer of HAProxy to a client. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly tookMs: number;
}

/** A real HAProxy on a stock template, driven as a renderer drives it, with containers that tests describe. */
export class LabelWorld implements AsyncDisposable {
  readonly haproxy: RuntimeWorld;
  readonly #textOf: (containers: readonly Labelled[], maintained?: readonly string[]) => string;

  /** Takes what else there is on disk by now. */
  readonly #look: () => Promise<void>;

  private constructor(
    haproxy: RuntimeWorld,
    textOf: (containers: readonly Labelled[], maintained?: readonly string[]) => string,
    look: () => Promise<void>,
  ) {
    this.haproxy = haproxy;
    this.#textOf = textOf;
    this.#look = look;
  }

  /** Starts it on these containers; the TCP template serves `web` at the same port. */
  static async start(
    containers: readonly Labelled[],
    {
      src = "haproxy.cfg.hbs",
      env = {},
      users,
      pages,
    }: {
      readonly src?: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly users?: () => UserLists;
      readonly pages?: () => Promise<ErrorPages>;
    } = {},
  ): Promise<LabelWorld> {
    const template = await stockTemplate(src);
    const statsPort = await freePort();
    let place: Readonly<Record<string, string>> = {};
    let errorPages = await pages?.();
    const textOf = (all: readonly Labelled[], maintained?: readonly string[]): string =>
      renderKeys(template, keysOf(all, maintained), { ...place, ...env }, users?.(), errorPages).text;
    const haproxy = await RuntimeWorld.start((port, socket) => {
      place = {
        HECD_HTTP_BIND: `127.0.0.1:${port}`,
        ...(src === "haproxy-tcp.cfg.hbs" ? { HECD_TCP_SERVICES: `web=127.0.0.1:${port}` } : {}),
        HECD_DEFAULT_SERVICE: "web",
        HECD_STATS_BIND: `127.0.0.1:${statsPort}`,
        HECD_HAPROXY_SOCKET: socket,
        HECD_HAPROXY_LOG: "127.0.0.1 local0",
        HECD_SERVER_STATE: "off",
      };
      return textOf(containers);
    });
    const world = new LabelWorld(haproxy, textOf, async () => {
      errorPages = await pages?.();
    });
    await world.have(containers);
    return world;
  }

  /** Has these containers be all there are, some services in maintenance; the reasons of the reloads that it took. */
  async have(containers: readonly Labelled[], maintained?: readonly string[]): Promise<readonly string[]> {
    await this.#look();
    const outcome = await this.haproxy.apply(this.#textOf(containers, maintained));
    if (outcome.kind !== "applied" && outcome.kind !== "unchanged") throw new Error(JSON.stringify(outcome));
    return this.haproxy.take("reload-needed").map(({ reason }) => reason);
  }

  /** Asks for a path on a connection of its own. */
  ask(path = "/", headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return askAt(this.haproxy.port, path, headers);
  }

  /** The bodies of so many answers, one after the other. */
  async bodies(count: number, headers: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
    const bodies: string[] = [];
    for (let each = 0; each < count; each++) bodies.push((await this.ask("/", headers)).body);
    return bodies;
  }

  /** What HAProxy's statistics have in a column for each server of a service, by the name of its container. */
  async column(service: string, name: string): Promise<Readonly<Record<string, string>>> {
    const [heading = "", ...rows] = (await this.haproxy.ask("show stat -1 4 -1")).split("\n").filter(Boolean);
    const columns = heading.replace(/^# /, "").split(",");
    const at = columns.indexOf(name);
    if (at < 0) throw new Error(`There is no ${name} in ${heading}`);
    const fields = rows.map((row) => row.split(",")).filter(([backend]) => backend === service);
    return Object.fromEntries(fields.map((row) => [row[1]?.split(":")[0] ?? "", required(row, "row")[at] ?? ""]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.haproxy[Symbol.asyncDispose]();
  }
}

/** Asks for a path at a port of this machine, on a connection of its own; a connection that is closed is a status of 0. */
export function askAt(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const begunAt = performance.now();
  return new Promise((resolve, reject) => {
    const answered = (status: number, got: IncomingHttpHeaders, body: string): void => {
      resolve({ status, headers: got, body, tookMs: performance.now() - begunAt });
    };
    const asked = request({ host: "127.0.0.1", port, path, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.once("error", reject);
      response.once("end", () => {
        answered(response.statusCode ?? 0, response.headers, body);
      });
    });
    asked.once("error", () => {
      answered(0, {}, "");
    });
    asked.end();
  });
}

/** A server in the clear that answers its name, or as it is told, and remembers what it was asked. */
export class Site implements AsyncDisposable {
  readonly name: string;
  /** All requests but those for `/health`, which are checks. */
  readonly requests: IncomingMessage[] = [];
  readonly checks: IncomingMessage[] = [];
  answer: (incoming: IncomingMessage, response: ServerResponse) => void;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((incoming, response) => {
    (incoming.url === "/health" ? this.checks : this.requests).push(incoming);
    this.answer(incoming, response);
  });

  private constructor(name: string) {
    this.name = name;
    this.answer = (_, response) => void response.end(name);
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(name: string): Promise<Site> {
    const site = new Site(name);
    site.#server.listen(0, "127.0.0.1");
    await once(site.#server, "listening");
    return site;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("No port was given");
    return address.port;
  }

  /** The container that serves here, of service `web` where labels name no other. */
  as(labels: Readonly<Record<string, string>> = {}, more: Partial<Labelled> = {}): Labelled {
    return { name: this.name, port: this.port, labels: { "hecd.service": "web", ...labels }, ...more };
  }

  onUpgrade(serve: (socket: NodeJS.WritableStream) => void): void {
    this.#server.on("upgrade", (_, socket) => {
      socket.on("error", () => socket.destroy());
      serve(socket);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy(); // those that speak something else than HTTP by now, too
    await once(this.#server, "close");
  }
}
