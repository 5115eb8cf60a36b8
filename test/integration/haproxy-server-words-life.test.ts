import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { capabilitiesOf } from "../../src/haproxy/runtime/capabilities.js";
import { makeCertificates } from "../support/certificates.js";
import { eventually, staysFor } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { answerOn } from "../support/live-haproxy.js";
import { startServer } from "../support/load.js";
import { type RecordingUpstream, RecordingUpstreams } from "../support/recording-upstream.js";
import { matched } from "../support/required.js";
import { RuntimeWorld } from "../support/runtime-world.js";
import { SteadyClient } from "../support/steady-client.js";
import { tempDir } from "../support/temp-dir.js";

let folder: Awaited<ReturnType<typeof tempDir>>;
let upstreams: RecordingUpstreams;
let upstream: RecordingUpstream;

beforeAll(async () => {
  folder = await tempDir();
  await makeCertificates(folder.path);
  upstreams = new RecordingUpstreams(folder.path);
  upstream = await upstreams.start();
});
afterAll(async () => {
  await upstreams[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** An HAProxy with these lines in its backend, and how to give it others. */
async function worldOf(backend: string, ...servers: readonly string[]) {
  let textOf: (lines: readonly string[]) => string = () => "";
  const world = await RuntimeWorld.start((port, socket) => {
    textOf = (lines) => `global
  stats socket ${socket} mode 600 level admin
  hard-stop-after 5s
defaults
  timeout connect 1s
  timeout client 20s
  timeout server 20s
  retries 0
frontend web
  mode http
  bind 127.0.0.1:${port}
  default_backend b
backend b
  mode http
  ${backend}
${lines.join("\n")}
`;
    return textOf(servers);
  });
  const become = async (...lines: readonly string[]): Promise<void> => {
    expect(["applied", "unchanged"]).toContain((await world.apply(textOf(lines))).kind);
  };
  const statusOf = async (server: string): Promise<string> =>
    matched(new RegExp(`^b,${server},(?:[^,]*,){15}([^,]*),`, "m"), await world.ask("show stat b 4 -1"), "status");
  await become(...servers);
  world.take("reload-needed");
  return { world, become, statusOf };
}

test("a server that moves while its checks say that it is down serves at once", async () => {
  const words = "check inter 2s fall 1 rise 3";
  const dead = await freePort();
  const { world, become, statusOf } = await worldOf("http-reuse never", `  server a 127.0.0.1:${dead} ${words}`);
  await using _ = world;
  await eventually("the failure of its check", async () => (await statusOf("a")).startsWith("DOWN"));
  await become(`  server a 127.0.0.1:${upstream.port} ${words}`);
  expect(await answerOn(world.port)).toMatch(/^200/);
  await staysFor("its service", 3_000, async () => (await statusOf("a")).startsWith("UP"), 100);
  expect(world.take("reload-needed")).toEqual([]);
});

/** So long that some request of a few clients is always under way. */
const SLOW_MS = 20;

describe("a server that moves", () => {
  test("gets no more requests at its old address, whatever was under way when it moved", async () => {
    await using before = await startServer("before", SLOW_MS);
    await using after = await startServer("after", SLOW_MS);
    const { world, become } = await worldOf("http-reuse always", `  server a 127.0.0.1:${before.port}`);
    await using _ = world;
    const answers: { readonly begunAt: number; readonly answer: string }[] = [];
    let isOver = false;
    const clients = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const begunAt = performance.now();
        answers.push({ begunAt, answer: await answerOn(world.port) });
      }
    });
    const long = answerOn(world.port, "/long"); // so that a connection is in use whatever the others are at
    await eventually("requests under way", () => answers.length > 20);
    await become(`  server a 127.0.0.1:${after.port}`);
    const movedAt = performance.now();
    await staysFor("the new address", 2_000, () =>
      answers.every(({ begunAt, answer }) => answer === (begunAt > movedAt ? "200 after" : answer)),
    );
    isOver = true;
    await Promise.all(clients);
    expect(await long).toBe("200 before");
    expect(answers.filter(({ answer }) => !answer.startsWith("200"))).toEqual([]);
    expect(answers.filter(({ answer }) => answer === "200 after").length).toBeGreaterThan(20);
    const { movesConnections } = capabilitiesOf(matched(/^Version: (\S+)/m, await world.ask("show info"), "version"));
    expect(world.take("reload-needed")).toHaveLength(movesConnections ? 0 : 1);
  });

  test("costs no reload when no request is under way, though connections to it are kept", async () => {
    await using before = await startServer("before", SLOW_MS);
    await using after = await startServer("after", SLOW_MS);
    const { world, become } = await worldOf("http-reuse always", `  server a 127.0.0.1:${before.port}`);
    await using _ = world;
    expect(await answerOn(world.port)).toBe("200 before");
    await become(`  server a 127.0.0.1:${after.port}`);
    for (let request = 0; request < 10; request++) expect(await answerOn(world.port)).toBe("200 after");
    expect(world.take("reload-needed")).toEqual([]);
  });
});

