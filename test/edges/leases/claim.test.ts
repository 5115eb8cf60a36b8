import { describe, expect, test } from "vitest";
import { formatClaim, parseClaim } from "../../../src/core/registry/claim.js";
import { type Claimed, claimHost } from "../../../src/edges/leases/claim.js";
import { formatLease } from "../../../src/edges/etcd/lease-id.js";
import type { SessionOptions } from "../../../src/ports.js";
import { settled } from "../../support/manual-clock.js";
import { losesAnswer } from "../../support/scripted-etcd-calls.js";
import {
  SCRIPTED_AGENT,
  SCRIPTED_CLAIM,
  type ScriptedEtcdWorld,
  scriptedEtcdWorld,
} from "../../support/scripted-etcd-world.js";

const ANOTHER = { hostname: "there", pid: 9, since: "2026-01-01T00:00:00Z" };

interface Attempt {
  readonly settled: () => boolean;
  readonly outcome: Promise<Claimed>;
}

function claim(world: ScriptedEtcdWorld, over: Partial<SessionOptions> = {}, previous?: string): Attempt {
  let isSettled = false;
  const outcome = claimHost(world.leases, { ...SCRIPTED_AGENT, ...over }, previous, world.signal);
  const note = (): void => {
    isSettled = true;
  };
  outcome.then(note, note);
  return { outcome, settled: () => isSettled };
}

/** Writes a claim as another process would; on a lease of its own unless told otherwise. */
function claimedBy(
  { etcd }: ScriptedEtcdWorld,
  over: { readonly agent?: string; readonly released?: boolean; readonly lease?: string } = {},
): string {
  const { agent = "agent-2", released = false, lease = etcd.lease(15) } = over;
  const text = formatClaim({ host: "host-1", agent, lease: formatLease(lease), released, holder: ANOTHER });
  etcd.put(SCRIPTED_CLAIM, text, lease);
  return lease;
}

/** Whom others see as the holder. */
const holder = ({ etcd }: ScriptedEtcdWorld): string | undefined =>
  parseClaim(etcd.entries[SCRIPTED_CLAIM] ?? "")?.agent;

