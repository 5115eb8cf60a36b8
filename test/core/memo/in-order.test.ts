import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { orderedPlaceOf, reordered } from "../../../src/core/memo/in-order.js";

const byNumber = (a: number, b: number): number => a - b;

describe("a list in order", () => {
  test("is what sorting would make of it, however many come and go", () => {
    const numbers = fc.uniqueArray(fc.nat(300), { maxLength: 150 });
    fc.assert(
      fc.property(numbers, numbers, (before, other) => {
        const list = before.sort(byNumber);
        const gone = list.filter((each) => other.includes(each));
        const come = other.filter((each) => !list.includes(each));
        const after = [...list.filter((each) => !gone.includes(each)), ...come].sort(byNumber);
        expect(reordered(list, { gone, come }, byNumber)).toEqual(after);
      }),
    );
  });

  test("is left as it was", () => {
    const list = [1, 3, 5];
    expect(reordered(list, { gone: [3], come: [4] }, byNumber)).toEqual([1, 4, 5]);
    expect(list).toEqual([1, 3, 5]);
  });

  test("takes what comes to the place of what goes", () => {
    const [old, fresh, other] = [{ name: "a" }, { name: "a" }, { name: "b" }];
    const all = reordered([old, other], { gone: [old], come: [fresh] }, (a, b) =>
      a.name < b.name ? -1 : a === b || a.name === b.name ? 0 : 1,
    );
    expect(all[0]).toBe(fresh);
    expect(all).toHaveLength(2);
  });

  test("loses what is in a place, be it few or many and whichever objects say so", () => {
    for (const count of [10, 100]) {
      const places = Array.from({ length: count }, (_, place) => ({ place }));
      const gone = places.slice(1).map((each) => ({ ...each }));
      expect(reordered(places, { gone, come: [] }, (a, b) => a.place - b.place)).toEqual([{ place: 0 }]);
    }
  });

  test("tells where something has its place", () => {
    const placeOfNumber = (number: number) => orderedPlaceOf([2, 4, 6], (each) => each - number);
    expect([1, 2, 3, 6, 7].map(placeOfNumber)).toEqual([0, 0, 1, 2, 3]);
  });
});
