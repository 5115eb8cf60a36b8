import { expect, test } from "vitest";
import { circlesAmong } from "./circles.js";

test.each<[string, Record<string, string[]>, string[][]]>([
  ["nothing leads back", { a: ["b"], b: ["c"] }, []],
  ["two lead to each other", { b: ["a"], a: ["b"], c: ["a"] }, [["a", "b"]]],
  ["one leads to itself", { a: ["a"] }, [["a"]]],
  ["a longer way back", { a: ["b"], b: ["c"], c: ["a", "d"] }, [["a", "b", "c"]]],
  [
    "two circles",
    { a: ["b"], b: ["a", "c"], c: ["d"], d: ["c"] },
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
])("circles are found: %s", (_, arrows, circles) => {
  expect(circlesAmong(new Map(Object.entries(arrows).map(([from, to]) => [from, new Set(to)])))).toEqual(circles);
});