describe("the claim of a host", () => {
  test("that is free is ours at once, on a new lease that it names", async () => {
    const world = scriptedEtcdWorld();
    const { lease, adopted } = await claim(world).outcome;
    expect(adopted).toBe(false);
    expect(lease.ttlSeconds).toBe(15);
    expect(world.etcd.leaseOf(SCRIPTED_CLAIM)).toBe(lease.id);
    expect(parseClaim(world.etcd.entries[SCRIPTED_CLAIM] ?? "")).toMatchObject({
      agent: "agent-1",
      lease: formatLease(lease.id),
      released: false,
    });
  });

  test("that a living agent holds stays with it, however long we wait, and that is told", async () => {
    const world = scriptedEtcdWorld();
    const lease = claimedBy(world);
    const attempt = claim(world);
    for (let seconds = 0; seconds < 60; seconds += 5) {
      await world.clock.advance(5_000);
      world.etcd.renewLease(lease);
    }
    expect(attempt.settled()).toBe(false);
    expect(holder(world)).toBe("agent-2");
    const held = world.told.filter(({ kind }) => kind === "claim-held");
    expect(held[0]).toMatchObject({
      key: SCRIPTED_CLAIM,
      holder: "process 9 on there since 2026-01-01T00:00:00Z",
      lastedMs: 0,
    });
    expect(held.length).toBeLessThan(5);
  });

  test("that a dead agent held is ours within a second of the end of its lease", async () => {
    const world = scriptedEtcdWorld();
    const old = claimedBy(world);
    const attempt = claim(world);
    await world.clock.advance(14_000);
    expect(attempt.settled()).toBe(false);
    await world.clock.advance(2_000);
    const { lease, adopted } = await attempt.outcome;
    expect([adopted, lease.id === old]).toEqual([false, false]);
    expect(holder(world)).toBe("agent-1");
  });

  test("that was released is taken over with its lease and all that hangs on it", async () => {
    const world = scriptedEtcdWorld();
    const old = claimedBy(world, { released: true });
    world.etcd.put("/services/web/1", "10.0.0.1:80", old);
    const { lease, adopted } = await claim(world).outcome;
    expect([adopted, lease.id]).toEqual([true, old]);
    expect(world.etcd.leaseOf("/services/web/1")).toBe(old);
    expect(holder(world)).toBe("agent-1");
  });

  test("that is of an earlier process of this agent is taken over at once, while its lease lives", async () => {
    const world = scriptedEtcdWorld();
    const old = claimedBy(world, { agent: "agent-1" });
    const { lease, adopted } = await claim(world).outcome;
    expect([adopted, lease.id]).toEqual([true, old]);
  });

  test("is taken over on a lease of the life that is wanted now, and no key is absent meanwhile", async () => {
    const world = scriptedEtcdWorld();
    const old = claimedBy(world, { released: true });
    for (let n = 0; n < 150; n++) world.etcd.put(`/services/web/${n}`, "10.0.0.1:80", old);
    const before = Object.keys(world.etcd.entries).length;
    const { lease, adopted } = await claim(world, { ttlSeconds: 60 }).outcome;
    expect([adopted, lease.ttlSeconds]).toEqual([true, 60]);
    expect(world.etcd.liveLeases).toEqual([lease.id]);
    expect(Object.keys(world.etcd.entries)).toHaveLength(before);
    expect(world.etcd.leaseOf("/services/web/149")).toBe(lease.id);
    expect(parseClaim(world.etcd.entries[SCRIPTED_CLAIM] ?? "")?.lease).toBe(formatLease(lease.id));
  });

  test("keeps its lease where etcd grants no shorter life than it has", async () => {
    const world = scriptedEtcdWorld();
    const old = claimedBy(world, { released: true });
    world.etcd.leastTtl = 15;
    const { lease } = await claim(world, { ttlSeconds: 2 }).outcome;
    expect(lease.id).toBe(old);
    expect(world.etcd.liveLeases).toEqual([old]);
  });

  test("that somebody has deleted is ours again, on the lease that this process had", async () => {
    const world = scriptedEtcdWorld();
    const previous = world.etcd.lease(15);
    world.etcd.put("/services/web/1", "10.0.0.1:80", previous);
    const { lease, adopted } = await claim(world, {}, previous).outcome;
    expect([adopted, lease.id]).toEqual([true, previous]);
  });

  test("that this process had, and a later process of its name has now, is waited for", async () => {
    const world = scriptedEtcdWorld();
    claimedBy(world, { agent: "agent-1" });
    const attempt = claim(world, {}, "4711");
    await world.clock.advance(5_000);
    expect(attempt.settled()).toBe(false);
    expect(world.told.map(({ kind }) => kind)).toContain("claim-held");
  });

  test("goes to one of two that ask at the same time, and the other leaves no lease behind", async () => {
    const world = scriptedEtcdWorld();
    const one = claim(world);
    const two = claim(world, { agent: "agent-2", holder: ANOTHER });
    await settled();
    expect([one.settled(), two.settled()].sort()).toEqual([false, true]);
    expect(world.etcd.liveLeases).toHaveLength(1);
    expect(holder(world)).toBe(one.settled() ? "agent-1" : "agent-2");
  });

  test("is ours although the answer that says so was lost, with one lease and no more", async () => {
    const world = scriptedEtcdWorld();
    world.etcd.script("txn", losesAnswer);
    const attempt = claim(world);
    await world.clock.advance(3_000);
    const { lease } = await attempt.outcome;
    expect(world.etcd.leaseOf(SCRIPTED_CLAIM)).toBe(lease.id);
    expect(world.etcd.liveLeases).toEqual([lease.id]);
  });

  test("is waited for while etcd is away", async () => {
    const world = scriptedEtcdWorld();
    world.etcd.become("refusing");
    const attempt = claim(world);
    await world.clock.advance(60_000);
    expect(attempt.settled()).toBe(false);
    world.etcd.become("well");
    await world.clock.advance(1_000);
    expect((await attempt.outcome).adopted).toBe(false);
  });
});

describe("the claim of a host that is to fail when it is held", () => {
  test("fails once the holder has outlived twice the life of its lease", async () => {
    const world = scriptedEtcdWorld();
    const lease = claimedBy(world);
    const attempt = claim(world, { onHeld: "fail" });
    for (let seconds = 0; seconds < 30; seconds += 5) {
      await world.clock.advance(5_000);
      expect(attempt.settled(), `after ${seconds + 5} s`).toBe(false);
      world.etcd.renewLease(lease);
    }
    await world.clock.advance(2_000);
    await expect(attempt.outcome).rejects.toMatchObject({ fault: { code: "host-held", what: SCRIPTED_CLAIM } });
    expect(holder(world)).toBe("agent-2");
  });

  test("fails at once where the claim hangs on no lease, since nothing will end it", async () => {
    const world = scriptedEtcdWorld();
    claimedBy(world, { lease: "0" });
    await expect(claim(world, { onHeld: "fail" }).outcome).rejects.toMatchObject({ fault: { code: "host-held" } });
  });

  test("is ours when the holder turns out to be dead", async () => {
    const world = scriptedEtcdWorld();
    claimedBy(world);
    const attempt = claim(world, { onHeld: "fail" });
    await world.clock.advance(16_000);
    expect((await attempt.outcome).adopted).toBe(false);
  });
});

test("the claim of a host that is called off leaves neither claim nor lease nor timer", async () => {
  const world = scriptedEtcdWorld();
  const ending = new AbortController();
  const reason = new Error("called off");
  claimedBy(world);
  const end = claimHost(world.leases, SCRIPTED_AGENT, undefined, ending.signal).catch((error: unknown) => error);
  await world.clock.advance(1_500);
  ending.abort(reason);
  expect(await end).toBe(reason);
  expect([world.clock.pending, world.etcd.liveLeases.length, holder(world)]).toEqual([0, 1, "agent-2"]);
});
