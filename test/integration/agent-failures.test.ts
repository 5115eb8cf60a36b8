import { describe, expect, test } from "vitest";
import { AgentWorld } from "../support/agent-world.js";
import { leaderOf, makeRoom, startCluster } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { FakeDocker } from "../support/fake-docker.js";
import type { Hecd } from "../support/hecd.js";
import { TcpProxy } from "../support/tcp-proxy.js";

/** As short as the setting may be. */
const TTL_MS = 5_000;

/** What makes Node run this before the program. */
function beforehand(code: string): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

/** A calendar that leaps ten days ahead at the first SIGUSR2, and ten days behind the true one at the next. */
const LEAPING_CALENDAR = beforehand(`
  const Calendar = Date;
  let leap = 0;
  globalThis.Date = class Date extends Calendar {
    constructor(...given) {
      if (given.length > 0) super(...given);
      else super(Calendar.now() + leap);
    }
    static now() {
      return Calendar.now() + leap;
    }
  };
  process.on("SIGUSR2", () => (leap = leap === 0 ? 864e6 : -864e6));
`);

/** A process that does nothing at all for four seconds at SIGUSR2. */
const STALLING = beforehand(`
  process.on("SIGUSR2", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_000));
`);

/** Resolves when an agent that tells all has renewed its lease that often from now on. */
async function renewals(agent: Hecd, count: number): Promise<void> {
  const renewed = (): number => agent.log.match(/lease-renewed/g)?.length ?? 0;
  const before = renewed();
  await eventually(`${count} renewals of the lease`, () => renewed() >= before + count, 60_000);
}

