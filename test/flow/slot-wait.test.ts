import { describe, expect, test } from "vitest";
import { slotStep, type SlotStep, type SlotWait } from "../../src/flow/slot-wait.js";

const PATIENCE = { needsSlot: true, waitMs: 120_000 };
const ASK: SlotStep = { kind: "ask" };

describe("a reload that waits for a slot", () => {
  test.each<[string, SlotWait, number, SlotStep]>([
    ["is put off first", { until: 500 }, 100, { kind: "wait", ms: 400 }],
    ["then asks", { until: 500 }, 500, ASK],
    ["asks again only when it is time", { until: 0, answeredAt: 100, askAt: 300 }, 120, { kind: "wait", ms: 180 }],
    ["asks on while the store answers", { until: 0, answeredAt: 60_000, askAt: 60_200 }, 60_200, ASK],
    ["bears a silent store", { until: 500, askAt: 10_000 }, 10_400, ASK],
    [
      "goes without one when the store stays silent",
      { until: 500, askAt: 10_000 },
      10_500,
      { kind: "go", without: "the store has not answered for 10 s" },
    ],
    [
      "goes without one when the store has fallen silent",
      { until: 0, answeredAt: 50_000, askAt: 60_000 },
      62_000,
      { kind: "go", without: "the store has not answered for 12 s" },
    ],
    [
      "goes without one when none was free for too long",
      { until: 0, answeredAt: 119_900, askAt: 120_100 },
      120_000,
      { kind: "go", without: "none was free for 120 s" },
    ],
  ])("%s", (_, wait, now, step) => {
    expect(slotStep(wait, now, PATIENCE)).toEqual(step);
  });

  test("needs none where it is merely put off", () => {
    const patience = { needsSlot: false, waitMs: 0 };
    expect(slotStep({ until: 500 }, 499, patience)).toEqual({ kind: "wait", ms: 1 });
    expect(slotStep({ until: 500 }, 500, patience)).toEqual({ kind: "go" });
  });
});
