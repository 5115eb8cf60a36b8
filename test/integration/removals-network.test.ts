import { join } from "node:path";
import { describe, expect, test, type TestContext } from "vitest";
import { AgentHost } from "../support/agent-host.js";
import { idOf, startCluster } from "../support/etcd.js";
import { eventually, staysFor } from "../support/eventually.js";
import { Line } from "../support/line.js";
import { SteadyClient } from "../support/steady-client.js";
import { TcpProxy } from "../support/tcp-proxy.js";
import { tempDir } from "../support/temp-dir.js";

/** Longer than a lease of five seconds, which etcd may end a second late. */
const GRACE_MS = 8_000;

/** A line, two hosts with agents that reach etcd by proxies of their own, and a renderer that does so by a third. */
async function world(context: Ending, grace = `${GRACE_MS}ms`) {
  const line = keep(context, await Line.start({ removalGrace: grace, removalReloadDelay: "30s" }));
  const proxy = async (): Promise<TcpProxy> => keep(context, await TcpProxy.open(line.etcd.port));
  const [way1, way2, wayR] = [await proxy(), await proxy(), await proxy()];
  const host1 = keep(context, await AgentHost.start("host1", way1.endpoint));
  const host2 = keep(context, await AgentHost.start("host2", way2.endpoint));
  line.rendererAt(wayR.endpoint);
  return { line, host1, host2, way1, wayR };
}

/** A test as far as what it has started ends with it. */
type Ending = Pick<TestContext, "onTestFinished">;

function keep<T extends AsyncDisposable>({ onTestFinished }: Ending, thing: T): T {
  onTestFinished(() => thing[Symbol.asyncDispose]());
  return thing;
}

/** A client that has been answered by these already, so that whatever fails from then on is news. */
async function clientOf(
  context: Ending,
  { port }: Line,
  service: string,
  ...names: readonly string[]
): Promise<SteadyClient> {
  const client = keep(context, new SteadyClient(port, `/${service}`));
  await answering(client, ...names);
  client.takeFailures();
  return client;
}

/** The time until exactly these answer a client, in milliseconds. */
async function answering(client: SteadyClient, ...names: readonly string[]): Promise<number> {
  const begunAt = performance.now();
  const wanted = names.toSorted().join();
  await eventually(`${wanted} to answer`, () => [...client.latest()].toSorted().join() === wanted, 40_000);
  return performance.now() - begunAt;
}

const CUTS = {
  refused: (way: TcpProxy): void => {
    way.refuse();
  },
  stalled: (way: TcpProxy): void => {
    way.stall();
  },
  "half-open": (way: TcpProxy): void => {
    way.silence();
  },
};

