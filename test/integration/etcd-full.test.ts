import { setTimeout as lasting } from "node:timers/promises";
import { describe, test } from "vitest";
import type { Write } from "../../src/core/registry/plan.js";
import { EtcdWorld, ROOT } from "../support/etcd-world.js";
import { type TestEtcd, makeRoom, startCluster } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { required } from "../support/required.js";

/** As short as the setting of an agent may be. */
const TTL_SECONDS = 5;

const QUOTA = ["--quota-backend-bytes", String(4 * 1024 * 1024)];

const HOLDER = { hostname: "test", pid: 1, since: "2026-01-02T03:04:05Z" };
const AGENT = { hostId: "h", agent: "a", holder: HOLDER, ttlSeconds: TTL_SECONDS };

const put = (name: string, value: string) => ({ kind: "put", key: `${ROOT}/${name}`, value }) as const;
const del = (name: string): Write => ({ kind: "delete", key: `${ROOT}/${name}` });

async function disposing(members: readonly TestEtcd[]): Promise<void> {
  for (const member of members) await member[Symbol.asyncDispose]();
}

describe.concurrent("the store in an etcd without space", () => {
  test.for([1, 3])(
    "of %i members removes at once what is to go, and keeps its lease",
    async (size, { expect, onTestFinished }) => {
      const members = await startCluster(size, QUOTA);
      onTestFinished(() => disposing(members));
      const first = required(members[0], "a member");
      await using world = await EtcdWorld.open({ endpoints: members.map(({ endpoint }) => endpoint) });
      const session = await world.store.openSession(AGENT, world.signal);
      await session.apply([[put("a", "1"), put("b", "1"), put("c", "1")]], world.signal);
      await first.fill();

      // A registration that waits for space, beside all that follows.
      const began = performance.now();
      await session.apply(
        [[put("new", "1")], [del("a"), { ...put("b", "2"), elseDelete: true }, put("c", "2")]],
        world.signal,
      );
      const tookMs = Math.round(performance.now() - began);
      process.stdout.write(`    full, ${size} members: removed after ${tookMs} ms\n`);
      expect(tookMs).toBeLessThan(1_000);
      expect([...(await first.keys(`${ROOT}/`))]).toEqual([[`${ROOT}/c`, "1"]]);
      expect([...session.held]).toEqual([[`${ROOT}/c`, "1"]]);
      expect([...session.unwritten].toSorted()).toEqual([`${ROOT}/b`, `${ROOT}/c`, `${ROOT}/new`]);

      // Four lives of the lease, with a registration tried all the time.
      for (let n = 0; n < 40; n++) {
        await session.apply([[put("new", "1")]], world.signal);
        await lasting(TTL_SECONDS * 100);
      }
      expect(session.lost.aborted).toBe(false);
      expect((await first.keys(`${ROOT}/`)).size).toBe(1);
      expect(world.events("store-unreachable")).toEqual([]);
      expect(world.events("store-connected")).toHaveLength(1);
      expect(world.events("store-full")[0]).toMatchObject({ lastedMs: 0 });

      await makeRoom(members);
      await eventually("the registration", async () => {
        await session.apply([[put("new", "1")]], world.signal);
        return session.unwritten.size === 0;
      });
      expect(world.events("store-has-space")).toHaveLength(1);
      expect(session.held.get(`${ROOT}/new`)).toBe("1");
    },
  );

  test("lets the next process of an agent work on under the claim of the one before it", async ({ expect }) => {
    await using etcd = required((await startCluster(1, QUOTA))[0], "a member");
    const endpoints = [etcd.endpoint];
    await using before = await EtcdWorld.open({ endpoints });
    const first = await before.store.openSession(AGENT, before.signal);
    await first.apply([[put("a", "1"), put("b", "1")]], before.signal);
    await etcd.fill();
    await before[Symbol.asyncDispose](); // as a crash: nothing is released

    await using after = await EtcdWorld.open({ endpoints });
    const next = { ...AGENT, holder: { ...HOLDER, pid: 2 } };
    const session = await after.store.openSession(next, after.signal);
    await session.apply([[del("a")], [put("new", "1")]], after.signal);
    expect([...(await etcd.keys(`${ROOT}/`))]).toEqual([[`${ROOT}/b`, "1"]]);
    await lasting(2 * TTL_SECONDS * 1_000);
    await session.audit(after.signal);
    expect([...session.held]).toEqual([[`${ROOT}/b`, "1"]]);

    await makeRoom([etcd]);
    await session.audit(after.signal);
    expect((await etcd.keys("/hecd/v1/agents/")).get("/hecd/v1/agents/h")).toContain('"pid":2');
    await session.apply([[put("new", "1")]], after.signal);
    expect(session.held.size).toBe(2);
  });

  test("has an agent that comes new wait for space, and tell why", async ({ expect }) => {
    await using etcd = required((await startCluster(1, QUOTA))[0], "a member");
    await etcd.fill();
    await using world = await EtcdWorld.open({ endpoints: [etcd.endpoint] });
    const opening = world.store.openSession(AGENT, world.signal);
    await eventually("the reason to be told", () => world.events("store-full")[0]);
    await makeRoom([etcd]);
    const session = await opening;
    await session.apply([[put("new", "1")]], world.signal);
    expect(session.held.size).toBe(1);
    expect(world.events("store-unreachable")).toEqual([]);
  });
});

test("a store with two endpoints is read whole where it holds more than one answer can", async ({
  expect,
  onTestFinished,
}) => {
  const members = await startCluster(2);
  onTestFinished(() => disposing(members));
  const first = required(members[0], "a member");
  await first.write(Array.from({ length: 4_000 }, (_, n) => [`${ROOT}/${n}`, "x".repeat(20_000)] as const));
  const began = performance.now();
  await using world = await EtcdWorld.open({ endpoints: members.map(({ endpoint }) => endpoint) });
  process.stdout.write(`    80 MB: the first state came after ${Math.round(performance.now() - began)} ms\n`);
  expect(world.latest?.entries.size).toBe(4_000);
  expect(world.events("store-unreachable")).toEqual([]);
});
