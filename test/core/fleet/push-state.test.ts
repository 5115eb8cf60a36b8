import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatState, freshState, jobOf, parseState } from "../../../src/core/fleet/push-state.js";

describe("what is remembered of a push", () => {
  test("is read as it was written, by the same job alone", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), fc.boolean(), (job, changed, isWatched) => {
        const state = { job, changed, isWatched };
        expect(parseState(formatState(state), job)).toMatchObject(state);
        expect(parseState(formatState(state), `${job}x`)).toEqual(freshState(`${job}x`));
      }),
    );
  });

  test("is nothing where it is torn, or is no state at all", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseState(text, "job")).toEqual(freshState("job"));
      }),
    );
  });

  test("is of another job with another text, and with other targets", () => {
    const [a, b] = [{ name: "a" }, { name: "b" }];
    expect(new Set([jobOf("x", [a, b]), jobOf("y", [a, b]), jobOf("x", [b, a]), jobOf("x", [a])]).size).toBe(4);
  });
});
