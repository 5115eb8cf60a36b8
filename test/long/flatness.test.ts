import { describe, expect, test } from "vitest";
import { coursesOf, type Look, type Sample } from "./flatness.js";

const STILL: Sample = {
  "resident memory, MB": 100,
  "heap in use, MB": 50,
  "open descriptors": 30,
  "active handles and timers": 12,
  "old workers of HAProxy": 0,
};

const hundred = (of: (index: number) => Partial<Sample>): readonly Look[] =>
  Array.from({ length: 100 }, (_, index) => [{ ...STILL, ...of(index) }]);

function growing(looks: readonly Look[]): readonly string[] {
  return coursesOf(looks).flatMap(({ measure, isFlat }) => (isFlat ? [] : [measure]));
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

  test("is judged by what is there when the garbage is gone, and the most that was there is told", () => {
    const looks = hundred(() => ({})).map((_, index) =>
      [50, 60 + index, 55].map((heap) => ({ ...STILL, "heap in use, MB": heap })),
    );
    expect(coursesOf(looks)).toContainEqual({
      measure: "heap in use, MB",
      first: 50,
      last: 50,
      peak: 159,
      isFlat: true,
    });
    expect(growing(hundred((index) => ({ "heap in use, MB": 50 + index / 4 })))).toEqual(["heap in use, MB"]);
  });

  test("is not judged by a handful of looks", () => {
    expect(() => coursesOf([[STILL]])).toThrow("too few");
  });
});
