import { setTimeout as lasting } from "node:timers/promises";
import { type TestContext, describe, test } from "vitest";
import { EtcdWorld, ROOT, withoutRereading } from "../support/etcd-world.js";
import { type TestEtcd, idOf, leaderOf, startCluster } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { TcpProxy } from "../support/tcp-proxy.js";

async function cluster({
  onTestFinished,
}: TestContext): Promise<{ readonly members: readonly TestEtcd[]; readonly endpoints: readonly string[] }> {
  const members = await startCluster(3);
  onTestFinished(async () => {
    for (const member of members) await member[Symbol.asyncDispose]();
  });
  return { members, endpoints: members.map(({ endpoint }) => endpoint) };
}

/** Writes to a member until it takes it; a cluster without a leader takes nothing. */
async function write(member: TestEtcd, key: string, value: string): Promise<void> {
  await eventually("the cluster to take a write", () => member.put(key, value).then(() => true), 20_000);
}

describe.concurrent("the store in a cluster of three", () => {
  test.for([
    ["killed", (leader: TestEtcd) => leader.kill()],
    [
      "frozen",
      async (leader: TestEtcd) => {
        leader.freeze();
      },
    ],
  ] as const)("goes on without loss when the leader is %s", async ([how, harm], context) => {
    const { expect } = context;
    const { members, endpoints } = await cluster(context);
    await using world = await EtcdWorld.open({ endpoints });
    await world.register(15);
    const holder = { hostname: "test", pid: 1, since: "2026-01-02T03:04:05Z" };
    const session = await world.store.openSession({ hostId: "h", agent: "a", holder, ttlSeconds: 15 }, world.signal);
    const leader = await leaderOf(members);
    const other = members.find((member) => member !== leader);
    if (!other) throw new Error("No member is left");

    await harm(leader);
    await write(other, `${ROOT}/after`, "1");
    const ms = await world.agrees(other, 20_000);
    process.stdout.write(`    leader ${how}: the watch is right ${ms} ms after the cluster took a write\n`);
    // For as long as the lease lives, so that it must have been renewed by way of the others.
    let worstMs = 0;
    for (let n = 0; n < 40; n++) {
      const began = performance.now();
      await session.apply([[{ kind: "put", key: `${ROOT}/count/${n}`, value: `${n}` }]], world.signal);
      worstMs = Math.max(worstMs, Math.round(performance.now() - began));
      await lasting(400);
    }
    process.stdout.write(`    leader ${how}: the slowest of 40 changes took ${worstMs} ms\n`);
    expect(worstMs).toBeLessThan(7_000);
    await world.agrees(other, 5_000);
    await world.isRegistered(other, 1_000);
    expect(world.events("session-lost")).toEqual([]);
    leader.thaw();
  });
});

test.concurrent(
  "watches that hang on a member which is cut off from its fellows have a change within six seconds",
  async ({ expect, onTestFinished }) => {
    const doors: TcpProxy[] = [];
    const members = await startCluster(3, [], async (port) => {
      const door = await TcpProxy.open(port);
      doors.push(door);
      return door.port;
    });
    onTestFinished(async () => {
      for (const thing of [...members, ...doors]) await thing[Symbol.asyncDispose]();
    });
    const endpoints = members.map(({ endpoint }) => endpoint);
    // More than there are members, so that some watch hangs on each of them.
    const worlds = await Promise.all(Array.from({ length: 8 }, () => EtcdWorld.open({ endpoints }, withoutRereading)));
    onTestFinished(async () => {
      for (const world of worlds) await world[Symbol.asyncDispose]();
    });
    for (const [index, member] of members.entries()) {
      const id = await idOf(member);
      const other = members.find((each) => each !== member);
      if (!other) throw new Error("No member is left");
      for (const [at, door] of doors.entries()) {
        if (at === index) door.silence();
        else door.silenceThose(`X-Server-From: ${id}`);
      }
      const cutAt = performance.now();
      await write(other, `${ROOT}/after-${index}`, "1");
      const wroteAt = performance.now();
      const times = await Promise.all(
        worlds.map(async (world) => {
          await eventually("the change", () => world.latest?.entries.get(`${ROOT}/after-${index}`) === "1", 30_000);
          return Math.round(performance.now() - wroteAt);
        }),
      );
      process.stdout.write(
        `    member ${index} cut off, written ${Math.round(wroteAt - cutAt)} ms later, seen after ${times.join(", ")} ms\n`,
      );
      expect(Math.max(...times)).toBeLessThan(6_000);
      for (const door of doors) door.heal();
      await member.answers();
    }
  },
);
