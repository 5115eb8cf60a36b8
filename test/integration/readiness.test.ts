import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openEtcd } from "../../src/edges/etcd/store.js";
import { systemClock } from "../../src/flow/clock.js";
import type { Store } from "../../src/ports.js";
import { DockerCli } from "../support/docker.js";
import { ACCEPTS_FOR_CONTAINERS, needs, START_PERIOD, TELLS_BEFORE_THE_END } from "../support/engine-kind.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { Hecd } from "../support/hecd.js";

/** A state of the store, with the moment at which it was seen. */
interface Seen {
  readonly atMs: number;
  readonly entries: ReadonlyMap<string, string>;
}

const SERVE = "httpd -f -p 8080 -h /www";

let docker: DockerCli;
let etcd: TestEtcd;
let store: Store;
let agents: Hecd[];
let history: Seen[];
let ending: AbortController;
let watching: Promise<unknown>;

beforeEach(async () => {
  docker = new DockerCli();
  etcd = await startEtcd();
  store = await openEtcd({ endpoints: [etcd.endpoint] }, { clock: systemClock, emit: () => undefined });
  agents = [];
  history = [];
  ending = new AbortController();
  watching = (async () => {
    for await (const { entries } of store.watch(["/"], ending.signal)) history.push({ atMs: Date.now(), entries });
  })().catch((error: unknown) => error);
});

afterEach(async () => {
  for (const agent of agents) await agent[Symbol.asyncDispose]();
  await docker[Symbol.asyncDispose]();
  ending.abort(new Error("the test is over"));
  await watching;
  await store[Symbol.asyncDispose]();
  await etcd[Symbol.asyncDispose]();
});

/** An agent at work; each of several has a host id and a prefix of its own. */
async function agent(host = "ready", ...args: readonly string[]): Promise<Hecd> {
  const keys = ["--etcd", etcd.endpoint, "--host-id", host, "--prefix", `/${host}/servers`];
  const hecd = new Hecd(["agent", "--advertise", "127.0.0.1", "--listen", "off", ...keys, ...args]);
  agents.push(hecd);
  await hecd.said(/session-opened/);
  return hecd;
}

/** What the store holds of a container of that name, as it was seen last: its simple key, and the state of its record. */
function known(name: string, host = "ready"): { readonly addr: string | undefined; readonly state: unknown } {
  return read(history.at(-1)?.entries ?? new Map(), name, host);
}

function read(entries: ReadonlyMap<string, string>, name: string, host: string): ReturnType<typeof known> {
  const [, record] = [...entries].find(([key]) => key.includes(`/${host}:${name}:`)) ?? [];
  const parsed = record === undefined ? undefined : (JSON.parse(record) as { readonly state?: unknown });
  return { addr: entries.get(`/${host}/servers/${name}`), state: parsed?.state };
}

async function becomes(name: string, expected: Partial<ReturnType<typeof known>>, host = "ready"): Promise<void> {
  await eventually(`${host}: ${name} to be ${JSON.stringify(expected)}`, () => {
    expect(known(name, host)).toEqual(expect.objectContaining(expected));
    return true;
  });
}

/** When the simple key of that name was seen for the first time, or was no longer seen after it had been. */
function moment(what: "came" | "went", name: string): number | undefined {
  const key = `/ready/servers/${name}`;
  const came = history.findIndex(({ entries }) => entries.has(key));
  if (what === "came") return history[came]?.atMs;
  return came < 0 ? undefined : history.slice(came).find(({ entries }) => !entries.has(key))?.atMs;
}

function accepts(ip: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port }, () => {
      resolve(true);
      socket.destroy();
    });
    socket.on("error", () => {
      resolve(false);
    });
  });
}

/** When somebody accepts a connection there for the first time, found out every few milliseconds. */
async function firstAccepted(ip: string, port: number): Promise<number> {
  await eventually(`somebody on ${ip}:${port}`, () => accepts(ip, port), 10_000, 2);
  return Date.now();
}

