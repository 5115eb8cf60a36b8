import { describe, expect, test } from "vitest";
import { formatClaim } from "../../../src/core/registry/claim.js";
import type { Write } from "../../../src/core/registry/plan.js";
import { formatLease } from "../../../src/edges/etcd/lease-id.js";
import { settled } from "../../support/manual-clock.js";
import { fails, held, losesAnswer } from "../../support/scripted-etcd-calls.js";
import { SCRIPTED_CLAIM, openScriptedSession } from "../../support/scripted-etcd-world.js";

const put = (key: string, value: string, over?: string): Write => ({
  kind: "put",
  key,
  value,
  ...(over === undefined ? {} : { over }),
});
const FULL = "8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded";
const del = (key: string): Write => ({ kind: "delete", key });

describe("transactions of a session", () => {
  test("put and delete its keys on its lease, and bring `held` up to date", async () => {
    const { session, etcd, signal, lease, entries } = await openScriptedSession();
    expect(await session.apply([[put("/a/x", "1"), put("/a/y", "1")], [put("/a/z", "1")]], signal)).toEqual([]);
    expect(await session.apply([[put("/a/x", "2"), del("/a/y")]], signal)).toEqual([]);
    expect(entries()).toEqual({ "/a/x": "2", "/a/z": "1" });
    expect(Object.fromEntries(session.held)).toEqual({ "/a/x": "2", "/a/z": "1" });
    expect(etcd.leaseOf("/a/x")).toBe(lease);
  });

  test("leave foreign keys as they are, carry out the rest, and return the conflicts", async () => {
    const { session, etcd, signal, entries } = await openScriptedSession();
    const foreign = etcd.lease(60);
    etcd.put("/a/x", "theirs", foreign);
    etcd.put("/a/y", "same");
    const version = String(etcd.revision);
    const conflicts = await session.apply([[put("/a/x", "ours"), put("/a/y", "same"), put("/a/z", "ours")]], signal);
    expect(conflicts).toEqual([
      { key: "/a/x", held: "theirs", agrees: false, leased: true, version: String(BigInt(version) - 1n) },
      { key: "/a/y", held: "same", agrees: true, leased: false, version },
    ]);
    expect(entries()).toEqual({ "/a/x": "theirs", "/a/y": "same", "/a/z": "ours" });
    expect([...session.held.keys()]).toEqual(["/a/z"]);
  });

  test("leave a foreign key that was to be deleted alone without a word", async () => {
    const { session, etcd, signal, entries } = await openScriptedSession();
    etcd.put("/a/x", "theirs");
    expect(await session.apply([[del("/a/x")]], signal)).toEqual([]);
    expect(entries()).toEqual({ "/a/x": "theirs" });
  });

  test("write over the very state of a leaseless key that they name, and over no other", async () => {
    const { session, etcd, signal, entries } = await openScriptedSession();
    etcd.put("/a/x", "theirs");
    const seen = String(etcd.revision);
    etcd.put("/a/y", "theirs");
    const older = String(etcd.revision);
    etcd.put("/a/y", "newer");
    const conflicts = await session.apply([[put("/a/x", "ours", seen), put("/a/y", "ours", older)]], signal);
    expect(conflicts).toMatchObject([{ key: "/a/y", held: "newer" }]);
    expect(entries()).toEqual({ "/a/x": "ours", "/a/y": "newer" });
  });

  test("put a key again that somebody has deleted or replaced behind our back only where it is free", async () => {
    const { session, etcd, signal, entries } = await openScriptedSession();
    await session.apply([[put("/a/x", "1"), put("/a/y", "1")]], signal);
    etcd.delete("/a/x");
    etcd.put("/a/y", "theirs");
    const conflicts = await session.apply([[put("/a/x", "2"), put("/a/y", "2")]], signal);
    expect(conflicts).toMatchObject([{ key: "/a/y", held: "theirs", leased: false }]);
    expect(entries()).toEqual({ "/a/x": "2", "/a/y": "theirs" });
    expect(Object.fromEntries(session.held)).toEqual({ "/a/x": "2" });
  });

  test("too large for one request are carried out in several", async () => {
    const { session, signal, etcd, entries } = await openScriptedSession();
    const before = etcd.calls.length;
    await session.apply([Array.from({ length: 250 }, (_, n) => put(`/a/${n}`, "1"))], signal);
    expect(Object.keys(entries())).toHaveLength(250);
    expect(etcd.calls.slice(before)).toEqual(["txn", "txn", "txn"]);
  });

  test("whose answer was lost are made sure of, and nobody sees a conflict with ourselves", async () => {
    const { session, signal, etcd, clock, entries } = await openScriptedSession();
    await session.apply([[put("/a/old", "1")]], signal);
    etcd.script("txn", losesAnswer);
    const applying = session.apply([[put("/a/x", "1"), del("/a/old")]], signal);
    await clock.advance(1_000);
    expect(await applying).toEqual([]);
    expect(entries()).toEqual({ "/a/x": "1" });
    expect(Object.fromEntries(session.held)).toEqual({ "/a/x": "1" });
  });

  test("whose answer was lost find out what somebody else has done meanwhile", async () => {
    const { session, signal, etcd, clock, entries } = await openScriptedSession();
    etcd.script("txn", (carryOut) => {
      carryOut();
      etcd.put("/a/x", "theirs");
      throw new Error("14 UNAVAILABLE: Connection dropped");
    });
    const applying = session.apply([[put("/a/x", "1")]], signal);
    await clock.advance(1_000);
    expect(await applying).toMatchObject([{ key: "/a/x", held: "theirs" }]);
    expect(entries()).toEqual({ "/a/x": "theirs" });
    expect(session.held.size).toBe(0);
  });

  test("wait while etcd refuses, and tell why", async () => {
    const { session, signal, etcd, clock, told, entries } = await openScriptedSession();
    const busy = "8 RESOURCE_EXHAUSTED: etcdserver: too many requests";
    etcd.script("txn", fails(busy), fails(busy));
    const applying = session.apply([[put("/a/x", "1")]], signal);
    await clock.advance(2_000);
    await applying;
    expect(entries()).toEqual({ "/a/x": "1" });
    const reason = "etcdserver: too many requests";
    expect(told).toContainEqual(expect.objectContaining({ kind: "store-unreachable", reason }));
  });

  test("delete what is to go, and what misleads, where etcd has no space, and say what is left to be put", async () => {
    const { session, signal, etcd, told, entries, kinds } = await openScriptedSession();
    await session.apply([[put("/a/gone", "1"), put("/a/moved", "1"), put("/a/kept", "1")]], signal);
    etcd.script("txn", fails(FULL));
    const moved: Write = { kind: "put", key: "/a/moved", value: "2", elseDelete: true };
    const conflicts = await session.apply([[put("/a/new", "1"), put("/a/kept", "2"), moved, del("/a/gone")]], signal);
    expect(conflicts).toEqual([]);
    expect(entries()).toEqual({ "/a/kept": "1" });
    expect(Object.fromEntries(session.held)).toEqual({ "/a/kept": "1" });
    expect([...session.unwritten].toSorted()).toEqual(["/a/kept", "/a/moved", "/a/new"]);
    const reason = "etcdserver: mvcc: database space exceeded";
    expect(told.at(-1)).toMatchObject({ kind: "store-full", reason, lastedMs: 0 });
    expect(await session.apply([[put("/a/new", "1")]], signal)).toEqual([]);
    expect(session.unwritten.size).toBe(0);
    expect(kinds().slice(-2)).toEqual(["store-full", "store-has-space"]);
  });

  test("delete nothing of somebody else's where etcd has no space", async () => {
    const { session, signal, etcd, entries } = await openScriptedSession();
    await session.apply([[put("/a/x", "1")]], signal);
    etcd.put("/a/x", "theirs");
    etcd.script("txn", fails(FULL));
    await session.apply([[{ kind: "put", key: "/a/x", value: "2", elseDelete: true }]], signal);
    expect(entries()).toEqual({ "/a/x": "theirs" });
    expect(session.held.size).toBe(0);
  });

  test("fail with the session when its lease is gone, and write nothing", async () => {
    const { session, signal, etcd, lease, entries } = await openScriptedSession();
    etcd.endLease(lease);
    await expect(session.apply([[put("/a/x", "1")]], signal)).rejects.toMatchObject({
      fault: { code: "session-lost" },
    });
    expect(entries()).toEqual({});
  });

  test("fail with the session when the claim has gone to somebody else, and write nothing", async () => {
    const { session, signal, etcd, entries } = await openScriptedSession();
    const lease = etcd.lease(60);
    const holder = { hostname: "there", pid: 9, since: "2026-01-01T00:00:00Z" };
    const text = formatClaim({ host: "host-1", agent: "agent-2", lease: formatLease(lease), released: false, holder });
    etcd.put(SCRIPTED_CLAIM, text, lease);
    const reason = "the claim of this host was taken away";
    await expect(session.apply([[put("/a/x", "1")]], signal)).rejects.toMatchObject({
      fault: { code: "session-lost", reason },
    });
    expect(session.lost.aborted).toBe(true);
    expect(entries()).toEqual({});
  });

  test("end with the session that is lost while they wait for etcd", async () => {
    const { session, signal, etcd, clock } = await openScriptedSession();
    etcd.become("refusing");
    const applying = session.apply([[put("/a/x", "1")]], signal).catch((error: unknown) => error);
    await clock.advance(15_000);
    expect(await applying).toBe(session.lost.reason);
  });

  test("end when they are called off", async () => {
    const { session, etcd } = await openScriptedSession();
    const ending = new AbortController();
    etcd.script("txn", held().outcome);
    const applying = session.apply([[put("/a/x", "1")]], ending.signal).catch((error: unknown) => error);
    await settled();
    const reason = new Error("called off");
    ending.abort(reason);
    expect(await applying).toBe(reason);
    expect(session.lost.aborted).toBe(false);
  });
});
