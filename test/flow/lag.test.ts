import { describe, expect, test } from "vitest";
import { earlier, Lag } from "../../src/flow/lag.js";
import { ManualClock } from "../support/manual-clock.js";

describe("how long news waits for its answer", () => {
  test("is counted from the oldest that the answer is to, in whatever order it was heard", async () => {
    const clock = new ManualClock();
    const lag = new Lag(clock);
    await clock.advance(100);
    lag.heard(70);
    lag.heard(50);
    lag.heard(undefined);
    lag.begin();
    await clock.advance(30);
    expect(lag.done()).toBe(80);
  });

  test("goes on for what was heard while an answer was under way", async () => {
    const clock = new ManualClock();
    const lag = new Lag(clock);
    lag.heard(0);
    lag.begin();
    await clock.advance(10);
    lag.heard(10);
    await clock.advance(10);
    expect(lag.done()).toBe(20);
    lag.begin();
    await clock.advance(5);
    expect(lag.done()).toBe(15);
  });

  test("goes on through an answer that was never done", async () => {
    const clock = new ManualClock();
    const lag = new Lag(clock);
    lag.heard(0);
    lag.begin();
    await clock.advance(1_000);
    lag.heard(1_000);
    lag.begin();
    expect(lag.done()).toBe(1_000);
    lag.begin();
    expect(lag.done()).toBeUndefined();
  });

  test("is nothing where there was no news", () => {
    const lag = new Lag(new ManualClock());
    lag.begin();
    expect(lag.done()).toBeUndefined();
  });
});

test("of two times the earlier one counts, or the only one", () => {
  expect([
    earlier(2, 1),
    earlier(1, 2),
    earlier(undefined, 1),
    earlier(0, undefined),
    earlier(undefined, undefined),
  ]).toEqual([1, 1, 1, 0, undefined]);
});