describe("a container without HEALTHCHECK", () => {
  test.each(["slow-1", "slow-2", "slow-3"])("that listens after a second is registered then: %s", async (name) => {
    await agent();
    await docker.script(name, `sleep 1; ${SERVE}`);
    const listensAt = await firstAccepted(await docker.address(name), 8080);
    await becomes(name, { addr: `127.0.0.1:${await docker.port(name)}`, state: "up" });
    const lateMs = (moment("came", name) ?? Infinity) - listensAt;
    // The one who looks every few milliseconds may see it later than the agent does.
    expect(lateMs).toBeGreaterThan(-20);
    expect(lateMs).toBeLessThan(100);
  });

  test("that ran before the agent and listens after it is registered then, also in the host's network", async () => {
    const port = await freePort();
    const own = ["--network", "host", "--label", `hecd.port=${port}`];
    const told = "until [ -e /told ]; do sleep 0.05; done";
    await docker.script("early", `${told}; ${SERVE}`);
    await docker.script("early-host", `${told}; httpd -f -p ${port} -h /www`, ...own);
    await agent();
    expect(await accepts(await docker.address("early"), 8080)).toBe(false);
    for (const name of ["early", "early-host"]) await docker.run("exec", name, "touch", "/told");
    const listensAt = await firstAccepted("127.0.0.1", port);
    await becomes("early-host", { addr: `127.0.0.1:${port}`, state: "up" });
    await becomes("early", { addr: `127.0.0.1:${await docker.port("early")}`, state: "up" });
    expect((moment("came", "early-host") ?? 0) - listensAt).toBeGreaterThan(-20);
    expect((moment("came", "early-host") ?? Infinity) - listensAt).toBeLessThan(250);
  });

  test("in which nobody listens is never registered, though its published port accepts, and that is told", async () => {
    const hecd = await agent();
    await docker.script("deaf", "sleep 1000");
    expect(await accepts("127.0.0.1", await docker.port("deaf"))).toBe(ACCEPTS_FOR_CONTAINERS);
    await docker.web("hearing");
    await becomes("hearing", { state: "up" });
    await hecd.said(/probe-waits.*"container":"deaf"/);
    expect(moment("came", "deaf")).toBeUndefined();
  });

  test("is registered at once when probes are off", async () => {
    await agent("ready", "--probe", "off");
    await docker.script("deaf-2", "sleep 1000");
    await becomes("deaf-2", { addr: `127.0.0.1:${await docker.port("deaf-2")}`, state: "up" });
  });

  test("listens anew after each restart, and is out until then", async () => {
    await agent();
    await docker.script("again", `sleep 1; ${SERVE}`);
    await becomes("again", { state: "up" });
    const mark = history.length;
    await docker.run("restart", "-t", "0", "again");
    const listensAt = await firstAccepted(await docker.address("again"), 8080);
    const addr = `127.0.0.1:${await docker.port("again")}`;
    await becomes("again", { addr, state: "up" });
    const later = history.slice(mark).map((seen) => ({ ...read(seen.entries, "again", "ready"), atMs: seen.atMs }));
    expect(later.some((seen) => seen.addr === undefined)).toBe(true);
    expect((later.find((seen) => seen.addr === addr)?.atMs ?? 0) - listensAt).toBeGreaterThan(-20);
  });

  test("that crashes three times in a minute must stay up for ten seconds", async () => {
    const hecd = await agent();
    const count = "n=$(($(cat /n || echo 0) + 1)); echo $n >/n";
    await docker.script(
      "crashing",
      `${count}; ${SERVE} & [ $n -gt 3 ] && wait; sleep .5; exit 1`,
      "--restart",
      "always",
    );
    await hecd.said(/skipped.*"container":"crashing".*flap-hold/);
    await eventually("the last start", async () => (await docker.run("exec", "crashing", "cat", "/n")) === "4");
    const startedAt = Date.parse(await docker.field("crashing", "State.StartedAt"));
    await eventually("the key", () => known("crashing").state === "up", 20_000);
    const upMs = Date.now() - startedAt;
    expect(upMs).toBeGreaterThanOrEqual(10_000);
    const held = history.filter(({ atMs }) => atMs > startedAt + 500 && atMs < startedAt + 10_000);
    for (const { entries } of held) expect(read(entries, "crashing", "ready").addr).toBeUndefined();
  }, 60_000);
});

describe("a container with HEALTHCHECK", () => {
  const check = ["--health-cmd", "test -e /tmp/well", "--health-interval", "200ms", "--health-retries", "2"];

  test("is registered by the policy, and drains when it becomes unhealthy", async () => {
    for (const policy of ["strict", "lenient", "off"]) await agent(policy, "--health", policy);
    await docker.web("checked", "--health-start-period", START_PERIOD, ...check);
    await becomes("checked", { state: "up" }, "lenient");
    await becomes("checked", { state: "up" }, "off");
    expect(known("checked", "strict")).toEqual({ addr: undefined, state: undefined });
    await docker.run("exec", "checked", "touch", "/tmp/well");
    await becomes("checked", { state: "up" }, "strict");
    await docker.run("exec", "checked", "rm", "/tmp/well");
    await becomes("checked", { addr: undefined, state: "draining" }, "strict");
    await becomes("checked", { addr: undefined, state: "draining" }, "lenient");
    expect(known("checked", "off").state).toBe("up");
    await docker.run("exec", "checked", "touch", "/tmp/well");
    await becomes("checked", { state: "up" }, "strict");
    await becomes("checked", { state: "up" }, "lenient");
  });
});

