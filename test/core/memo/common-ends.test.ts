import fc from "fast-check";
import { expect, test } from "vitest";
import { commonEnds } from "../../../src/core/memo/common-ends.js";

test.each([
  ["abc", "abc", 3, 0],
  ["abc", "abxc", 2, 1],
  ["aa", "aaa", 2, 0],
  ["abc", "xbc", 0, 2],
  ["", "a", 0, 0],
])("%s and %s have %d in common at their beginnings and %d at their ends", (before, after, head, tail) => {
  expect(commonEnds(Array.from(before), Array.from(after))).toEqual({ head, tail });
});

test("what lies between is all in which two lists differ", () => {
  const list = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 });
  fc.assert(
    fc.property(list, list, (before, after) => {
      const { head, tail } = commonEnds(before, after, (one, other) => one === other);
      const between = after.slice(head, after.length - tail);
      expect([...before.slice(0, head), ...between, ...before.slice(before.length - tail)]).toEqual(after);
      expect(before.length > head + tail && between.length > 0 && before[head] === between[0]).toBe(false);
    }),
  );
});
