import { describe, expect, test } from "vitest";
import { formatLease } from "../../../src/edges/etcd/lease-id.js";
import { grantLease, renewLease } from "../../../src/edges/etcd/lease.js";
import { keepLease } from "../../../src/edges/leases/keep-lease.js";
import { settled } from "../../support/manual-clock.js";
import { fails } from "../../support/scripted-etcd-calls.js";
import { type ScriptedEtcdWorld, scriptedEtcdWorld } from "../../support/scripted-etcd-world.js";

interface Kept extends ScriptedEtcdWorld {
  readonly id: string;
  /** When the lease was renewed. */
  readonly renewals: number[];
  /** Why the lease was lost; undefined while it is kept. */
  readonly lost: () => string | undefined;
  readonly end: Promise<unknown>;
}

/** A lease that is being kept. */
async function kept(ttlSeconds = 15): Promise<Kept> {
  const world = scriptedEtcdWorld();
  const lease = await grantLease(world.requests, ttlSeconds, world.signal);
  const renewals: number[] = [];
  let lost: string | undefined;
  const keeping = keepLease(
    world.leases,
    lease,
    { emit: () => renewals.push(world.clock.now()), key: "/claim", reached: { position: 0n } },
    world.signal,
  );
  const end = keeping.then(
    (why) => (lost = why),
    (error: unknown) => error,
  );
  return { ...world, id: lease.id, renewals, lost: () => lost, end };
}

describe("a lease", () => {
  test("has the life that etcd grants, which may be longer than was asked for", async () => {
    const { requests, etcd, signal } = scriptedEtcdWorld();
    etcd.leastTtl = 8;
    expect((await grantLease(requests, 1, signal)).ttlSeconds).toBe(8);
    expect((await grantLease(requests, 15, signal)).ttlSeconds).toBe(15);
  });

  test("counts from when it was asked for, not from the answer, and from the attempt that was answered", async () => {
    const { requests, etcd, clock, signal } = scriptedEtcdWorld();
    etcd.become("silent");
    const granting = grantLease(requests, 15, signal);
    await clock.advance(1_999);
    etcd.become("well");
    await clock.advance(1);
    expect(await granting).toMatchObject({ renewedAt: 2_000 });
  });

  test("that is gone cannot be renewed, and etcd's word for that is no outage", async () => {
    const { requests, etcd, told, signal } = scriptedEtcdWorld();
    const { id } = await grantLease(requests, 15, signal);
    expect(await renewLease(requests, id, 2_000, signal)).toMatchObject({ id, ttlSeconds: 15 });
    etcd.endLease(id);
    expect(await renewLease(requests, id, 2_000, signal)).toBeUndefined();
    expect(told.map(({ kind }) => kind)).toEqual(["store-connected"]);
  });

  test("is named as etcd's own tools name it", () => {
    expect(formatLease("7587862094137468000")).toBe("694d805f55b72460");
  });
});

describe("a lease that is kept", () => {
  test("is renewed at every third of its life, and lives on for ever", async () => {
    const { clock, renewals, etcd, id, lost } = await kept();
    await clock.advance(300_000);
    expect(renewals.slice(0, 3)).toEqual([5_000, 10_000, 15_000]);
    expect(renewals).toHaveLength(60);
    expect(lost()).toBeUndefined();
    expect(etcd.liveLeases).toEqual([id]);
  });

  test("outlives an outage that is shorter than its life, and is renewed soon after it", async () => {
    const { clock, renewals, etcd, lost } = await kept();
    await clock.advance(5_000);
    etcd.become("refusing");
    await clock.advance(13_000);
    etcd.become("well");
    await clock.advance(2_000);
    expect(lost()).toBeUndefined();
    expect(renewals).toHaveLength(2);
    expect(renewals[1]).toBeLessThanOrEqual(20_000);
  });

  test.each(["refusing", "silent"] as const)(
    "is lost when etcd has been %s for its whole life since the last renewal, and not earlier",
    async (reach) => {
      const { clock, etcd, lost } = await kept();
      await clock.advance(5_000);
      etcd.become(reach);
      await clock.advance(14_999);
      expect(lost()).toBeUndefined();
      await clock.advance(1);
      expect(lost()).toBe("it could not be renewed for 15 s");
    },
  );

  test("is lost with the next renewal when an operator has ended it", async () => {
    const { clock, etcd, id, lost } = await kept();
    etcd.endLease(id);
    await clock.advance(4_999);
    expect(lost()).toBeUndefined();
    await clock.advance(1);
    expect(lost()).toBe("etcd says that it is gone");
  });

  test("is lost with the next renewal when etcd was restored: what hangs on it is of the past", async () => {
    const { clock, etcd, lost } = await kept();
    const { revision } = etcd;
    etcd.put("/later", "1");
    await clock.advance(5_000);
    expect(lost()).toBeUndefined();
    etcd.restore(revision);
    await clock.advance(5_000);
    expect(lost()).toBe("etcd was restored to an earlier state");
  });

  test("is kept where only the member that renews it is behind", async () => {
    const { clock, etcd, renewals, lost } = await kept();
    etcd.put("/later", "1");
    await clock.advance(5_000);
    etcd.lag = 1n;
    await clock.advance(20_000);
    expect(lost()).toBeUndefined();
    expect(renewals).toHaveLength(5);
  });

  test("is lost with a later renewal where etcd was restored and could not be asked at first", async () => {
    const { clock, etcd, lost } = await kept();
    const { revision } = etcd;
    etcd.put("/later", "1");
    await clock.advance(5_000);
    etcd.restore(revision);
    etcd.script("txn", fails("14 UNAVAILABLE: Connection dropped"));
    await clock.advance(5_000);
    expect(lost()).toBeUndefined();
    await clock.advance(5_000);
    expect(lost()).toBe("etcd was restored to an earlier state");
  });

  test("is renewed every five seconds, however long it lives", async () => {
    const { clock, renewals } = await kept(60);
    await clock.advance(20_000);
    expect(renewals).toEqual([5_000, 10_000, 15_000, 20_000]);
  });

  test("is lost when the program stood still for longer than its life", async () => {
    const { clock, lost } = await kept();
    await clock.stall(60_000);
    await clock.advance(0);
    expect(lost()).toBeDefined();
  });

  test("takes a new stream for each attempt, and leaves none open", async () => {
    const { clock, etcd, renewals } = await kept();
    etcd.script("openKeepAlive", fails("14 UNAVAILABLE: Connection dropped"), fails("14 UNAVAILABLE: no leader"));
    await clock.advance(10_000);
    expect(renewals.length).toBeGreaterThanOrEqual(1);
    expect(etcd.calls.filter((call) => call === "openKeepAlive")).toHaveLength(renewals.length + 2);
    expect(etcd.openStreams).toBe(0);
  });

  test("is no longer kept when that is called off, with no timer left", async () => {
    const world = scriptedEtcdWorld();
    const lease = await grantLease(world.requests, 15, world.signal);
    const ending = new AbortController();
    const reason = new Error("called off");
    const at = { emit: () => undefined, key: "/claim", reached: { position: 0n } };
    const end = keepLease(world.leases, lease, at, ending.signal).catch((error: unknown) => error);
    await world.clock.advance(4_000);
    world.etcd.become("silent");
    await world.clock.advance(2_000); // in the middle of a renewal
    ending.abort(reason);
    expect(await end).toBe(reason);
    await settled();
    expect([world.clock.pending, world.etcd.openStreams]).toEqual([0, 0]);
  });
});
