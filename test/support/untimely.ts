import fc from "fast-check";
import { ManualClock } from "./manual-clock.js";

/** By at most how many milliseconds a timer of `someClock` wakes too early, and too late. */
export const UNTIMELY = { earlyMs: 1, lateMs: 40 };

/** A clock whose timers wake early or late, each by a time of its own: Node's did both. */
export const someClock: fc.Arbitrary<ManualClock> = fc
  .array(fc.double({ min: -UNTIMELY.earlyMs, max: UNTIMELY.lateMs, noNaN: true }), { minLength: 1, maxLength: 20 })
  .map((times) => {
    let wakes = 0;
    return new ManualClock(() => times[wakes++ % times.length] ?? 0);
  });
