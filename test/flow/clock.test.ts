import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parseDuration } from "../../src/core/text/duration.js";
import { lastResort, systemClock } from "../../src/flow/clock.js";
import { deadlineSignal, graceSignal } from "../../src/flow/deadline.js";

const DAY_MS = 24 * 3_600_000;

/** A century, beyond which the clock of this test becomes coarser than a millisecond. */
const LONGEST_HOURS = 876_000;

/** A time as people write it, mostly one that no timer of Node can wait. */
const time = fc.oneof(
  fc.integer({ min: 1, max: LONGEST_HOURS }).map((hours) => `${hours}h`),
  fc.integer({ min: 590, max: 610 }).map((hours) => `${hours}h`),
  fc.integer({ min: 2 ** 31 - 3, max: 2 ** 31 + 3 }).map((ms) => `${ms}ms`),
  fc.integer({ min: 2 ** 32 - 3, max: 2 ** 32 + 3 }).map((ms) => `${ms}ms`),
  fc.integer({ min: 1, max: 2 ** 33 }).map((ms) => `${ms}ms`),
);

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

  test("never wakes whom nothing shall wake", () => {
    const wake = vi.fn();
    systemClock.after(Infinity, wake);
    vi.advanceTimersByTime(365 * DAY_MS);
    expect(wake).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(1);
  });

  test("keeps every wait that can be written down, whatever waits: once, on time, and not as fast as it can", () => {
    const waits: Readonly<Record<string, (ms: number, wake: () => void) => void>> = {
      timer: (ms, wake) => systemClock.after(ms, wake),
      "last resort": lastResort,
      deadline(ms, wake) {
        const { signal } = deadlineSignal(ms, () => "late", systemClock, new AbortController().signal);
        signal.addEventListener("abort", wake);
      },
      "grace after an end": (ms, wake) => {
        const { signal } = graceSignal(ms, systemClock, AbortSignal.abort());
        signal.addEventListener("abort", wake);
      },
    };
    fc.assert(
      fc.property(time, fc.constantFrom(...Object.keys(waits)), (text, kind) => {
        const ms = parseDuration(text) ?? NaN;
        vi.useFakeTimers(); // from 0 again
        const delays: unknown[] = [];
        const fake = globalThis.setTimeout;
        // A spy of vitest's is put back once more at the end of the file, after the fake has gone.
        globalThis.setTimeout = Object.assign((...args: Parameters<typeof fake>) => {
          delays.push(args[1]);
          return fake(...args);
        }, fake);
        try {
          const wake = vi.fn();
          waits[kind]?.(ms, wake);
          vi.advanceTimersByTime(ms - 1);
          expect(wake).not.toHaveBeenCalled();
          vi.advanceTimersByTime(1);
          expect(wake).toHaveBeenCalledOnce();
        } finally {
          globalThis.setTimeout = fake;
        }
        expect(vi.getTimerCount()).toBe(0);
        expect(delays.filter((delay) => !(typeof delay === "number" && delay > 0 && delay < 2 ** 31))).toEqual([]);
        expect(delays.length).toBeGreaterThan(0);
        expect(delays.length).toBeLessThanOrEqual(Math.ceil(ms / (2 ** 31 - 1)) + 1);
      }),
      { numRuns: 200 },
    );
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
