import { describe, expect, test } from "vitest";
import { coursesOf, type Sample } from "./flatness.js";

const STILL: Sample = {
  "resident memory, MB": 100,
  "heap in use, MB": 50,
  "open descriptors": 30,
  "active handles and timers": 12,
  "old workers of HAProxy": 0,
};

const hundred = (of: (index: number) => Partial<Sample>): readonly Sample[] =>
  Array.from({ length: 100 }, (_, index) => ({ ...STILL, ...of(index) }));

function growing(samples: readonly Sample[]): readonly string[] {
  return coursesOf(samples).flatMap(({ measure, isFlat }) => (isFlat ? [] : [measure]));
}

describe("what a daemon has over a long time", () => {
  test("is flat where it does not grow after the warm-up, whatever comes and goes in between", () => {
    expect(growing(hundred((index) => ({ "resident memory, MB": index < 10 ? 60 : 100 })))).toEqual([]);
    expect(growing(hundred((index) => ({ "heap in use, MB": 40 + (index % 7) * 5 })))).toEqual([]);
  });

  test("is not flat where memory, a descriptor or a timer is lost now and then", () => {
    expect(growing(hundred((index) => ({ "resident memory, MB": 100 + index / 2 })))).toEqual(["resident memory, MB"]);
    expect(growing(hundred((index) => ({ "open descriptors": 30 + Math.floor(index / 10) })))).toEqual([
      "open descriptors",
    ]);
  });

  test("is not judged by a handful of looks", () => {
    expect(() => coursesOf([STILL])).toThrow("too few");
  });
});
