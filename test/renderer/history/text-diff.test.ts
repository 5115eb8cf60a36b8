import { applyPatch } from "diff";
import { describe, expect, test } from "vitest";
import { diffOf } from "../../../src/renderer/history/text-diff.js";

const NAMES = { names: ["1", "2"] as const };

/** A backend of so many servers at addresses of a kind. */
function servers(count: number, net: number, end = "\n"): string {
  const lines = Array.from({ length: count }, (_, n) => `  server s${n} 10.${net}.${n >> 8}.${n & 255}:80`);
  return `backend web\n${lines.join("\n")}\nlisten last${end}`;
}

describe("how two texts differ", () => {
  test("is a unified diff, and a sentence where they do not", async () => {
    const diff = "--- /a\t1\n+++ /a\t2\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n";
    expect(await diffOf("/a", "one\ntwo\n", "one\nthree\n", NAMES)).toBe(diff);
    expect(await diffOf("/a", "one\n", "one\n", NAMES)).toBe("/a: the same text");
  });

  test.each([
    ["with its end", "\n", "\n"],
    ["without", "", ""],
    ["that loses its end", "\n", ""],
  ])("of 10,000 lines that are all others is found at once, and leads to the other: a text %s", async (_, a, b) => {
    const [before, after] = [servers(10_000, 1, a), servers(10_000, 2, b)];
    const begun = performance.now();
    const diff = await diffOf("/a", before, after, NAMES);
    expect(performance.now() - begun).toBeLessThan(2_500); // all differences would be found in 15 s
    expect(applyPatch(before, diff)).toBe(after);
    expect(diff.startsWith("--- /a\t1\n+++ /a\t2\n@@ -1,")).toBe(true);
  });

  test("of a text that comes where none was, or goes, leads from one to the other", async () => {
    const text = servers(2_000, 1);
    expect(applyPatch("", await diffOf("/a", "", text, NAMES))).toBe(text);
    expect(applyPatch(text, await diffOf("/a", text, "", NAMES))).toBe("");
  });
});
