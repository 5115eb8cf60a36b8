import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { patched } from "../../../src/core/history/patch.js";
import { textPatchBetween } from "../../../src/core/history/patch-between.js";

/** Texts of few different lines, so that much of one is found in another. */
const text = fc
  .array(fc.constantFrom("backend web\n", "  server a 10.0.0.1:80\n", "  server b 10.0.0.2:80\n", "\n", "# é\n"), {
    maxLength: 30,
  })
  .chain((lines) => fc.constantFrom("", "global", "x\r\n").map((end) => lines.join("") + end));

describe("a patch", () => {
  test("makes the second text of the first, whatever the two are", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(patched(before, textPatchBetween(before, after))).toBe(after);
      }),
    );
  });

  test("of one line among many carries that line and no other", () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `  server s${at} 10.0.0.1:${at}\n`);
    const before = lines.join("");
    const patch = textPatchBetween(before, lines.with(15_000, "  server new 10.0.0.9:80\n").join(""));
    expect(patch.map(([, , added]) => added)).toEqual(["  server new 10.0.0.9:80\n"]);
  });

  test("of two places far apart carries both and not what is in between", () => {
    const lines = Array.from({ length: 1_000 }, (_, at) => `  server s${at} 10.0.0.1:${at}\n`);
    const after = lines.with(10, "  one\n").with(900, "  two\n").join("");
    expect(textPatchBetween(lines.join(""), after).map(([, , added]) => added)).toEqual(["  one\n", "  two\n"]);
  });

  test("of texts that have nothing in common is one piece", () => {
    const [before, after] = ["a", "b"].map((word) =>
      Array.from({ length: 3_000 }, (_, at) => `${word}${at}\n`).join(""),
    );
    expect(textPatchBetween(before ?? "", after ?? "")).toEqual([[0, before?.length, after]]);
  });

  test("does not fit another text that is too short", () => {
    expect(patched("ab", [[1, 5, "x"]])).toBeUndefined();
  });
});