describe.concurrent("an agent", () => {
  test("whose etcd has lost its leader goes on by the others, with its lease and without a write that is not needed", async ({
    onTestFinished,
  }) => {
    const members = await startCluster(3);
    onTestFinished(async () => {
      for (const member of members) await member[Symbol.asyncDispose]();
    });
    await using world = await AgentWorld.start("leader");
    const agent = world.agent(["--ttl", "15s"], { etcd: members.map(({ endpoint }) => endpoint).join(",") });
    const leader = await leaderOf(members);
    const other = members.find((member) => member !== leader);
    const has = async (name: string): Promise<void> => {
      const wanted = [`/app/leader/leader-${name}`, await world.addr(name)] as const;
      await eventually(
        `the key of ${name}`,
        async () => {
          expect([...((await other?.keys("/app/leader/")) ?? [])]).toContainEqual(wanted);
          return true;
        },
        30_000,
      );
    };
    await world.web("a");
    await has("a");
    await leader.kill();
    await world.web("b");
    await has("b");
    await has("a");
    expect(agent.log).not.toMatch(/session-lost|deregistered/);
  });

  test.for([1, 3])(
    "whose etcd of %i members has no space removes within a second what has ended, and keeps its lease",
    async (size, { onTestFinished }) => {
      const members = await startCluster(size, ["--quota-backend-bytes", String(4 * 1024 * 1024)]);
      onTestFinished(async () => {
        for (const member of members) await member[Symbol.asyncDispose]();
      });
      const [etcd] = members;
      if (!etcd) throw new Error("No member was started");
      const service = `full${size}`;
      await using world = await AgentWorld.start(service);
      const agent = world.agent(["--ttl", "5s", "--log-level", "debug"], {
        etcd: members.map(({ endpoint }) => endpoint).join(","),
      });
      const keys = async (): Promise<readonly string[]> => [
        ...(await etcd.keys(`/app/${service}/`)).keys(),
        ...(await etcd.keys(`/hecd/v1/services/${service}/`)).keys(),
      ];
      await world.web("a");
      await world.web("b");
      await eventually("all keys", async () => (await keys()).length === 4);
      await etcd.fill();
      await world.web("c"); // waits for space from now on
      await agent.said(/"event":"store-full"/);
      await world.docker.run("rm", "-f", world.full("a"));
      const endedAt = performance.now();
      await eventually("the keys to go", async () => (await keys()).length === 2, 5_000, 20);
      const tookMs = Math.round(performance.now() - endedAt);
      process.stdout.write(`    full, ${size} members: removed ${tookMs} ms after docker rm\n`);
      expect(tookMs).toBeLessThan(1_000);
      const ready = await world.ask("/readyz");
      expect([ready.status, await ready.text()]).toEqual([503, "waiting for space for 2 keys in the store\n"]);
      expect(await world.metric("hecd_store_full")).toBe(1);
      await renewals(agent, 10); // three lives of the lease
      expect(agent.log).not.toMatch(/session-lost|store-unreachable/);
      await makeRoom(members);
      await eventually("the new keys", async () => (await keys()).length === 4, 10_000);
      await eventually("the agent to be ready", async () => (await world.ask("/readyz")).status === 200);
      expect(await world.metric("hecd_store_full")).toBe(0);
    },
  );

  test("that is cut off from etcd for longer than its lease is not ready but lives, and then has all as it is", async () => {
    await using world = await AgentWorld.start("cut");
    await using relay = await TcpProxy.open(world.etcd.port);
    const agent = world.agent(["--ttl", "5s"], { etcd: relay.endpoint });
    await world.web("a");
    await world.web("b");
    await world.becomes({ a: await world.addr("a"), b: await world.addr("b") });
    relay.silence();
    await world.becomes({}, 4 * TTL_MS);
    await agent.said(/session-lost/);
    await eventually("the agent to be unready", async () => (await world.ask("/readyz")).status === 503);
    expect((await world.ask("/healthz")).status).toBe(200);
    await world.docker.run("rm", "-f", world.full("a"));
    await world.web("c");
    relay.heal();
    await world.becomes({ b: await world.addr("b"), c: await world.addr("c") }, 30_000);
  });

  test("that is gone for good, with its whole host, leaves keys that end with its lease", async () => {
    await using world = await AgentWorld.start("power");
    const agent = world.agent(["--ttl", "5s"]);
    await world.web("a");
    await world.becomes({ a: await world.addr("a") });
    agent.signal("SIGKILL");
    await world.becomes({}, 4 * TTL_MS);
    expect(await world.records("a")).toEqual({});
    expect(await world.etcd.keys("/hecd/v1/agents/")).toEqual(new Map());
  });

  test("whose clock is set ten days forward, and back, keeps its lease, touches no key and goes on", async () => {
    await using world = await AgentWorld.start("leap");
    const agent = world.agent(["--ttl", "5s", "--resync", "1s", "--log-level", "debug"], { env: LEAPING_CALENDAR });
    await world.web("a");
    await world.becomes({ a: await world.addr("a") });
    const before = await world.revisions();
    for (const [name, days] of [
      ["b", 10],
      ["c", -10],
    ] as const) {
      agent.signal("SIGUSR2");
      await renewals(agent, 4); // which takes longer than the lease would live without
      await world.web(name);
      await eventually(`the key of ${name}`, async () => (await world.keys())[name] === (await world.addr(name)));
      const line = agent.log.split("\n").findLast((each) => each.includes(`/leap-${name}`)) ?? "{}";
      const { time } = JSON.parse(line) as { readonly time: string | number }; // the program's own form
      expect(Math.round((new Date(time).getTime() - Date.now()) / 86_400_000)).toBe(days);
    }
    expect(await world.revisions()).toMatchObject(before);
    expect(agent.log).not.toMatch(/session-lost|docker-unreachable/);
  });

  test("that stalls for longer than a third of its lease keeps it, misses nothing, and tells of the stall", async () => {
    await using world = await AgentWorld.start("stall");
    const agent = world.agent(["--ttl", "9s"], { env: STALLING });
    await world.web("a");
    await world.becomes({ a: await world.addr("a") });
    const before = await world.revisions();
    agent.signal("SIGUSR2");
    await world.web("b");
    await world.becomes({ a: await world.addr("a"), b: await world.addr("b") });
    expect(await world.metric("nodejs_eventloop_lag_max_seconds")).toBeGreaterThan(3);
    await agent.said(/Stood still for (3\.[6-9]|4\.\d) s, and the lease ends after 9 s of that/);
    expect(agent.log.match(/"event":"stalled"/g)).toHaveLength(1);
    expect(await world.revisions()).toMatchObject(before);
    expect(agent.log).not.toMatch(/session-lost/);
  });

  test("whose engine answers slowly shows how long an event has waited for its keys", async () => {
    await using world = await AgentWorld.start("slow");
    await using engine = await FakeDocker.start();
    const agent = world.agent(["--probe", "off"], { docker: engine.url });
    await agent.said(/docker-connected/);
    const id = "a".repeat(64);
    const labels = { "hecd.test": "slow" };
    engine.intercept = (path, response) => {
      if (!path.includes(id)) return false;
      engine.intercept = () => false;
      setTimeout(() => response.writeHead(500).end(), 1_000);
      return true;
    };
    engine.containers.set(id, {
      name: "slow-a",
      status: "running",
      startedAt: new Date().toISOString(),
      hostPort: 20_000,
      labels,
    });
    engine.emit("start", id);
    await world.becomes({ a: "192.0.2.1:20000" });
    expect(await world.metric("hecd_docker_event_lag_seconds_count")).toBe(1);
    expect(await world.metric("hecd_docker_event_lag_seconds_sum")).toBeGreaterThan(1);
  });

  test("deletes no key that has got another owner in the same moment", async () => {
    await using world = await AgentWorld.start("race");
    world.agent(["--resync", "10m"]);
    await world.web("a");
    await world.web("b");
    await world.becomes({ a: await world.addr("a"), b: await world.addr("b") });
    await world.etcd.put("/app/race/race-a", "192.0.2.9:80");
    await world.docker.run("kill", world.full("a"));
    await world.docker.run("kill", world.full("b"));
    await world.becomes({ a: "192.0.2.9:80" });
    await eventually("the record to go", async () => Object.keys(await world.records("a")).length === 0);
    expect(await world.keys()).toEqual({ a: "192.0.2.9:80" });
  });

  // Which takes the processor from all others for a while.
  test(
    "of 1,000 containers looks at each once, writes them in few transactions, and then nothing",
    { concurrent: false },
    async () => {
      await using world = await AgentWorld.start("huge");
      await using engine = await FakeDocker.start();
      for (let n = 0; n < 1_000; n++) {
        engine.containers.set(n.toString(16).padStart(64, "0"), {
          name: `huge-${n}`,
          status: "running",
          startedAt: "2026-01-02T03:04:05.678901234Z",
          hostPort: 20_000 + n,
          labels: { "hecd.test": "huge" },
        });
      }
      const asked = (what: RegExp): number => engine.requests.filter((request) => what.test(request)).length;
      const empty = await world.etcd.revision();
      world.agent(["--probe", "off", "--resync", "1s"], { docker: engine.url });
      await eventually("all keys", async () => Object.keys(await world.keys()).length === 1_000, 60_000, 200);
      const full = await world.etcd.revision();
      expect(full - empty).toBeLessThan(100);
      const lists = asked(/\/containers\/json$/);
      await eventually("more lists", () => asked(/\/containers\/json$/) >= lists + 4, 30_000);
      expect(asked(/\/containers\/[0-9a-f]+\/json$/)).toBe(1_000);
      expect(await world.etcd.revision()).toBe(full);
    },
  );
});
