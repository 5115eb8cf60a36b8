import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isBelow, outermost } from "../../../src/core/model/prefix.js";

describe("a prefix", () => {
  test.each([
    ["/app", "/app", true],
    ["/app", "/app/x", true],
    ["/app", "/app/", true],
    ["/app", "/apple", false],
    ["/app", "/app-x/y", false],
    ["/app", "/ap", false],
    ["", "/anything", true],
    ["", "anything", false],
  ])("%j holds %j: %j", (prefix, key, expected) => {
    expect(isBelow(prefix, key)).toBe(expected);
  });

  test.each([
    [["/app/"], ["/app"]],
    [["/app", "/app/"], ["/app"]],
    [
      ["/app/a", "/app", "/apple"],
      ["/app", "/apple"],
    ],
    [["/", "/app"], [""]],
    [[], []],
  ])("of %j only %j are needed", (given, needed) => {
    expect(outermost(given)).toEqual(needed);
  });

  test("that is left out is held by exactly one that is needed", () => {
    const path = fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 3 }).map((parts) => `/${parts.join("/")}`);
    fc.assert(
      fc.property(fc.array(path, { maxLength: 6 }), (prefixes) => {
        const needed = outermost(prefixes);
        for (const prefix of prefixes) {
          const key = `${prefix.replace(/\/+$/, "")}/x`;
          expect(needed.filter((one) => isBelow(one, key))).toHaveLength(1);
        }
      }),
    );
  });
});
