import { describe, expect, test } from "vitest";
import { describeEvent } from "../../../src/core/events/describe-event.js";
import type { HecdEvent } from "../../../src/core/events/event.js";
import { MINUTE_MS, Repeats } from "../../../src/core/events/repeats.js";

const skipped = (container: string, reason = "flap-hold"): HecdEvent => {
  return { kind: "skipped", container, reason, advice: "mend it", isKept: false };
};

/** A log of events that are told at a time, and what is written of them. */
class World {
  readonly repeats = new Repeats();
  now = 0;

  tell(event: HecdEvent, host?: string): boolean {
    return this.repeats.take(event, host, describeEvent(event), this.now);
  }

  /** How many of so many of the same are written. */
  many(event: HecdEvent, count: number): number {
    return Array.from({ length: count }, () => this.tell(event)).filter(Boolean).length;
  }
}

describe("what is told again and again", () => {
  test("of a container that restarts every second is written twenty times a minute, and the rest is counted", () => {
    const world = new World();
    let written = 0;
    const more: number[] = [];
    for (let second = 0; second < 180; second++, world.now += 1_000) {
      more.push(...world.repeats.end(world.now).map((each) => each.more));
      if (world.tell(skipped("web1"))) written++;
    }
    world.now += MINUTE_MS;
    more.push(...world.repeats.end(world.now).map((each) => each.more));
    expect([written, more]).toEqual([60, [40, 40, 40]]);
    expect(world.repeats.isCounting).toBe(false);
  });

  test("hides nothing of another container, another reason or another host", () => {
    const world = new World();
    world.many(skipped("web1"), 100);
    expect(world.tell(skipped("web2"))).toBe(true);
    expect(world.tell(skipped("web1", "no-port"))).toBe(true);
    expect(world.tell(skipped("web1"), "host2")).toBe(true);
  });

  test("is the same whatever numbers stand in it: an etcd that comes and goes, a check that refuses line after line", () => {
    const world = new World();
    const away = (port: number): HecdEvent => {
      return { kind: "store-unreachable", endpoints: ["10.0.0.1:2379"], reason: `ECONNRESET ${port}`, lastedMs: 0 };
    };
    expect(Array.from({ length: 100 }, (_, n) => world.tell(away(n))).filter(Boolean)).toHaveLength(20);
    const refused = (line: number): HecdEvent => {
      const outcome = { kind: "rejected", output: `[/etc/h.cfg:${line}] : unknown keyword` } as const;
      return { kind: "applied", resource: "h.toml", dest: "/etc/h.cfg", outcome, tookMs: 1 };
    };
    expect(Array.from({ length: 100 }, (_, n) => world.tell(refused(n))).filter(Boolean)).toHaveLength(20);
  });

  test("is written each time where it is a change that came into use", () => {
    const world = new World();
    const outcome = { kind: "applied", bytes: 1 } as const;
    expect(world.many({ kind: "applied", resource: "r", dest: "/d", outcome, tookMs: 1 }, 100)).toBe(100);
  });

  test("is counted for so many things and no more, also where somebody makes up names", () => {
    const world = new World();
    for (let n = 0; n < 11_000; n++) world.tell(skipped(`made-up-${n}`));
    expect(world.many(skipped("one-more"), 100)).toBeLessThanOrEqual(20);
    world.now += MINUTE_MS;
    world.repeats.end(world.now);
    expect(world.repeats.isCounting).toBe(false);
    expect(world.tell(skipped("one-more"))).toBe(true);
  });
});
