import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ShareGroup, sharedWeights } from "../../../src/core/view/shares.js";

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);

test.each<[string, readonly ShareGroup[], readonly (readonly number[])[]]>([
  [
    "one server in ten percent",
    [
      { share: 10, weights: [100] },
      { share: 90, weights: [100] },
    ],
    [[28], [252]],
  ],
  [
    "one in a hundred",
    [
      { share: 1, weights: [100] },
      { share: 99, weights: [100] },
    ],
    [[2], [198]],
  ],
  [
    "more servers for less work, of which some get nothing",
    [
      { share: 1, weights: [1, 1, 1, 1] },
      { share: 99, weights: [1] },
    ],
    [[1, 1, 0, 0], [198]],
  ],
  [
    "weights of their own within a group",
    [
      { share: 50, weights: [100, 50] },
      { share: 50, weights: [100] },
    ],
    [[171, 85], [256]],
  ],
  [
    "a share of which nobody is there: all work is that of the others, as they have it",
    [
      { share: 10, weights: [] },
      { share: 90, weights: [7, 9] },
    ],
    [[], [7, 9]],
  ],
  [
    "a share whose servers have no weight",
    [
      { share: 10, weights: [0] },
      { share: 90, weights: [7, 9] },
    ],
    [[0], [7, 9]],
  ],
  [
    "everything for one group",
    [
      { share: 100, weights: [3] },
      { share: 0, weights: [7, 9] },
    ],
    [[3], [0, 0]],
  ],
  ["nobody", [], []],
])("gives shares by whole weights: %s", (_, groups, weights) => {
  expect(sharedWeights(groups)).toEqual(weights);
});

describe("however many servers a group has, and whatever their weights are,", () => {
  const weights = fc.array(fc.integer({ min: 0, max: 256 }), { maxLength: 40 });
  const groups = fc.array(fc.record({ share: fc.integer({ min: 0, max: 100 }), weights }), { maxLength: 5 });

  test("weights are HAProxy's, and a group has its share to half a percent", () => {
    fc.assert(
      fc.property(groups, (all) => {
        const given = sharedWeights(all);
        for (const weight of given.flat())
          expect(weight).toSatisfy((n: number) => Number.isInteger(n) && n >= 0 && n <= 256);
        const working = all.filter(({ share, weights: own }) => share > 0 && sumOf(own) > 0);
        const [whole, total] = [sumOf(working.map(({ share }) => share)), sumOf(given.flat())];
        all.forEach((group, at) => {
          const had = sumOf(given[at] ?? []);
          if (!working.includes(group)) expect(had).toBe(0);
          else expect(Math.abs(had / total - group.share / whole)).toBeLessThan(0.005);
        });
      }),
    );
  });

  test("a server that is to get less than another one of its group never gets more", () => {
    fc.assert(
      fc.property(groups, (all) => {
        sharedWeights(all).forEach((given, at) => {
          const wanted = all[at]?.weights ?? [];
          const order = given.map((_, place) => place).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
          for (const [index, place] of order.entries()) {
            const next = order[index + 1] ?? place;
            if ((wanted[place] ?? 0) < (wanted[next] ?? 0)) expect(given[place]).toBeLessThanOrEqual(given[next] ?? 0);
          }
        });
      }),
    );
  });

  test("ten thousand servers take no time that anybody notices", () => {
    const begun = performance.now();
    sharedWeights([
      { share: 5, weights: Array.from({ length: 10_000 }, () => 100) },
      { share: 95, weights: Array.from({ length: 10_000 }, (_, at) => (at % 256) + 1) },
    ]);
    expect(performance.now() - begun).toBeLessThan(500);
  });
});
