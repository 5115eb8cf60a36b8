import { describe, expect, test } from "vitest";
import { describeHealth, healthBetween } from "../../../src/core/fleet/traffic.js";

describe("the health of a canary", () => {
  test.each([
    [{ answers: 10, errors: 9 }, { answers: 10, errors: 9 }, "unasked"],
    [{ answers: 10, errors: 9 }, { answers: 110, errors: 14 }, "well"],
    [{ answers: 10, errors: 9 }, { answers: 110, errors: 15 }, "sick"],
    [{ answers: 500, errors: 0 }, { answers: 3, errors: 3 }, "sick"],
    [{ answers: 500, errors: 0 }, { answers: 3, errors: 0 }, "well"],
  ] as const)("from %o to %o is %s, with 5 percent allowed", (before, after, kind) => {
    expect(healthBetween(before, after, 5).kind).toBe(kind);
  });

  test("is put into words", () => {
    expect(describeHealth({ kind: "sick", answers: 3, errors: 1 })).toBe("33.3% of 3 answers were 5xx");
    expect(describeHealth({ kind: "unasked" })).toBe("nobody has asked it anything");
  });
});
