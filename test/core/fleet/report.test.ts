import { describe, expect, test } from "vitest";
import type { Outcome } from "../../../src/core/events/event.js";
import { lineOf, resultOf, pushSummary } from "../../../src/core/fleet/report.js";

describe("what became of a target", () => {
  test.each<[Outcome, boolean, string, string | undefined]>([
    [{ kind: "unchanged" }, false, "same", undefined],
    [{ kind: "unchanged" }, true, "changed", "before this push was broken off"],
    [{ kind: "applied", bytes: 1, reload: "a bind" }, false, "changed", "reloaded: a bind"],
    [{ kind: "applied", bytes: 1, commands: 3 }, false, "changed", "without a reload, by 3 commands"],
    [{ kind: "applied", bytes: 1 }, false, "changed", "reloaded"],
    [
      { kind: "rejected", output: "no" },
      false,
      "failed",
      "its HAProxy refuses the file, and goes on with what it had: no",
    ],
    [
      { kind: "rolled-back", output: "no" },
      false,
      "failed",
      "it could not load the file, and is back at the one before: no",
    ],
    [{ kind: "failed", reason: "down" }, true, "failed", "down"],
    [{ kind: "differs", output: "other" }, false, "failed", "other"],
  ])("%o", (outcome, wasChanged, result, detail) => {
    const report = resultOf(outcome, wasChanged);
    expect([report.result, report.detail]).toEqual([result, detail]);
  });

  test("is told in a line, and all of it in one more", () => {
    const reports = [
      { target: "edge@tcp://a", result: "changed", detail: "reloaded" },
      { target: "edge@tcp://b", result: "failed", detail: "one\ntwo\n" },
      { target: "edge@tcp://c", result: "not tried" },
    ] as const;
    expect(reports.map(lineOf)).toEqual([
      "changed    edge@tcp://a\n           reloaded",
      "failed     edge@tcp://b\n           one\n           two",
      "not tried  edge@tcp://c",
    ]);
    expect(pushSummary(reports)).toBe("3 targets: 1 changed, 1 failed, 1 not tried");
    expect(pushSummary(reports.slice(0, 1))).toBe("1 target: 1 changed");
  });
});
