import { describe, expect, test } from "vitest";
import { parseClaim } from "../../../src/core/registry/claim.js";
import type { Transaction } from "../../../src/core/registry/plan.js";
import { held } from "../../support/scripted-etcd-calls.js";
import { type ScriptedEtcdWorld, SCRIPTED_CLAIM, openScriptedSession } from "../../support/scripted-etcd-world.js";

const put = (key: string, value: string): Transaction[number] => ({ kind: "put", key, value });

describe("a session in etcd", () => {
  test("keeps its keys alive for ever, and tells of each renewal", async () => {
    const { session, clock, signal, entries, kinds } = await openScriptedSession();
    await session.apply([[put("/a/x", "1")]], signal);
    await clock.advance(120_000);
    expect(entries()).toEqual({ "/a/x": "1" });
    expect(session.lost.aborted).toBe(false);
    expect(kinds().filter((kind) => kind === "lease-renewed")).toHaveLength(24);
  });

  test("is lost, with its keys gone, when etcd has been away for the life of its lease", async () => {
    const { session, clock, etcd, signal, entries, kinds } = await openScriptedSession();
    await session.apply([[put("/a/x", "1")]], signal);
    etcd.become("silent");
    await clock.advance(14_999);
    expect(session.lost.aborted).toBe(false);
    await clock.advance(1);
    expect(session.lost.reason).toMatchObject({ fault: { code: "session-lost" } });
    expect(entries()).toEqual({});
    expect(kinds().filter((kind) => kind === "session-lost")).toHaveLength(1);
  });

  test("is lost at the next renewal where etcd was restored to what it was before its last write", async () => {
    const { session, clock, etcd, signal } = await openScriptedSession();
    await clock.advance(5_000);
    const { revision } = etcd;
    await session.apply([[put("/a/x", "1")]], signal);
    etcd.restore(revision);
    await clock.advance(5_000);
    const reason = "etcd was restored to an earlier state";
    expect(session.lost.reason).toMatchObject({ fault: { code: "session-lost", reason } });
  });

  test("is lost at the next renewal when its lease was ended", async () => {
    const { session, clock, etcd, lease } = await openScriptedSession();
    etcd.endLease(lease);
    await clock.advance(5_000);
    expect(session.lost.reason).toMatchObject({ fault: { code: "session-lost", reason: "etcd says that it is gone" } });
  });
});

describe("the audit of a session", () => {
  test("finds what somebody has deleted or replaced, and what hangs on the lease besides", async () => {
    const { session, etcd, signal, lease } = await openScriptedSession();
    await session.apply([[put("/a/x", "1"), put("/a/y", "1"), put("/a/z", "1")]], signal);
    etcd.delete("/a/x");
    etcd.put("/a/y", "theirs");
    etcd.put("/a/more", "1", lease);
    await session.audit(signal);
    expect(Object.fromEntries(session.held)).toEqual({ "/a/z": "1", "/a/more": "1" });
  });

  test("reads more keys than fit in one request", async () => {
    const { session, etcd, signal } = await openScriptedSession();
    await session.apply([Array.from({ length: 250 }, (_, n) => put(`/a/${n}`, "1"))], signal);
    etcd.delete("/a/249");
    await session.audit(signal);
    expect(session.held.size).toBe(249);
  });

  test.each([
    [
      "its lease is gone",
      "etcd says that it is gone",
      (etcd: ScriptedEtcdWorld["etcd"], lease: string) => {
        etcd.endLease(lease);
      },
    ],
    [
      "its claim was deleted",
      "the claim of this host was taken away",
      (etcd: ScriptedEtcdWorld["etcd"]) => {
        etcd.delete(SCRIPTED_CLAIM);
      },
    ],
  ])("loses the session when %s", async (_, reason, happens) => {
    const { session, etcd, signal, lease } = await openScriptedSession();
    happens(etcd, lease);
    await expect(session.audit(signal)).rejects.toMatchObject({ fault: { code: "session-lost", reason } });
    expect(session.lost.aborted).toBe(true);
  });
});

describe("the end of a session", () => {
  test("by release leaves its keys to the lease and marks the claim", async () => {
    const { session, etcd, signal, clock, entries } = await openScriptedSession();
    await session.apply([[put("/a/x", "1")]], signal);
    await session.close("release", signal);
    expect(parseClaim(etcd.entries[SCRIPTED_CLAIM] ?? "")).toMatchObject({ agent: "agent-1", released: true });
    expect(entries()).toEqual({ "/a/x": "1" });
    await clock.advance(15_000);
    expect(entries()).toEqual({});
    expect([clock.pending, etcd.openStreams]).toEqual([0, 0]);
  });

  test("by revoke removes everything at once", async () => {
    const { session, etcd, signal, clock } = await openScriptedSession();
    await session.apply([[put("/a/x", "1")]], signal);
    await session.close("revoke", signal);
    expect(etcd.entries).toEqual({});
    expect(clock.pending).toBe(0);
  });

  test("by release leaves a claim alone that has gone to somebody else", async () => {
    const { session, etcd, signal } = await openScriptedSession();
    etcd.put(SCRIPTED_CLAIM, "theirs");
    await session.close("release", signal);
    expect(etcd.entries).toEqual({ [SCRIPTED_CLAIM]: "theirs" });
  });

  test.each(["release", "revoke"] as const)(
    "by %s takes two seconds at most when etcd does not answer",
    async (how) => {
      const { session, etcd, signal, clock } = await openScriptedSession();
      etcd.script(how === "release" ? "txn" : "revokeLease", held().outcome);
      let isClosed = false;
      const closing = session.close(how, signal).then(() => {
        isClosed = true;
      });
      await clock.advance(1_999);
      expect(isClosed).toBe(false);
      await clock.advance(1);
      await closing;
      expect(clock.pending).toBe(0);
    },
  );

  test.each(["release", "revoke"] as const)(
    "by %s is tried once, and leaves it to the lease when etcd is away",
    async (how) => {
      const { session, etcd, signal, clock } = await openScriptedSession();
      etcd.become("refusing");
      await session.close(how, signal);
      expect(clock.pending).toBe(0);
      expect(session.lost.aborted).toBe(false);
      await clock.advance(15_000);
      expect(etcd.entries).toEqual({});
    },
  );

  test("of one that is lost asks etcd for nothing", async () => {
    const { session, etcd, signal, clock, lease } = await openScriptedSession();
    etcd.endLease(lease);
    await clock.advance(5_000);
    const before = etcd.calls.length;
    await session.close("revoke", signal);
    expect(etcd.calls).toHaveLength(before);
  });
});
