import { describe, expect, test } from "vitest";
import type { SessionOptions } from "../../src/ports.js";
import { EtcdWorld, ROOT } from "../support/etcd-world.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { matched, required } from "../support/required.js";

const holder = { hostname: "test", pid: 1, since: "2026-01-02T03:04:05Z" };
const options = (agent: string, ttlSeconds: number): SessionOptions => ({ hostId: "h", agent, holder, ttlSeconds });

/** Every lease that etcd has. */
async function leases(etcd: TestEtcd): Promise<readonly string[]> {
  const [, ...lines] = (await etcd.ctl("lease", "list")).trim().split("\n");
  return lines.map((lease) => lease.replace(/^0+/, ""));
}

describe("a session that takes over what an earlier one has left", () => {
  test.each([3, 250])("gives its %d keys the life that is wanted now, none absent for a moment", async (count) => {
    await using etcd = await startEtcd();
    await using world = await EtcdWorld.open({ endpoints: [etcd.endpoint] });
    const first = await world.store.openSession(options("first", 10), world.signal);
    const writes = Array.from({ length: count }, (_, n) => ({
      kind: "put" as const,
      key: `${ROOT}/k/${n}`,
      value: String(n),
    }));
    await first.apply([writes], world.signal);
    const before = await etcd.keys(ROOT);
    await first.close("release", world.signal);

    const sizes = new Set<number>();
    const watching = (async () => {
      for await (const { entries } of world.store.watch([ROOT], world.signal)) sizes.add(entries.size);
    })().catch(() => undefined);
    await eventually("the watch to begin", () => sizes.size > 0);
    const second = await world.store.openSession(options("second", 20), world.signal);
    expect([...second.held].sort()).toEqual([...before].sort());
    const opened = world.events("session-opened").at(-1);
    expect(opened).toMatchObject({ ttlSeconds: 20, adopted: true });
    expect(await leases(etcd)).toEqual([opened?.lease]);
    const alive = await etcd.ctl("lease", "timetolive", "--keys", required(opened?.lease, "lease"));
    const keys = matched(/attached keys\(\[(.*)\]\)/, alive, "keys").split(" ");
    expect([alive.includes("TTL(20s)"), keys.length]).toEqual([true, count + 1]);
    expect(await etcd.keys(ROOT)).toEqual(before);

    await second.apply([[{ kind: "put", key: `${ROOT}/k/0`, value: "new" }]], world.signal);
    await world.agrees(etcd, 2_000);
    expect([...sizes]).toEqual([count]);
    await world[Symbol.asyncDispose]();
    await watching;
  });

  test("writes nothing but the claim when the life is the same", async () => {
    await using etcd = await startEtcd();
    await using world = await EtcdWorld.open({ endpoints: [etcd.endpoint] });
    const first = await world.store.openSession(options("first", 10), world.signal);
    await first.apply([[{ kind: "put", key: `${ROOT}/a`, value: "1" }]], world.signal);
    await first.close("release", world.signal);
    const before = await etcd.revision();
    await world.store.openSession(options("second", 10), world.signal);
    expect(await etcd.revision()).toBe(before + 1);
    expect(await leases(etcd)).toHaveLength(1);
  });

  test("keeps the lease where etcd gives it the same life whatever is asked", async () => {
    await using etcd = await startEtcd({ args: ["--election-timeout", "4000"] });
    await using world = await EtcdWorld.open({ endpoints: [etcd.endpoint] });
    const first = await world.store.openSession(options("first", 1), world.signal);
    await first.apply([[{ kind: "put", key: `${ROOT}/a`, value: "1" }]], world.signal);
    await first.close("release", world.signal);
    const before = await etcd.revision();
    await world.store.openSession(options("second", 2), world.signal);
    expect(await etcd.revision()).toBe(before + 1);
    expect(await leases(etcd)).toHaveLength(1);
  });
});
