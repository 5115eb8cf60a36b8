import { setTimeout as lasting } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { EtcdWorld, ROOT, withoutRereading } from "../support/etcd-world.js";
import { type TestEtcd, startEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { TcpProxy } from "../support/tcp-proxy.js";

/** `count` writes to `keys` counters, each write with a value of its own. */
function* counting(count: number, keys: number): Generator<readonly [string, string]> {
  for (let n = 0; n < count; n++) yield [`${ROOT}/count/${n % keys}`, String(n)];
}

function report(what: string, ms: number): void {
  process.stdout.write(`    ${what}: ${ms} ms\n`);
}

/** Some deletes, so that a lost delete would show. */
async function deleteSome(etcd: TestEtcd): Promise<void> {
  await etcd.ctl("del", `${ROOT}/count/1`, `${ROOT}/count/2`);
}

describe.concurrent("the store in etcd misses no change and loses no key, either,", () => {
  test("when etcd is killed for 5 s and comes back with its data", async ({ expect }) => {
    await using etcd = await startEtcd();
    await using world = await EtcdWorld.open({ endpoints: [etcd.endpoint] });
    await world.register(10);
    await etcd.kill();
    await eventually("the outage to be told", () => world.events("store-unreachable")[0]);
    await lasting(5_000);
    await etcd.start();
    await etcd.write(counting(1_000, 100));
    report("killed for 5 s: the watch is back after", await world.agrees(etcd, 5_000));
    await world.isRegistered(etcd, 1_000);
    expect(world.events("session-lost")).toEqual([]);
    expect(world.events("store-connected").at(-1)?.afterMs).toBeGreaterThan(4_000);
  });

  test("when etcd has compacted its history while the connection was cut (invariant 8)", async ({ expect }) => {
    await using etcd = await startEtcd();
    await using proxy = await TcpProxy.open(etcd.port);
    await etcd.write(counting(100, 100));
    await using world = await EtcdWorld.open({ endpoints: [proxy.endpoint] }, withoutRereading);
    proxy.refuse();
    await etcd.write(counting(1_000, 50));
    await deleteSome(etcd);
    await etcd.compact();
    proxy.heal();
    report("compacted: the watch is right after", await world.agrees(etcd, 5_000));
    const listed = { how: "listed", reason: "etcd has compacted the history" };
    await eventually("this to be told", () => {
      expect(world.events("watch-resumed").at(-1)).toMatchObject(listed);
      return true;
    });
  });

  test("when the connection is cut again in the middle of catching up 20,000 changes", async ({ expect }) => {
    await using etcd = await startEtcd();
    await using proxy = await TcpProxy.open(etcd.port);
    await using world = await EtcdWorld.open({ endpoints: [proxy.endpoint] }, withoutRereading);
    proxy.refuse();
    await etcd.write(counting(20_000, 500));
    await deleteSome(etcd);
    // A batch of etcd's is 1,000 changes, about 70 kB.
    proxy.cutAfter(100_000);
    proxy.heal();
    await eventually("the first cut", () => world.events("watch-resumed").length >= 1);
    proxy.cutAfter(300_000);
    report("20,000 changes, cut twice: caught up after", await world.agrees(etcd, 15_000));
    const resumed = world.events("watch-resumed").map(({ how }) => how);
    expect(resumed.length).toBeGreaterThanOrEqual(2);
    expect(new Set(resumed)).toEqual(new Set(["continued"]));
  });

  test("nor shows half a transaction, when large ones come in pieces and the connection is cut between", async ({
    expect,
  }) => {
    await using etcd = await startEtcd();
    await using proxy = await TcpProxy.open(etcd.port);
    await using world = await EtcdWorld.open({ endpoints: [proxy.endpoint] }, withoutRereading);
    const torn: number[] = [];
    let states = 0;
    const watching = (async () => {
      for await (const { entries } of world.store.watch([ROOT], world.signal)) {
        states++;
        const generations = new Set(entries.values());
        if (generations.size > 1) torn.push(generations.size);
      }
    })().catch(() => undefined);
    await eventually("the first state", () => states === 1);
    proxy.refuse();
    for (let generation = 0; generation < 40; generation++) {
      const value = `${generation}`.padEnd(9_000, "x");
      await etcd.writeTogether(Array.from({ length: 100 }, (_, n) => [`${ROOT}/one/${n}`, value] as const));
    }
    // Each piece has about 2 MB, two transactions and a half.
    for (let cut = 1; cut <= 4; cut++) {
      proxy.cutAfter(4_500_000);
      proxy.heal();
      await eventually("the connection to be cut", () => world.events("watch-resumed").length >= cut || undefined);
    }
    report("36 MB in 40 transactions, cut often: caught up after", await world.agrees(etcd, 20_000));
    expect(torn).toEqual([]);
    await world[Symbol.asyncDispose]();
    await watching;
  });

  test("when its auth token has expired and the connection is cut", async ({ expect }) => {
    await using etcd = await startEtcd({ args: ["--auth-token", "simple", "--auth-token-ttl", "5"], auth: true });
    await using proxy = await TcpProxy.open(etcd.port);
    await using world = await EtcdWorld.open(
      { endpoints: [proxy.endpoint], username: "root", password: "secret" },
      withoutRereading,
    );
    proxy.refuse();
    // Without a connection nobody uses the token, so it expires.
    await lasting(7_000);
    await etcd.write(counting(1_000, 100));
    proxy.heal();
    report("token expired: the watch is right after", await world.agrees(etcd, 5_000));
    await etcd.write(counting(1_500, 100));
    await deleteSome(etcd);
    await world.agrees(etcd, 2_000);
    await world.register(10);
    expect(world.events("watch-resumed").map(({ how }) => how)).toEqual(["continued"]);
  });

  test("when the store is wiped under it", async ({ expect }) => {
    await using etcd = await startEtcd();
    await etcd.write(counting(500, 100));
    await using world = await EtcdWorld.open({ endpoints: [etcd.endpoint] });
    await world.register(10);
    await etcd.kill();
    await etcd.wipe();
    await etcd.start();
    await etcd.write([[`${ROOT}/new`, "1"]]);
    report("wiped: all keys are back after", await world.isRegistered(etcd, 10_000));
    report("wiped: the watch is right after", await world.agrees(etcd, 10_000));
    expect(world.events("watch-resumed")).toMatchObject([{ how: "listed" }]);
    expect(world.latest?.entries.size).toBe(51);
    expect(Number(world.latest?.revision)).toBeLessThan(500);
  });

  test("when the store is wiped and has grown past what it had seen", async () => {
    await using etcd = await startEtcd();
    await using proxy = await TcpProxy.open(etcd.port);
    await etcd.write(counting(100, 100));
    await using world = await EtcdWorld.open({ endpoints: [proxy.endpoint] });
    proxy.refuse();
    await etcd.kill();
    await etcd.wipe();
    await etcd.start();
    await etcd.write(counting(500, 7));
    proxy.heal();
    report("wiped and grown: the watch is right after", await world.agrees(etcd, 12_000));
  });
});

test.each(["release", "revoke"] as const)(
  "a session ends in time by %s while etcd is killed, and its host is free when its lease has run out",
  async (how) => {
    await using etcd = await startEtcd();
    await using world = await EtcdWorld.open({ endpoints: [etcd.endpoint] });
    const holder = { hostname: "test", pid: 1, since: "2026-01-02T03:04:05Z" };
    const options = { hostId: "h", agent: "first", holder, ttlSeconds: 2 };
    const session = await world.store.openSession(options, world.signal);
    await etcd.kill();
    const began = performance.now();
    await session.close(how, world.signal);
    expect(performance.now() - began).toBeLessThan(2_500);
    await etcd.start();
    await world.store.openSession({ ...options, agent: "second" }, world.signal);
  },
);
