import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createSecureServer, createServer as createHttp2Server } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { HttpCheck } from "../../../src/core/decision/probing.js";
import { SocketProber } from "../../../src/edges/host/prober.js";
import { systemClock } from "../../../src/flow/clock.js";
import type { ProbeVerdict } from "../../../src/ports.js";
import { makeCertificates } from "../../support/certificates.js";
import { freePort } from "../../support/free-port.js";
import { tempDir } from "../../support/temp-dir.js";

const { signal } = new AbortController();
const CHECK: HttpCheck = { scheme: "http", path: "/ok", host: undefined, verify: false, statuses: "200-399" };

let folder: Awaited<ReturnType<typeof tempDir>>;
let pair: { readonly key: Buffer; readonly cert: Buffer };
let servers: Server[] = [];
const sockets = new Set<Socket>();

beforeAll(async () => {
  folder = await tempDir();
  await makeCertificates(folder.path);
  const read = (name: string): Promise<Buffer> => readFile(join(folder.path, name));
  pair = { key: await read("engine-key.pem"), cert: await read("engine.pem") };
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  sockets.clear();
  servers = [];
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** Answers 204 on /ok, 500 elsewhere, and remembers for which names it was asked. */
function answering(asked: string[] = []) {
  return (
    request: { readonly url?: string | undefined; readonly headers: Readonly<Record<string, unknown>> },
    response: { writeHead(status: number): { end(): void } },
  ): void => {
    asked.push(String(request.headers[":authority"] ?? request.headers["host"]));
    response.writeHead(request.url === "/ok" ? 204 : 500).end();
  };
}

interface Asked {
  readonly http?: Partial<HttpCheck>;
  readonly isForwarded?: boolean;
  readonly timeoutMs?: number;
}

function probe(port: number, { http, isForwarded = false, timeoutMs = 1_000 }: Asked = {}): Promise<ProbeVerdict> {
  const check = http && { ...CHECK, ...http };
  return new SocketProber(systemClock).probe({ ip: "127.0.0.1", port, http: check, isForwarded }, timeoutMs, signal);
}

test("a port is found by a connection, and one that nobody has refuses", async () => {
  expect(await probe(await listening(createServer()))).toBe("passed");
  expect(await probe(await freePort())).toBe("refused");
  expect(await probe(await freePort(), { http: {} })).toBe("refused");
});

test("an HTTP check wants an answer that is no error", async () => {
  const port = await listening(createHttpServer(answering()));
  expect(await probe(port, { http: {} })).toBe("passed");
  expect(await probe(port, { http: { path: "/bad" } })).toEqual({ badly: "answers with status 500" });
});

test.each<[string, boolean]>([
  ["500", true],
  ["200-299,500-599", true],
  ["200-299,404", false],
  ["204", false],
])("an HTTP check that wants %s", async (statuses, isEnough) => {
  for (const [scheme, server] of [
    ["http", createHttpServer(answering())],
    ["h2c", createHttp2Server(answering())],
  ] as const) {
    const verdict = await probe(await listening(server), { http: { scheme, path: "/bad", statuses } });
    expect(verdict).toEqual(isEnough ? "passed" : { badly: "answers with status 500" });
  }
});

test("an HTTPS check believes any certificate unless it must be valid", async () => {
  const asked: string[] = [];
  const port = await listening(createHttpsServer(pair, answering(asked)));
  expect(await probe(port, { http: { scheme: "https", host: "shop.example.org" } })).toBe("passed");
  expect(asked).toEqual(["shop.example.org"]);
  expect(await probe(port, { http: { scheme: "https", path: "/bad" } })).toEqual({ badly: "answers with status 500" });
  expect(await probe(port, { http: { scheme: "https", verify: true } })).toEqual({
    // Node 24 adds an advice.
    badly: expect.stringMatching(/^does not agree on TLS: unable to verify the first certificate(; |$)/) as string,
  });
});

test("an HTTPS check speaks HTTP/2 where the server knows nothing else", async () => {
  const asked: string[] = [];
  const port = await listening(createSecureServer(pair, answering(asked)));
  expect(await probe(port, { http: { scheme: "https" } })).toBe("passed");
  expect(asked).toEqual([`127.0.0.1:${port}`]);
});

test("an h2c check speaks HTTP/2 without TLS", async () => {
  const port = await listening(createHttp2Server(answering()));
  expect(await probe(port, { http: { scheme: "h2c" } })).toBe("passed");
  expect(await probe(port, { http: { scheme: "h2c", path: "/bad" } })).toEqual({ badly: "answers with status 500" });
});

test.each<[string, Partial<HttpCheck>, () => Server, RegExp]>([
  ["TLS asked of plain HTTP", { scheme: "https" }, () => createHttpServer(answering()), /^does not agree on TLS: /],
  ["plain HTTP asked of TLS", {}, () => createHttpsServer(pair, answering()), /^(does not speak HTTP: |closes )/],
  ["h2c asked of HTTP/1.1", { scheme: "h2c" }, () => createHttpServer(answering()), /^does not speak HTTP\/2: /],
  [
    "a stranger's protocol",
    {},
    () => createServer((socket) => void socket.write("220 mail.example.org ESMTP\r\n")),
    /^does not speak HTTP: [^\n]*$/,
  ],
  ["somebody who hangs up", {}, () => createServer((socket) => void socket.end()), /^closes the connection without/],
  [
    "somebody who hangs up during TLS",
    { scheme: "https" },
    () => createServer((socket) => void socket.once("data", () => socket.destroy())),
    /^closes the connection without/,
  ],
  ["somebody who says nothing", {}, () => createServer(), /^gives no answer in time$/],
  ["somebody who says nothing by TLS", { scheme: "https" }, () => createServer(), /^gives no answer in time$/],
])("that somebody listens and answers badly is told apart from nobody: %s", async (_, http, server, words) => {
  expect(await probe(await listening(server()), { http, timeoutMs: 300 })).toEqual({
    badly: expect.stringMatching(words) as string,
  });
});

test("where somebody in between accepts, a connection counts that stays open, or over which something comes", async () => {
  const forwarded = { isForwarded: true };
  expect(await probe(await listening(createServer()), forwarded)).toBe("passed");
  expect(await probe(await listening(createServer((socket) => void socket.write("220"))), forwarded)).toBe("passed");
  expect(await probe(await listening(createServer((socket) => void socket.end())), forwarded)).toBe("refused");
  const resetting = createServer((socket) => void socket.resetAndDestroy());
  expect(await probe(await listening(resetting), forwarded)).toBe("refused");
  const closing = createServer((socket) => void socket.end());
  expect(await probe(await listening(closing), { ...forwarded, http: {} })).toBe("refused");
});

test("where the kernel is asked who listens, whoever accepts in between counts for nothing", async () => {
  const port = await listening(createServer());
  const ask = (inside: number, at: number): Promise<ProbeVerdict> => {
    const target = { ip: "127.0.0.1", port: at, http: undefined, isForwarded: true };
    return new SocketProber(systemClock).probe(
      { ...target, inside: { process: process.pid, port: inside } },
      500,
      signal,
    );
  };
  const server = createServer().listen(0, "0.0.0.0");
  servers.push(server);
  await once(server, "listening");
  const address = server.address();
  const listens = typeof address === "object" && address ? address.port : 0;
  expect(await ask(await freePort(), port)).toBe("refused");
  expect(await ask(listens, await freePort())).toBe("passed");
});

test("an address to which there is no way is unreachable", async () => {
  const target = { ip: "255.255.255.255", port: 80, http: undefined, isForwarded: false };
  expect(await new SocketProber(systemClock).probe(target, 500, signal)).toBe("unreachable");
});

test("a probe ends with its signal", async () => {
  const ending = new AbortController();
  const target = { ip: "127.0.0.1", port: await listening(createServer()), http: CHECK, isForwarded: false };
  const probing = new SocketProber(systemClock).probe(target, 60_000, ending.signal);
  ending.abort(new Error("over"));
  await expect(probing).rejects.toThrow("over");
});
