import { describe, expect, test } from "vitest";
import { type Informing, informing } from "../../../src/edges/systemd/informing.js";
import type { ServiceManager } from "../../../src/edges/systemd/service-manager.js";
import { eventually } from "../../support/eventually.js";
import { ManualClock } from "../../support/manual-clock.js";

/** A daemon that informs a systemd which writes down all that it is told. */
function daemon(what: Partial<Informing> = {}, failure?: string) {
  const clock = new ManualClock();
  const told: string[] = [];
  const failures: string[] = [];
  const manager: ServiceManager = {
    watchdogMs: undefined,
    tell: (lines) => {
      told.push(...lines);
      return Promise.resolve(failure);
    },
  };
  const condition = { isReady: false, line: "Waiting for etcd" };
  const stop = new AbortController();
  const running = informing(
    manager,
    {
      isReady: () => condition.isReady,
      statusLine: () => condition.line,
      beatMs: undefined,
      onFailure: (reason) => failures.push(reason),
      ...what,
    },
    clock,
  )
    .run(stop.signal)
    .catch(() => undefined);
  return {
    clock,
    told,
    failures,
    condition,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

describe("systemd", () => {
  test("hears that a daemon is ready when it is and no sooner, and once", async () => {
    await using one = daemon();
    await one.clock.advance(60_000);
    expect(one.told).toEqual(["STATUS=Waiting for etcd"]);
    Object.assign(one.condition, { isReady: true, line: "Ready: 3 keys" });
    await one.clock.advance(100);
    Object.assign(one.condition, { isReady: false, line: "Waiting for etcd" });
    await one.clock.advance(10_000);
    Object.assign(one.condition, { isReady: true, line: "Ready: 3 keys" });
    await one.clock.advance(1_000);
    expect(one.told).toEqual([
      "STATUS=Waiting for etcd",
      "READY=1",
      "STATUS=Ready: 3 keys",
      "STATUS=Waiting for etcd",
      "STATUS=Ready: 3 keys",
    ]);
  });

  test("hears so after a while all the same, where confd is started by units that give it a minute", async () => {
    await using one = daemon({ readyWithinMs: 10_000 });
    await one.clock.advance(9_900);
    expect(one.told).not.toContain("READY=1");
    await one.clock.advance(200);
    expect(one.told).toContain("READY=1");
  });

  test("hears that the loop turns, also while the daemon waits", async () => {
    await using one = daemon({ beatMs: 10_000 });
    await one.clock.advance(35_000);
    expect(one.told.filter((line) => line === "WATCHDOG=1")).toHaveLength(3);
  });

  test("takes no word from the names that a line has", async () => {
    await using one = daemon({ statusLine: () => `Ready: a\nWATCHDOG=trigger\r${"b".repeat(400)}` });
    await eventually("a line", () => one.told.length > 0);
    expect(one.told).toEqual([`STATUS=Ready: a WATCHDOG=trigger ${"b".repeat(271)}...`]);
  });

  test("that cannot be told is complained about once", async () => {
    await using one = daemon({ beatMs: 1_000 }, "no such socket");
    await one.clock.advance(20_000);
    expect(one.failures).toEqual(["no such socket"]);
  });
});
