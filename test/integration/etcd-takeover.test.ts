import { describe, expect, test } from "vitest";
import type { SessionOptions } from "../../src/ports.js";
import { EtcdWorld, ROOT } from "../support/etcd-world.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { FakeDocker, idOf } from "../support/fake-docker.js";
import { Hecd } from "../support/hecd.js";
import { matched, required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";

const holder = { hostname: "test", pid: 1, since: "2026-01-02T03:04:05Z" };
const options = (agent: string, ttlSeconds: number): SessionOptions => ({ hostId: "h", agent, holder, ttlSeconds });

/** Every lease that etcd has. */
async function leases(etcd: TestEtcd): Promise<readonly string[]> {
  const [, ...lines] = (await etcd.ctl("lease", "list")).trim().split("\n");
  return lines.map((lease) => lease.replace(/^0+/, ""));
}

describe("an agent that is killed and started anew with other flags", () => {
  test("has its keys in the new layouts and on a lease of the new life, those that stay absent for no moment", async () => {
    await using etcd = await startEtcd();
    await using docker = await FakeDocker.start();
    await using folder = await tempDir();
    const container = { name: "one", status: "running", startedAt: "2026-01-02T03:04:05Z", hostPort: 32_001 } as const;
    docker.containers.set(idOf(1), { ...container, labels: { "hecd.service": "web" } });
    const start = (layout: string, ttl: string) =>
      new Hecd([
        ...["agent", "--docker", docker.url, "--host-id", "host1", "--advertise", "192.0.2.1", "--probe", "off"],
        ...["--etcd", etcd.endpoint, "--listen", "off", "--state-dir", folder.path, "--layout", layout, "--ttl", ttl],
      ]);
    await using first = start("simple,registrator", "10s");
    const keysOf = async (): Promise<readonly string[]> => {
      const all = await Promise.all(["/app", "/services", "/hecd/v1/services"].map((prefix) => etcd.keys(prefix)));
      return all.flatMap((keys) => [...keys.keys()]);
    };
    const [simple, registrator, record] = [/^\/app\/web\//, /^\/services\/web\//, /^\/hecd\/v1\/services\/web\//];
    const hold = (...layouts: readonly RegExp[]) =>
      eventually(
        `the keys of ${layouts.join(" and ")}`,
        async () => {
          const keys = await keysOf();
          return keys.length === layouts.length && layouts.every((layout) => keys.some((key) => layout.test(key)));
        },
        15_000,
      );
    await hold(simple, registrator);
    const [before] = await leases(etcd);
    first.signal("SIGKILL");
    await first.ended();

    await using world = await EtcdWorld.open({ endpoints: [etcd.endpoint] }, undefined, ["/app"]);
    const sizes = new Set<number>();
    const watching = (async () => {
      for await (const { entries } of world.store.watch(["/app"], world.signal)) sizes.add(entries.size);
    })().catch(() => undefined);
    await eventually("the watch to begin", () => sizes.size > 0);
    await using second = start("simple,json", "20s");
    await hold(simple, record);
    const [lease = "", ...others] = await leases(etcd);
    expect(others).toEqual([]);
    expect(lease).not.toBe(before);
    const alive = await etcd.ctl("lease", "timetolive", "--keys", lease);
    expect(alive).toContain("TTL(20s)");
    for (const key of await keysOf()) expect(alive).toContain(key);
    expect([...sizes]).toEqual([1]);
    expect(second.log).not.toMatch(/"level":(40|50)/);
    await world[Symbol.asyncDispose]();
    await watching;
  });
});

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
