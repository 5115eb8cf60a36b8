import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sleep } from "../../src/flow/clock.js";
import { backoff, retry } from "../../src/flow/retry.js";
import { ManualClock } from "../support/manual-clock.js";

const never = new AbortController().signal;

describe("backoff", () => {
  test("doubles up to its greatest wait, each between half and all of its size", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (random) => {
        const waits = backoff(100, 1_000, () => random);
        for (const size of [100, 200, 400, 800, 1_000, 1_000]) {
          const wait = waits.next().value;
          expect(wait).toBeGreaterThanOrEqual(size / 2);
          expect(wait).toBeLessThanOrEqual(size);
        }
      }),
    );
  });
});

describe("retry", () => {
  test("tries again after each wait until it succeeds", async () => {
    const clock = new ManualClock();
    let attempts = 0;
    const told: number[] = [];
    const result = retry(
      async () => {
        attempts++;
        if (attempts < 3) throw new Error("not yet");
        return "done";
      },
      { waits: [100, 500], isTransient: () => true, onRetry: (_, waitMs) => told.push(waitMs), clock, signal: never },
    );
    await clock.advance(600);
    await expect(result).resolves.toBe("done");
    expect(told).toEqual([100, 500]);
  });

  test("throws the last error as it is when the waits are used up", async () => {
    const clock = new ManualClock();
    const last = new Error("still not");
    const result = retry(() => Promise.reject(last), {
      waits: [100],
      isTransient: () => true,
      onRetry: () => undefined,
      clock,
      signal: never,
    });
    const outcome = expect(result).rejects.toBe(last);
    await clock.advance(100);
    await outcome;
  });

  test("does not try again after a failure for good", async () => {
    let attempts = 0;
    const fatal = new Error("fatal");
    const result = retry(
      () => {
        attempts++;
        return Promise.reject(fatal);
      },
      { waits: [1, 1], isTransient: () => false, onRetry: () => undefined, clock: new ManualClock(), signal: never },
    );
    await expect(result).rejects.toBe(fatal);
    expect(attempts).toBe(1);
  });

  test("stops waiting when the signal aborts, leaving no timer", async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const over = new Error("over");
    const result = retry(() => Promise.reject(new Error("no")), {
      waits: backoff(1_000, 1_000),
      isTransient: () => true,
      onRetry: () => undefined,
      clock,
      signal: stop.signal,
    });
    const outcome = expect(result).rejects.toBe(over);
    await clock.advance(0);
    expect(clock.pending).toBe(1);
    stop.abort(over);
    await outcome;
    expect(clock.pending).toBe(0);
  });
});

describe("sleep", () => {
  test("rejects at once under a signal that is aborted already", async () => {
    const clock = new ManualClock();
    const over = new Error("over");
    await expect(sleep(10, clock, AbortSignal.abort(over))).rejects.toBe(over);
    expect(clock.pending).toBe(0);
  });
});
