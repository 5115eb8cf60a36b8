import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { summaryOf } from "../bench/statistics.js";
import { DockerCli } from "../support/docker.js";
import { IS_PODMAN } from "../support/engine-kind.js";
import { eventually, staysFor } from "../support/eventually.js";
import type { Hecd } from "../support/hecd.js";
import { Line } from "../support/line.js";
import { numberOf } from "../support/required.js";

const run = promisify(execFile);

/** So many are started one after another. */
const STARTS = 20;

let line: Line;
let agent: Hecd;
let cli: DockerCli;
/** What keeps the machine busy, so that whoever forwards a port is late to end what it has accepted. */
let busy: readonly Disposable[] = [];

beforeAll(async () => {
  line = await Line.start();
  cli = new DockerCli();
  agent = line.agent();
  await agent.said(/docker-connected/, 60_000);
  await agent.said(/session-opened/);
});

afterEach(async () => {
  for (const one of busy) one[Symbol.dispose]();
  busy = [];
  await cli[Symbol.asyncDispose]();
});

afterAll(() => line[Symbol.asyncDispose]());

function keepBusy(): void {
  busy = Array.from({ length: 4 }, () => {
    const child = execFile("sh", ["-c", "while :; do :; done"]);
    return { [Symbol.dispose]: () => child.kill("SIGKILL") };
  });
}

/** The names of the containers that are registered. */
async function registered(): Promise<readonly string[]> {
  return [...(await line.etcd.keys("/app/servers/")).keys()].map((key) => key.replace("/app/servers/", ""));
}

/** When the engine says that a container was started, in milliseconds since 1970. */
async function startedAt(name: string): Promise<number> {
  const filters = ["--filter", "event=start", "--filter", `container=${name}`];
  const period = ["--since", "1h", "--until", String(Math.ceil(Date.now() / 1_000) + 1)];
  return await eventually("the time of the start", async () => {
    const said = await cli.run("events", ...period, ...filters, "--format", "{{.TimeNano}}");
    return numberOf(said, "time of the start") / 1e6;
  });
}

async function isRegistered(name: string): Promise<void> {
  await eventually(`the key of ${name}`, async () => (await registered()).includes(name), 20_000);
}

/** When the agent has said that it has registered a container: exact, however late this process gets its turn. */
async function registeredAt(name: string): Promise<number> {
  const said = new RegExp(`^.*"time":"([^"]*)".*Registered /app/servers/${name} .*$`, "m");
  const time = await eventually("the word of the agent", () => said.exec(agent.log)?.[1]);
  return Date.parse(time);
}

/** An address of this machine, and a stranger who listens on it. */
async function stranger(ip: string): Promise<AsyncDisposable> {
  await run("ip", ["address", "add", `${ip}/32`, "dev", "lo"]);
  const server = createServer().listen(8080, ip);
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      await run("ip", ["address", "del", `${ip}/32`, "dev", "lo"]);
    },
  };
}

test("a container that listens is registered within half a second of its start, in the middle of many", async () => {
  keepBusy();
  const times: number[] = [];
  for (let index = 0; index < STARTS; index++) {
    const name = `rootless-${index}`;
    await cli.web(name);
    await isRegistered(name);
    times.push((await registeredAt(name)) - (await startedAt(name)));
  }
  const { p50, p99 } = summaryOf(times);
  console.log(`start to key: p50 ${Math.round(p50)} ms, p99 ${Math.round(p99)} ms of ${times.length}`);
  expect(p50).toBeLessThan(500);
});

test("a container that does not listen is never registered: neither by a stranger's listener, nor by who forwards its port", async () => {
  keepBusy();
  const network = await cli.run("network", "create", "--label", "hecd.test", "--subnet", "198.19.77.0/24", "rootless");
  try {
    await using _stranger = await stranger("198.19.77.9");
    await cli.deaf("rootless-deaf", "--network", network, "--ip", "198.19.77.9");
    await cli.deaf("rootless-deaf-too");
    await cli.web("rootless-beside", "--network", network);
    await isRegistered("rootless-beside");
    await staysFor("the one that listens", 8_000, async () => (await registered()).join() === "rootless-beside");
  } finally {
    await cli[Symbol.asyncDispose]();
    await cli.run("network", "rm", network);
  }
});

test("a container that begins to listen later is registered then", async () => {
  await cli.script("rootless-slow", "sleep 2; httpd -f -p 8080 -h /www & wait");
  await staysFor("no key", 1_000, async () => !(await registered()).includes("rootless-slow"));
  await isRegistered("rootless-slow");
});

test.runIf(IS_PODMAN)("so it is in a network that a container shares with this machine by pasta", async () => {
  keepBusy();
  await cli.deaf("rootless-deaf", "--network", "pasta");
  await cli.web("rootless-pasta", "--network", "pasta");
  await isRegistered("rootless-pasta");
  await staysFor("no key of the deaf one", 5_000, async () => !(await registered()).includes("rootless-deaf"));
});
