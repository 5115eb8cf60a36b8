import { describe, expect, test } from "vitest";
import { despiteReload, serversIn } from "../../../src/haproxy/words/differences.js";

describe("differences", () => {
  test("are of servers, each counted once", () => {
    expect(serversIn(["b/a has weight 1", "b/a is at ::1:80", "c/a is missing"])).toEqual(new Set(["b/a", "c/a"]));
    expect(serversIn([]).size).toBe(0);
  });

  test("that a reload has not mended are named, not all of them, with what may be the cause", () => {
    const many = Array.from({ length: 7 }, (_, at) => `b/s${at} is missing`);
    expect(despiteReload(many)).toContain("b/s4 is missing and 2 more");
    expect(despiteReload(many)).not.toContain("b/s5");
    expect(despiteReload(["b/a is missing"])).toMatch(
      /\(b\/a is missing\)\. Most likely its -f .* mounted .* state file/,
    );
  });
});
