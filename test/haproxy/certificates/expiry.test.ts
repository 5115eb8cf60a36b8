import { describe, expect, test } from "vitest";
import { daysUntil, warningDue } from "../../../src/haproxy/certificates/expiry.js";

const DAY_MS = 24 * 60 * 60 * 1_000;

/** The days before the end of a life of so many at which the warning changes, with the new one. */
function course(life: number): readonly (readonly [daysLeft: number, warning: number | undefined])[] {
  const days = Array.from({ length: life + 2 }, (_, at) => life - at);
  const warnings = days.map(
    (left) => [left, warningDue({ begins: 0, ends: life * DAY_MS }, (life - left) * DAY_MS)] as const,
  );
  return warnings.filter(([, warning], at) => warning !== warnings[at - 1]?.[1]);
}

describe("the end of a certificate", () => {
  test("is told 30, 14 and 3 days ahead, and when it has come", () => {
    expect(course(90)).toEqual([
      [30, 30],
      [14, 14],
      [3, 3],
      [0, 0],
    ]);
  });

  test("is not told in the first half of a short life", () => {
    expect(course(45).map(([, warning]) => warning)).toEqual([14, 3, 0]);
    expect(course(6)).toEqual([[0, 0]]);
  });

  test("is so many whole days away", () => {
    expect([2.5, 0.5, -0.5].map((days) => daysUntil(days * DAY_MS, 0))).toEqual([2, 0, -1]);
  });
});
