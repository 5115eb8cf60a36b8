import { describe, expect, test } from "vitest";
import { deadlineSignal, graceSignal } from "../../src/flow/deadline.js";
import { ManualClock } from "../support/manual-clock.js";

describe("work with a deadline", () => {
  test("is called off with the deadline's reason", async () => {
    const clock = new ManualClock();
    const late = new Error("late");
    using work = deadlineSignal(100, () => late, clock, new AbortController().signal);
    await clock.advance(99);
    expect(work.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(work.signal.reason).toBe(late);
  });

  test("is called off before it by what it follows, and leaves no timer", () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    {
      using work = deadlineSignal(100, () => new Error("late"), clock, stop.signal);
      stop.abort("stop");
      expect(work.signal.reason).toBe("stop");
    }
    expect(clock.pending).toBe(0);
  });
});

describe("work that outlives its signal", () => {
  test("goes on for a while after the signal, then ends with its reason", async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    using work = graceSignal(100, clock, stop.signal);
    await clock.advance(1_000);
    stop.abort("stop");
    await clock.advance(99);
    expect(work.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(work.signal.reason).toBe("stop");
  });

  test("has its while also when the signal was aborted before", async () => {
    const clock = new ManualClock();
    using work = graceSignal(100, clock, AbortSignal.abort("stop"));
    expect(work.signal.aborted).toBe(false);
    await clock.advance(100);
    expect(work.signal.reason).toBe("stop");
  });

  test("leaves no timer when it is over in time", () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    {
      using work = graceSignal(100, clock, stop.signal);
      stop.abort("stop");
      expect(work.signal.aborted).toBe(false);
    }
    expect(clock.pending).toBe(0);
  });
});
