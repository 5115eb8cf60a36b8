import { describe, expect, test } from "vitest";
import type { HistoryEntry, VersionDiff } from "../../../src/core/history/entry.js";
import { versionPageModel } from "../../../src/core/page/version.js";

const ENTRY: HistoryEntry = {
  ...{ id: 8, at: "2026-11-30T02:13:07.123Z", resource: "haproxy.toml", dest: "/haproxy.cfg", tookMs: 9 },
  ...{ why: { kind: "template" }, outcome: "applied", digest: "d8", revision: "42" },
};

const HEAD = "--- /haproxy.cfg\tbefore 8\n+++ /haproxy.cfg\t8\n";

function pageOf(more: Partial<VersionDiff> = {}, against?: number, present = 9) {
  return versionPageModel({ entry: ENTRY, isRefused: false, diff: `${HEAD}@@ -1 +1 @@\n`, ...more }, against, present);
}

describe("the page of a version", () => {
  test("has its diff in parts, each of one kind, without the names of the file", () => {
    const { title, diff, note } = pageOf({ diff: `${HEAD}@@ -1,3 +1,3 @@\n one\n-two\n-2\n+three\n four\n` });
    expect([title, note]).toEqual(["What it has changed", ""]);
    expect(diff.map(({ kind, text }) => [kind, text])).toEqual([
      ["place", "@@ -1,3 +1,3 @@"],
      ["same", " one"],
      ["removed", "-two\n-2"],
      ["added", "+three"],
      ["same", " four"],
    ]);
  });

  test("has its facts, and nothing of those that there are not", () => {
    const { facts, order } = pageOf();
    expect(facts.map(({ name, words }) => `${name}: ${words}`)).toEqual([
      "When: 2026-11-30 02:13:07Z",
      "Resource: haproxy.toml",
      "Why: because the template or its resource was edited",
      ...["Took: 9 ms", "Revision: 42", "SHA-256: d8"],
    ]);
    expect(order).toBe("rollback version 8");
  });

  test.each([
    ["many lines", `${HEAD}${"+x\n".repeat(10_000)}`, "7000 more lines are left out: hecd diff 8 has all of it."],
    [
      "long lines",
      `${HEAD}+${"x".repeat(150_000)}\n`.repeat(1) + `+${"y".repeat(150_000)}\n+z\n`,
      "1 more line is left out: hecd diff 8 has all of it.",
    ],
  ])("leaves out what is too much of a diff of %s, and says so", (_, text, words) => {
    const { diff, note } = pageOf({ diff: text });
    expect(diff.reduce((sum, part) => sum + part.text.length, 0)).toBeLessThan(400_000);
    expect(note).toBe(words);
  });

  test("cuts a line that is all there is", () => {
    const { diff } = pageOf({ diff: `${HEAD}+${"x".repeat(5_000_000)}` });
    expect(diff[0]?.text.length).toBe(200_000);
  });

  test("says who sees the text of a file that not everybody may read", () => {
    const { diff, note } = pageOf({ diff: undefined });
    expect(diff).toEqual([]);
    expect(note).toMatch(/^Not everybody may read this file, .* who have signed in: hecd diff 8 shows it/);
  });

  test("says of a refused version what it would have changed, and offers no way back to it", () => {
    const entry = { ...ENTRY, outcome: "rejected", output: "line 9: unknown keyword\nline 10" };
    expect(pageOf({ entry, isRefused: true })).toMatchObject({
      ...{ title: "What it would have changed", order: "", output: "line 9: unknown keyword\nline 10" },
    });
  });

  test("leads to how it differs from the present version, where it is another one", () => {
    expect([pageOf().present, pageOf({}, undefined, 8).present, pageOf({}, 9).present]).toEqual([
      9,
      undefined,
      undefined,
    ]);
    expect(pageOf({}, 9).title).toBe("How it differs from version 9");
  });
});
