import { describe, expect, test } from "vitest";
import { fuzz } from "./check.js";
import { TARGETS } from "./targets.js";

describe("what others have written", () => {
  test.each(TARGETS)("is read without harm, whatever it is: $name", (target) => {
    expect(() => {
      fuzz(target, 2_000);
    }).not.toThrow();
  });
});
