import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/flow/clock.js";

const DAY_MS = 24 * 3_600_000;

describe("the clock of the system", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.each([
    ["a moment", 5],
    ["the longest time that a timer of Node can wait", 2 ** 31 - 1],
    ["a month", 30 * DAY_MS],
    ["a year", 365 * DAY_MS],
  ])("wakes once after %s, and not before", (_, ms) => {
    const wake = vi.fn();
    systemClock.after(ms, wake);
    vi.advanceTimersByTime(ms - 1);
    expect(wake).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(wake).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(wake).toHaveBeenCalledOnce();
  });

  test("lets a year be called off after a month", () => {
    const wake = vi.fn();
    const callOff = systemClock.after(365 * DAY_MS, wake);
    vi.advanceTimersByTime(30 * DAY_MS);
    callOff();
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("the clock of the system wakes nobody too soon, as timers of Node do", async () => {
  const early = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const [begunAt, ms] = [systemClock.now(), 1 + index / 7];
      await new Promise<void>((resolve) => systemClock.after(ms, resolve));
      return Math.min(0, systemClock.now() - begunAt - ms);
    }),
  );
  expect(early.filter((ms) => ms < 0)).toEqual([]);
});
