import { expect, test } from "vitest";
import type { Outcome } from "./bench.js";
import { isGood, tableOfFaults } from "./table.js";

const calm: Outcome = {
  fault: "the renderer killed",
  act: "nothing",
  lastedMs: 500,
  asked: 1_200,
  failures: [],
  unanswered: 0,
  cutOff: 0,
  convergedMs: 400,
  wrong: undefined,
};
const failure = { askedAt: 0, endedAt: 1, path: "/steady", said: "503" };

test("what came of the faults is a row for each that was tried, in their order, with what is not as promised in bold", () => {
  const outcomes: readonly Outcome[] = [
    { ...calm, fault: "HAProxy killed", unanswered: 20, cutOff: 1 },
    { ...calm, convergedMs: 900 },
    { ...calm, failures: [failure] },
    { ...calm, convergedMs: undefined, wrong: "keys of steady: none" },
  ];
  expect(tableOfFaults(outcomes)).toBe(`| fault | times | requests | failed | all well again: median | latest |
| --- | --- | --- | --- | --- | --- |
| the renderer killed | 3 | 3,600 | **1** | 0.4 s | **1 never** |
| HAProxy killed | 1 | 1,200 | 0, and 20 without HAProxy, and 1 cut off | 0.4 s | 0.4 s |`);
});

test("a step is as promised when nothing failed that could have been answered, and all came right", () => {
  expect(isGood({ ...calm, unanswered: 3 })).toBe(true);
  expect(isGood({ ...calm, failures: [failure] })).toBe(false);
  expect(isGood({ ...calm, convergedMs: undefined, wrong: "not ready" })).toBe(false);
});