describe("a container whose labels ask for a check", () => {
  const page = `mkdir /www/cgi-bin; cat >/www/cgi-bin/health <<'END'
#!/bin/sh
test -e /tmp/well && status="200 OK" || status="503 Service Unavailable"
echo "$status" >>/tmp/answers
printf "Status: $status\\r\\n\\r\\n"
END
chmod +x /www/cgi-bin/health`;
  const traefik = "traefik.http.services.web.loadbalancer";

  test.each([
    [
      "our own",
      ["hecd.check.path=/cgi-bin/health", "hecd.check.interval=100ms", "hecd.check.rise=3", "hecd.check.fall=2"],
      { rise: 3, fall: 2 },
    ],
    [
      "registrator's, of a port",
      ["SERVICE_8080_CHECK_HTTP=/cgi-bin/health", "SERVICE_8080_CHECK_INTERVAL=100ms"],
      { rise: 1, fall: 3 },
    ],
    [
      "traefik's",
      [
        `${traefik}.server.port=8080`,
        `${traefik}.healthcheck.path=/cgi-bin/health`,
        `${traefik}.healthcheck.interval=100ms`,
      ],
      { rise: 1, fall: 3 },
    ],
  ])("serves while its page does not answer 503: %s", async (_, labels, { rise, fall }) => {
    await agent();
    await docker.script("asked", `${page}; ${SERVE}`, ...labels.flatMap((label) => ["--label", label]));
    const answers = async (): Promise<readonly string[]> =>
      (await docker.run("exec", "asked", "cat", "/tmp/answers")).split("\n").map((answer) => answer.slice(0, 3));
    await eventually("a few requests", async () => (await answers()).length > 5);
    expect(new Set(await answers())).toEqual(new Set(["503"]));
    expect(known("asked")).toEqual({ addr: undefined, state: undefined });

    await docker.run("exec", "asked", "touch", "/tmp/well");
    await becomes("asked", { state: "up" });
    expect((await answers()).filter((answer) => answer === "200").length).toBeGreaterThanOrEqual(rise);

    await docker.run("exec", "asked", "rm", "/tmp/well");
    await becomes("asked", { state: "draining" });
    const asked = await answers();
    expect(asked.length - 1 - asked.lastIndexOf("200")).toBeGreaterThanOrEqual(fall);
  });
});

describe("a container that serves", () => {
  test("drains from its stop signal on, while its process still works", async (context) => {
    needs(context, TELLS_BEFORE_THE_END);
    await agent();
    await docker.script("leaving", `trap 'sleep 2; exit 0' TERM; ${SERVE} & wait`);
    await becomes("leaving", { state: "up" });
    const ip = await docker.address("leaving");
    const askedAt = Date.now();
    const stopped = docker.run("stop", "-t", "10", "leaving");
    await becomes("leaving", { addr: undefined, state: "draining" });
    expect((moment("went", "leaving") ?? Infinity) - askedAt).toBeLessThan(1_000);
    expect(await accepts(ip, 8080)).toBe(true);
    await stopped;
    await becomes("leaving", { addr: undefined, state: undefined });
    // In one transaction: never without a simple key while the record says that it is up.
    for (const { entries } of history) {
      const { addr, state } = read(entries, "leaving", "ready");
      expect(addr === undefined).toBe(state !== "up");
    }
  });

  test("is in maintenance while it is paused", async () => {
    await agent();
    await docker.web("sleeping");
    await becomes("sleeping", { state: "up" });
    await docker.run("pause", "sleeping");
    await becomes("sleeping", { addr: undefined, state: "maint" });
    await docker.run("unpause", "sleeping");
    await becomes("sleeping", { addr: `127.0.0.1:${await docker.port("sleeping")}`, state: "up" });
  });

  test("stays registered without a write when its agent is stopped and started again", async () => {
    const first = await agent();
    await docker.web("steady");
    await becomes("steady", { state: "up" });
    await first.stop();
    const mark = history.length;
    await agent();
    await docker.web("newcomer");
    await becomes("newcomer", { state: "up" });
    const before = history[mark - 1]?.entries;
    for (const { entries } of history.slice(mark)) {
      for (const [key, value] of entries) if (key.includes("steady")) expect(value).toBe(before?.get(key));
      expect(read(entries, "steady", "ready")).toEqual({ addr: known("steady").addr, state: "up" });
    }
  });
});
