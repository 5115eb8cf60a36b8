import { describe, expect, test } from "vitest";
import { openScriptedSession } from "../../support/scripted-etcd-world.js";

describe("requests to etcd", () => {
  test("go over new connections when a member answers there and the old ones have been silent for five seconds", async () => {
    const { session, etcd, signal, clock, entries, kinds } = await openScriptedSession();
    etcd.become("silent");
    etcd.answersProbes = true;
    const applying = session.apply([[{ kind: "put", key: "/a/x", value: "1" }]], signal);
    await clock.advance(6_000);
    expect(etcd.redials).toBe(0);
    await clock.advance(6_000);
    expect(etcd.redials).toBe(1);
    await applying;
    expect(entries()).toEqual({ "/a/x": "1" });
    expect(kinds()).toContain("store-connected");
  });

  test("stay on the old connections while no member answers on new ones either", async () => {
    const { etcd, clock } = await openScriptedSession();
    etcd.become("refusing");
    await clock.advance(14_000);
    expect(etcd.redials).toBe(0);
  });
});