test("a dead address that somebody puts into the store is asked for a second and no longer", async () => {
  const lives = `  server lives 127.0.0.1:${upstream.port}`;
  const { world, become, statusOf } = await worldOf("", lives);
  await using _ = world;
  await become(lives, `  server dead 127.0.0.1:${await freePort()} check inter 10s`);
  await eventually("its end", async () => (await statusOf("dead")).startsWith("DOWN"), 1_300);
  expect(world.take("reload-needed")).toEqual([]);
});

test("a dead address that a server moves to is asked for no more than a second by the words of the stock template", async () => {
  const template = await readFile(new URL("../../templates/haproxy.cfg.hbs", import.meta.url), "utf8");
  const words = matched(/default-server (fastinter .*)\n/, template, "words of each server");
  const lives = `  server lives 127.0.0.1:${upstream.port}`;
  const moves = (port: number): string => `  server moves 127.0.0.1:${port} check inter 10s fall 1 rise 2 ${words}`;
  const { world, become, statusOf } = await worldOf("retries 3\n  option redispatch", lives, moves(upstream.port));
  await using _ = world;
  await eventually("its first check", async () => (await statusOf("moves")) === "UP");
  await using client = new SteadyClient(world.port, "/");
  await become(lives, moves(await freePort()));
  await eventually("its end", async () => (await statusOf("moves")).startsWith("DOWN"), 1_000);
  expect(client.takeFailures()).toEqual([]);
  expect(world.take("reload-needed")).toEqual([]);
});

describe("a request under way", () => {
  const words = "check on-marked-down shutdown-sessions";
  const stays = (): string => `  server stays 127.0.0.1:${upstream.port} weight 0`;

  test.each([
    ["that leaves, by commands", "", 0],
    ["that leaves, by a reload", "cookie SERVED insert", 1],
    ["that leaves before a reload", "balance source", 1],
  ])("comes to its end on a server with shutdown-sessions %s", { timeout: 60_000 }, async (_name, line, reloads) => {
    const leaving = await upstreams.start();
    const server = `  server leaves 127.0.0.1:${leaving.port} ${words}`;
    const { world, become } = await worldOf(line, server, stays());
    await using _ = world;
    const answer = fetch(`http://127.0.0.1:${world.port}/hold`);
    await eventually("the request", () => leaving.connections === 1);
    await become(stays());
    await staysFor("the request", 1_500, () => leaving.connections === 1);
    leaving.letGo();
    expect((await answer).status).toBe(200);
    expect(world.take("reload-needed")).toHaveLength(reloads);
    if (reloads > 0) return;
    await eventually(
      "its end",
      async () => {
        await become(stays());
        return !(await world.ask("show servers state b")).includes("leaves");
      },
      30_000,
    );
  });
});

test("a server that leaves stays out whatever its agent says", async () => {
  await using agent = await startAgent();
  const server = `  server g 127.0.0.1:${upstream.port} agent-check agent-inter 200ms agent-port ${agent.port}`;
  const stays = `  server stays 127.0.0.1:${upstream.port}`;
  const { world, become, statusOf } = await worldOf("", server, stays);
  await using _ = world;
  await eventually("its agent", () => agent.asked() > 2);
  await become(stays);
  expect(await statusOf("g")).toBe("MAINT");
  await staysFor("its maintenance", 2_000, async () => (await statusOf("g")) === "MAINT", 100);
  expect(world.take("reload-needed")).toEqual([]);
});

/** An agent that says "ready" to everybody. */
async function startAgent(): Promise<AsyncDisposable & { readonly port: number; asked(): number }> {
  let asked = 0;
  const server = createServer((socket) => {
    asked++;
    socket.on("error", () => socket.destroy());
    socket.end("ready up\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port was given");
  return {
    port: address.port,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}
