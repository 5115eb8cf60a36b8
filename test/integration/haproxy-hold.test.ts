import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { renderKeys, stockTemplate } from "../support/golden.js";
import { heldEnv } from "../support/held-env.js";
import { startHaproxy } from "../support/live-haproxy.js";
import { record } from "../support/records.js";
import { required } from "../support/required.js";

const STYLES = [
  { src: "haproxy.cfg.hbs", row: "BACKEND", server: (port: number) => `servers/web:127.0.0.1:${port}` },
  { src: "haproxy-tcp.cfg.hbs", row: "FRONTEND", server: (port: number) => `servers/web:127.0.0.1:${port}` },
];

describe.each(STYLES)("where requests wait for a server, by $src,", ({ src, row, server }) => {
  test("waits what its last server refuses while that leaves, and is answered by it", async () => {
    await using world = await World.start(src);
    await world.web.listen();
    expect((await world.ask("GET")).status).toBe(200);
    await world.web.close();
    const asked = ["GET", "POST", "PUT"].map((method) => world.ask(method));
    await world.waits(asked.length, "BACKEND");
    await world.command(`set server ${server(world.web.port)} state maint`);
    await world.waits(asked.length, "_held");
    await world.web.listen();
    await world.command(`set server ${server(world.web.port)} state ready`);
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test("is answered by a server of the process that a reload has brought meanwhile", async () => {
    await using world = await World.start(src, {});
    const asked = ["GET", "POST"].map((method) => world.ask(method));
    await world.waits(asked.length, row);
    for (let reload = 0; reload < 2; reload++) await world.reload({}); // by hand: nobody is there afterwards either
    await world.web.listen();
    await world.reload({ "/app/servers/web": `127.0.0.1:${world.web.port}` });
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
  });

  test("is refused when its time is over, and no client sees an address but its own", async () => {
    await using world = await World.start(src, undefined, "500ms");
    await world.command(`set server ${server(world.web.port)} state maint`);
    const begunAt = performance.now();
    const tooLate = await world.ask("GET").catch(() => ({ status: 503 })); // TCP has no words for it
    expect(tooLate.status).toBe(503);
    expect(performance.now() - begunAt).toBeGreaterThan(450);
    await world.web.listen();
    await world.command(`set server ${server(world.web.port)} state ready`);
    const { status, forwardedFor } = await world.ask("GET");
    expect(status).toBe(200);
    expect(forwardedFor).toEqual(src === "haproxy.cfg.hbs" ? ["127.0.0.1"] : []);
  });
});

/** A server that tells from whom a request comes, and that can go and come back at its port. */
class Web implements AsyncDisposable {
  readonly port: number;
  #server: Server | undefined;

  constructor(port: number) {
    this.port = port;
  }

  async listen(): Promise<void> {
    const server = createServer((incoming, response) => {
      incoming.resume();
      response.end(JSON.stringify(incoming.headersDistinct["x-forwarded-for"] ?? []));
    });
    this.#server = server;
    server.listen(this.port, "127.0.0.1");
    await once(server, "listening");
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** HAProxy in master-worker mode on a stock template with a single service, whose server does not listen yet. */
class World implements AsyncDisposable {
  readonly web: Web;
  readonly #haproxy: Awaited<ReturnType<typeof startHaproxy>>;
  readonly #textOf: (keys: Readonly<Record<string, string>>) => string;

  private constructor(
    web: Web,
    haproxy: Awaited<ReturnType<typeof startHaproxy>>,
    textOf: (keys: Readonly<Record<string, string>>) => string,
  ) {
    this.web = web;
    this.#haproxy = haproxy;
    this.#textOf = textOf;
  }

  static async start(src: string, keys?: Readonly<Record<string, string>>, hold = "20s"): Promise<World> {
    const web = new Web(await freePort());
    const haproxy = await startHaproxy();
    const { port, directory } = haproxy;
    const template = await stockTemplate(src);
    const env = {
      HECD_HTTP_BIND: `127.0.0.1:${port}`,
      ...(src === "haproxy-tcp.cfg.hbs" ? { HECD_TCP_SERVICES: `servers=127.0.0.1:${port}` } : {}),
      HECD_STATS_BIND: `127.0.0.1:${await freePort()}`,
      HECD_HAPROXY_SOCKET: join(directory, "admin.sock"),
      HECD_HAPROXY_LOG: "127.0.0.1 local0",
      ...(await heldEnv(hold)),
    };
    // Whatever waits for whatever reason is one request to those who count: four are as many as any test makes.
    const http = { hosts: [], paths: [], rate: "4/60s" };
    const own = record({ service: "servers", name: "web", ip: "127.0.0.1", port: web.port, http });
    const textOf = (all: Readonly<Record<string, string>>): string => {
      const { text } = renderKeys(template, { ...Object.fromEntries([own]), ...all }, env);
      // Without a server the service has its backend all the same, as a renderer leaves it.
      const servers = Object.keys(all).length === 0 ? /^ +server web:.*\n/gm : /^never$/gm;
      return text.replace(servers, "").replaceAll(" check inter 5s fall 1 rise 2", "");
    };
    const world = new World(web, haproxy, textOf);
    await world.reload(keys ?? { "/app/servers/web": `127.0.0.1:${web.port}` });
    return world;
  }

  async command(line: string): Promise<string> {
    const socket = join(this.#haproxy.directory, "admin.sock");
    return required(await askSocket(socket, line, new AbortController().signal), "answer of HAProxy");
  }

  async reload(keys: Readonly<Record<string, string>>): Promise<void> {
    await this.#haproxy.write(this.#textOf(keys));
    const before = await this.#haproxy.reloads();
    await askSocket(this.#haproxy.masterSocket, "reload", new AbortController().signal);
    await eventually("a reload", async () => (await this.#haproxy.reloads()) > before);
    await eventually("its worker", () => this.command("show info").then(() => true));
  }

  /** Resolves when so many requests are under way in a row of HAProxy's statistics of the service. */
  async waits(count: number, row: string): Promise<void> {
    await eventually(`${count} requests that wait`, async () => {
      const rows = (await this.command("show stat servers 7 -1")).split("\n");
      return Number(rows.find((each) => each.startsWith(`servers,${row},`))?.split(",")[4]) >= count;
    });
  }

  async ask(method: string): Promise<{ readonly status: number; readonly forwardedFor: readonly string[] }> {
    const options = { host: "127.0.0.1", port: this.#haproxy.port, method, agent: false as const };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(options, resolve)
        .on("error", reject)
        .end(method === "GET" ? undefined : "x");
    });
    let body = "";
    for await (const chunk of response) body += String(chunk);
    const { statusCode: status = 0 } = response;
    return { status, forwardedFor: status === 200 ? (JSON.parse(body) as readonly string[]) : [] }; // of `Web`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#haproxy[Symbol.asyncDispose]();
    await this.web[Symbol.asyncDispose]();
  }
}
