import { describe, expect, test } from "vitest";
import { Outage } from "../../src/flow/outage.js";
import { ManualClock } from "../support/manual-clock.js";

describe("an outage", () => {
  test("is told when it begins, then at growing intervals, however often it is noticed", async () => {
    const clock = new ManualClock();
    const outage = new Outage(clock);
    const told: number[] = [];
    for (let second = 0; second <= 160; second++) {
      const lastedMs = outage.failed();
      if (lastedMs !== undefined) told.push(lastedMs / 1_000);
      await clock.advance(1_000);
    }
    expect(told).toEqual([0, 10, 30, 70, 150]);
  });

  test("is over once, with how long it lasted", async () => {
    const clock = new ManualClock();
    const outage = new Outage(clock);
    expect(outage.recovered()).toBeUndefined();
    outage.failed();
    await clock.advance(2_500);
    expect(outage.lasting).toBe(true);
    expect(outage.recovered()).toBe(2_500);
    expect(outage.recovered()).toBeUndefined();
    expect(outage.failed()).toBe(0);
  });
});