describe("a network that is cut between renderer and etcd", () => {
  test.concurrent.for(Object.keys(CUTS) as (keyof typeof CUTS)[])(
    "has clients answered all along, and nothing held afterwards that living agents meant (%s)",
    async (how, context) => {
      const { line, host1, host2, wayR } = await world(context);
      await host1.run("web", "web-1", "web-2");
      await host2.run("web", "web-3");
      await host1.run("api", "api-1");
      const web = await clientOf(context, line, "web", "web-1", "web-2", "web-3");
      const api = await clientOf(context, line, "api", "api-1");
      CUTS[how](wayR);
      await host2.run("web", "web-4");
      await host1.stop("web-1");
      await answering(web, "web-2", "web-3");
      await staysFor("answers of two", 4_000, () => web.latest().size === 2);
      expect(web.takeFailures()).toEqual([]);
      expect(api.takeFailures()).toEqual([]);
      await host1.stop("api-1"); // the last one, and its agent lives
      await host2.run("shop", "shop-1");
      const begunAt = performance.now();
      wayR.heal();
      await answering(web, "web-2", "web-3", "web-4");
      console.log(`${how}: caught up after ${Math.round(performance.now() - begunAt)} ms`);
      await clientOf(context, line, "shop", "shop-1");
      await eventually("no server of api", async () => (await line.serversOf("api")).length === 0, 2_000);
      expect(web.takeFailures()).toEqual([]);
    },
  );

  test.concurrent(
    "holds what a host has lost that died meanwhile, from when the renderer hears of it",
    async (context) => {
      const { line, host1, host2, wayR } = await world(context);
      await host1.run("web", "web-1", "web-2", "web-3");
      await host2.run("web", "web-4");
      const web = await clientOf(context, line, "web", "web-1", "web-2", "web-3", "web-4");
      wayR.refuse();
      await host1.fail();
      await eventually("the end of the lease", async () => (await line.etcd.keys("/app/web")).size === 1, 20_000);
      wayR.heal();
      await host2.run("shop", "shop-1");
      await clientOf(context, line, "shop", "shop-1");
      await staysFor("four servers", GRACE_MS - 3_000, async () => (await line.serversOf("web")).length === 4);
      await eventually("one server", async () => (await line.serversOf("web")).length === 1, 10_000);
      expect(web.takeFailures()).toEqual([]);
    },
  );

  test.concurrent(
    "holds what is missing afterwards where etcd has compacted its history, since nobody tells who meant it",
    async (context) => {
      const { line, host1, host2, wayR } = await world(context);
      await host1.run("web", "web-1", "web-2");
      await host1.run("api", "api-1");
      const web = await clientOf(context, line, "web", "web-1", "web-2");
      await clientOf(context, line, "api", "api-1");
      wayR.refuse();
      await host1.stop("web-1", "api-1");
      await host2.run("web", "web-3");
      await eventually("all of that", async () => (await line.etcd.keys("/app")).size === 2);
      await line.etcd.compact();
      wayR.heal();
      await answering(web, "web-2", "web-3");
      expect(await line.serversOf("api")).toEqual(["api-1"]);
      await eventually("no server of api", async () => (await line.serversOf("api")).length === 0, 15_000);
      expect(web.takeFailures()).toEqual([]);
    },
  );
});

describe("a network that is cut between an agent and etcd until its lease has ended", () => {
  test.concurrent("changes nothing where it heals within the grace, while all else is applied", async (context) => {
    const { line, host1, host2, way1 } = await world(context, "12s");
    await host1.run("web", "web-1", "web-2", "web-3");
    await host2.run("web", "web-4");
    await host1.run("api", "api-1");
    const web = await clientOf(context, line, "web", "web-1", "web-2", "web-3", "web-4");
    const api = await clientOf(context, line, "api", "api-1");
    const before = await line.haproxy.reloads();
    way1.refuse();
    await eventually("the end of the lease", async () => (await line.etcd.keys("/app")).size === 1, 20_000);
    await host2.run("web", "web-5");
    expect(await answering(web, "web-1", "web-2", "web-3", "web-4", "web-5")).toBeLessThan(3_000);
    await host2.stop("web-4");
    expect(await answering(web, "web-1", "web-2", "web-3", "web-5")).toBeLessThan(3_000);
    await host1.run("web", "web-6"); // nobody can know of it yet
    way1.heal();
    await answering(web, "web-1", "web-2", "web-3", "web-5", "web-6");
    await eventually("all keys", async () => (await line.etcd.keys("/app")).size === 6);
    await staysFor("all servers", 13_000, async () => (await line.serversOf("web")).length === 5, 500);
    expect([...web.takeFailures(), ...api.takeFailures()]).toEqual([]);
    expect(await line.haproxy.reloads()).toBe(before);
  });

  test.concurrent("takes them away once the grace is over, and has them back as soon as it heals", async (context) => {
    const { line, host1, host2, way1 } = await world(context);
    await host1.run("web", "web-1", "web-2", "web-3");
    await host2.run("web", "web-4");
    await host1.run("api", "api-1");
    const web = await clientOf(context, line, "web", "web-1", "web-2", "web-3", "web-4");
    const api = await clientOf(context, line, "api", "api-1");
    way1.silence();
    await eventually("the end of the lease", async () => (await line.etcd.keys("/app")).size === 1, 20_000);
    await staysFor("answers of all", 3_000, () => api.latest(1).size === 1 && web.latest(40).size === 4);
    expect([...web.takeFailures(), ...api.takeFailures()]).toEqual([]);
    await answering(web, "web-4");
    await eventually("no answer of api", () => api.takeFailures().length > 0, 15_000);
    way1.heal();
    await answering(web, "web-1", "web-2", "web-3", "web-4");
    await eventually("answers of api", () => api.latest().size === 1 && api.takeFailures().length === 0, 10_000);
    expect(web.takeFailures()).toEqual([]);
  });
});

