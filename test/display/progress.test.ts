import { expect, test } from "vitest";
import { progressBar } from "../../src/display/progress.js";

test("a bar of progress fills up with what is done, and fits into its line", () => {
  expect(progressBar({ done: 0, all: 8, now: "a" }, 80)).toBe("[--------------------] 0 of 8  a");
  expect(progressBar({ done: 2, all: 8, now: "b" }, 80)).toBe("[#####---------------] 2 of 8  b");
  expect(progressBar({ done: 8, all: 8, now: "" }, 80)).toBe("[####################] 8 of 8  ");
  expect(progressBar({ done: 1, all: 2, now: "long" }, 20)).toBe("[##########--------");
});
