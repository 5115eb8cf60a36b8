import { request, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { askStatistics, askStatus } from "../../../src/edges/status/client.js";
import { openStatusServer, type ServerLimits, type StatusSources } from "../../../src/edges/status/server.js";
import type { Status } from "../../../src/edges/status/status.js";
import { systemClock } from "../../../src/flow/clock.js";
import { eventually } from "../../support/eventually.js";

async function serve(
  status: () => Status,
  more: Pick<StatusSources, "statistics" | "page"> = {},
  limits?: ServerLimits,
) {
  const metrics = async () => ({ contentType: "text/plain; version=0.0.4", body: "hecd_up 1\n" });
  return openStatusServer("127.0.0.1:0", { ...more, status, metrics }, limits);
}

/** Sends this over a connection of its own, and gives what comes back until it ends. */
function exchangeWith(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let said = "";
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(text));
    socket.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
    socket
      .on("error", () => undefined)
      .on("close", () => {
        resolve(said);
      });
  });
}

/** What is answered to a question with this Host header. */
function codeOf(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { host }, agent: false }, (response) => {
      resolve(response.resume().statusCode);
    });
    sent.once("error", reject).end();
  });
}

describe("the status server", () => {
  test("is healthy as long as it lives, and ready when nothing is waited for", async () => {
    let waitingFor: readonly string[] = ["Docker", "etcd"];
    await using server = await serve(() => ({ waitingFor, state: {} }));
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    const early = await fetch(`${server.url}/readyz`);
    expect([early.status, await early.text()]).toEqual([503, "waiting for Docker, etcd\n"]);
    waitingFor = [];
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  test("lets nobody keep it busy by a head without an end, by being slow, or by many connections", async () => {
    const status = () => ({ waitingFor: [], state: {} });
    const limits = { connections: 3, headBytes: 4_096, headMs: 200, wholeMs: 400 };
    await using server = await serve(status, {}, limits);
    const start = "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n";
    expect(await exchangeWith(server.url, `${start}x: ${"y".repeat(5_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
    expect(await exchangeWith(server.url, start)).toMatch(/^HTTP\/1.1 408 /);
    const slow = "POST /drain HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 9\r\n\r\n";
    expect(await exchangeWith(server.url, slow)).toMatch(/^HTTP\/1.1 4/);
    const held = Array.from({ length: 3 }, () => exchangeWith(server.url, start));
    await eventually("a connection too many", async () => (await exchangeWith(server.url, `${start}\r\n`)) === "");
    await Promise.all(held); // they were too slow meanwhile
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  test("gives metrics as text and the state as JSON", async () => {
    await using server = await serve(() => ({ waitingFor: [], state: { containers: 3 } }));
    const metrics = await fetch(`${server.url}/metrics`);
    expect(metrics.headers.get("content-type")).toContain("text/plain");
    expect(await metrics.text()).toBe("hecd_up 1\n");
    expect(await (await fetch(`${server.url}/state`)).json()).toEqual({
      ready: true,
      waitingFor: [],
      state: { containers: 3 },
    });
  });

  test("gives what each HAProxy says of itself, where one can be asked, and leaves out who does not answer", async () => {
    const web = { backends: [{ name: "web", sessions: 1, rate: 2, serverErrors: 3, totalMs: 4 }], servers: [] };
    const statistics = async () => new Map([["a.toml", web] as const, ["b.toml", undefined] as const]);
    await using server = await serve(() => ({ waitingFor: [], state: {} }), { statistics });
    const address = new URL(server.url).host;
    const { signal } = new AbortController();
    expect(await (await fetch(`${server.url}/statistics`)).json()).toEqual({ haproxies: { "a.toml": web } });
    expect(await askStatistics(address, systemClock, signal)).toEqual(web);
    await using other = await serve(() => ({ waitingFor: [], state: {} }));
    expect((await fetch(`${other.url}/statistics`)).status).toBe(404);
    expect(await askStatistics(new URL(other.url).host, systemClock, signal)).toBeUndefined();
  });

  test.each<[string, number, readonly string[]]>([
    ["evil.example", 403, ["/state", "/statistics", "/live", "/history", "/history/7/diff", "/nothing", "/"]],
    ["evil.example", 200, ["/healthz", "/health", "/readyz", "/ready", "/metrics"]],
    ["localhost:9180", 200, ["/state", "/statistics", "/metrics"]],
    [hostname(), 200, ["/state", "/statistics", "/healthz"]],
  ])("answers by the name %s with %i: %s", async (host, code, paths) => {
    await using server = await serve(() => ({ waitingFor: [], state: {} }), { statistics: async () => new Map() });
    const codes = await Promise.all(paths.map((path) => codeOf(`${server.url}${path}`, host)));
    expect(codes).toEqual(paths.map(() => code));
  });

  test("is told in its own words by a command that cannot make anything of the answer", async () => {
    const page = {
      take: async (_: unknown, response: ServerResponse) => {
        response.end("This is answered\nby IP address only\n");
        return true;
      },
    };
    await using server = await serve(() => ({ waitingFor: [], state: {} }), { page });
    await expect(askStatus(new URL(server.url).host, systemClock, new AbortController().signal)).rejects.toThrow(
      'what answers there says "This is answered by IP address only"',
    );
  });

  test("answers 404 with what there is, and refuses to be written to", async () => {
    await using server = await serve(() => ({ waitingFor: [], state: {} }));
    const lost = await fetch(`${server.url}/nothing`);
    expect([lost.status, await lost.text()]).toEqual([404, "There are /healthz, /readyz, /metrics and /state\n"]);
    expect((await fetch(`${server.url}/state`, { method: "POST" })).status).toBe(405);
  });

  test("says which address is taken when another process holds the port", async () => {
    await using server = await serve(() => ({ waitingFor: [], state: {} }));
    const taken = new URL(server.url).host;
    await expect(
      openStatusServer(taken, {
        status: () => ({ waitingFor: [], state: {} }),
        metrics: async () => ({ contentType: "", body: "" }),
      }),
    ).rejects.toThrow(`Cannot listen on ${taken}: another process holds the port`);
  });

  test("does not wait for idle connections when it is closed", async () => {
    const server = await serve(() => ({ waitingFor: [], state: {} }));
    await (await fetch(`${server.url}/healthz`)).text(); // fetch keeps the connection open
    await server[Symbol.asyncDispose]();
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });
});
