import { describe, expect, test } from "vitest";
import type { HecdEvent } from "../../../src/core/events/event.js";
import type { Cause } from "../../../src/core/history/entry.js";
import type { Version } from "../../../src/core/history/versions.js";
import { snapshotOf } from "../../../src/core/model/snapshot.js";
import { FilePin } from "../../../src/renderer/history/file-pin.js";
import { ManualClock } from "../../support/manual-clock.js";
import { MemoryHistory } from "./memory-history.js";

const TEXT = "backend web\n  server a 10.0.0.1:80\n";
const VERSION: Version = {
  entry: {
    ...{ id: 7, at: "2026-11-30T00:00:00.000Z", resource: "one.toml", dest: "/one.cfg" },
    ...{ why: { kind: "resync" }, outcome: "applied", tookMs: 1 },
  },
  ...{ text: TEXT, before: "", isRefused: false, addresses: new Set(["10.0.0.1:80"]) },
};

class World {
  readonly clock = new ManualClock();
  readonly kept = new MemoryHistory();
  readonly told: HecdEvent[] = [];
  readonly due: Cause[] = [];

  pin(): FilePin {
    const parts = { history: this.kept, clock: this.clock, emit: (event: HecdEvent) => void this.told.push(event) };
    return new FilePin(
      { name: "one.toml", dest: "/one.cfg" },
      { ...parts, onChange: (why) => void this.due.push(why) },
    );
  }

  /** What has been told since it was asked last. */
  take(): readonly string[] {
    return this.told.splice(0).map(({ kind }) => kind);
  }
}

const NONE = snapshotOf(1n, []);

describe("a pin", () => {
  test("is on disk before another text is due, and the next process goes on with it", async () => {
    const world = new World();
    using pin = world.pin();
    await pin.set(VERSION, undefined);
    expect(world.kept.kept).toMatchObject({ id: 7, text: TEXT });
    expect(world.due).toEqual([{ kind: "rollback", to: 7 }]);
    using next = world.pin();
    expect(next.textAt(NONE)).toBeUndefined();
    await next.open();
    expect(next.textAt(NONE)?.out).toEqual(["web/a"]);
    expect(next.state).toMatchObject({ to: 7 });
  });

  test("is none where the disk is full, and that is said", async () => {
    const world = new World();
    using pin = world.pin();
    world.kept.isFull = true;
    await expect(pin.set(VERSION, undefined)).rejects.toThrow("Cannot write /one.cfg: ENOSPC");
    expect([pin.state, world.due, world.take()]).toEqual([undefined, [], []]);
  });

  test("is told at once, after a minute, and ever more rarely, until it ends", async () => {
    const world = new World();
    using pin = world.pin();
    await pin.set(VERSION, undefined);
    expect(world.take()).toEqual(["pinned"]);
    for (const waitMs of [60_000, 120_000, 240_000]) {
      await world.clock.advance(waitMs - 1);
      expect(world.take()).toEqual([]);
      await world.clock.advance(1);
      expect(world.take()).toEqual(["pinned"]);
    }
    expect(await pin.end("order")).toBe(true);
    expect(world.take()).toEqual(["pin-ended"]);
    await world.clock.advance(7_200_000);
    expect([world.take(), world.kept.kept, pin.state]).toEqual([[], undefined, undefined]);
    expect(await pin.end("order")).toBe(false);
  });

  test("ends by itself when its time is over", async () => {
    const world = new World();
    using pin = world.pin();
    await pin.set(VERSION, 30_000);
    await world.clock.advance(29_000);
    expect(pin.state).toBeDefined();
    await world.clock.advance(1_100);
    expect([pin.state, world.due.at(-1)]).toEqual([undefined, { kind: "resume", by: "time" }]);
  });

  test("tells whom it keeps out of work, and nothing while these are the same", async () => {
    const world = new World();
    using pin = world.pin();
    await pin.set(VERSION, undefined);
    world.take();
    const at = (...addresses: readonly string[]): void => {
      const pinned = pin.textAt(
        snapshotOf(
          2n,
          addresses.map((address, index) => [`/k${index}`, address]),
        ),
      );
      if (pinned) pin.use(pinned);
    };
    at();
    at();
    expect(world.take()).toEqual(["pinned"]);
    expect(pin.state).toMatchObject({ out: ["web/a"], waiting: 0 });
    at("10.0.0.1:80", "10.0.0.9:80");
    expect(world.take()).toEqual(["pinned"]);
    expect(pin.state).toMatchObject({ out: [], waiting: 1 });
  });
});
