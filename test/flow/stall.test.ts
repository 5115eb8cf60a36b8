import { describe, expect, test } from "vitest";
import { watchStalls } from "../../src/flow/stall.js";
import { ManualClock } from "../support/manual-clock.js";

/** The stalls that were noticed while `what` happened. */
async function noticed(what: (clock: ManualClock) => Promise<void>): Promise<readonly number[]> {
  const clock = new ManualClock();
  const stalls: number[] = [];
  const ending = new AbortController();
  const watching = watchStalls(10_000, (lastedMs) => stalls.push(lastedMs), clock, ending.signal);
  await what(clock);
  ending.abort(new Error("over"));
  await expect(watching).rejects.toThrow("over");
  expect(clock.pending, "timers left").toBe(0);
  return stalls;
}

describe("a process that stands still", () => {
  test("is noticed once for each time, however long that was", async () => {
    const stalls = await noticed(async (clock) => {
      await clock.advance(5_000);
      await clock.stall(15_000);
      await clock.advance(60_000);
      await clock.stall(3_600_000);
      await clock.advance(60_000);
    });
    expect(stalls).toEqual([14_000, 3_599_000]);
  });

  test("is not noticed for less than was asked for, nor in many small pieces", async () => {
    const stalls = await noticed(async (clock) => {
      await clock.stall(10_000);
      for (let piece = 0; piece < 20; piece++) await clock.stall(5_000);
    });
    expect(stalls).toEqual([]);
  });

  test.each([0, 1, 499, 999])("%i ms after the last look is noticed in any case", async (phase) => {
    const [lasted = 0] = await noticed(async (clock) => {
      await clock.advance(phase);
      await clock.stall(11_001);
    });
    expect(lasted).toBeGreaterThan(10_000);
    expect(lasted).toBeLessThanOrEqual(11_001);
  });
});