describe.concurrent("an etcd that is restored from a snapshot", () => {
  test("has clients answered all along, whatever has come, gone or moved since", async (context) => {
    const { line, host1 } = await world(context);
    await using folder = await tempDir();
    const snapshot = join(folder.path, "snapshot");
    await host1.run("web", "web-1", "web-2", "web-9");
    await host1.run("api", "api-1");
    await clientOf(context, line, "web", "web-1", "web-2", "web-9");
    await clientOf(context, line, "api", "api-1");
    await line.etcd.save(snapshot);
    const host3 = keep(context, await AgentHost.start("host3", line.etcd.endpoint)); // of whose lease the snapshot knows nothing
    await host3.run("shop", "shop-1", "shop-2");
    await host1.stop("web-9", "api-1");
    await host1.run("api", "api-1"); // at another port
    await host1.run("web", "web-3", "web-4", "web-5", "web-6");
    const web = await clientOf(context, line, "web", ...[1, 2, 3, 4, 5, 6].map((n) => `web-${n}`));
    const api = await clientOf(context, line, "api", "api-1");
    const shop = await clientOf(context, line, "shop", "shop-1", "shop-2");
    await line.etcd.kill();
    await line.etcd.restore(snapshot);
    await line.etcd.start();
    await eventually("all keys", async () => (await line.etcd.keys("/app")).size === 9, 20_000);
    await staysFor("answers", GRACE_MS, () => api.latest(1).size === 1);
    expect([...web.takeFailures(), ...api.takeFailures(), ...shop.takeFailures()]).toEqual([]);
    expect(await line.serversOf("web")).toEqual([1, 2, 3, 4, 5, 6].map((n) => `web-${n}`));
  });
});

describe.concurrent("a cluster of three of whose members one is cut off", () => {
  test("brings changes to HAProxy within seconds, whichever it is", async (context) => {
    const line = keep(context, await Line.start({ removalGrace: "8s", removalReloadDelay: "30s" }));
    const doors: TcpProxy[] = [];
    const members = await startCluster(3, [], async (port) => {
      const door = keep(context, await TcpProxy.open(port));
      doors.push(door);
      return door.port;
    });
    for (const member of members) keep(context, member);
    const endpoints = members.map(({ endpoint }) => endpoint).join(",");
    const host = keep(context, await AgentHost.start("host1", endpoints, "15s"));
    line.rendererAt(endpoints);
    await host.run("web", "web-0");
    let now = "web-0";
    const web = await clientOf(context, line, "web", now);
    for (const [index, member] of members.entries()) {
      const id = await idOf(member);
      for (const [at, door] of doors.entries()) {
        if (at === index) door.silence();
        else door.silenceThose(`X-Server-From: ${id}`);
      }
      const next = `web-${index + 1}`;
      await host.run("web", next);
      console.log(`member ${index} cut off: added after ${Math.round(await answering(web, now, next))} ms`);
      await host.stop(now);
      console.log(`member ${index} cut off: removed after ${Math.round(await answering(web, next))} ms`);
      now = next;
      for (const door of doors) door.heal();
      await member.answers();
    }
    expect(web.takeFailures()).toEqual([]);
  });
});
