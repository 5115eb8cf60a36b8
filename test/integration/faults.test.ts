import { expect, test } from "vitest";
import { goThrough, type Outcome } from "../faults/bench.js";
import { scheduleOf } from "../faults/schedule.js";
import { isGood } from "../faults/table.js";

test("what fails around HECD fails no request that somebody could answer, and all is well again after it", async () => {
  const outcomes: Outcome[] = [];
  await goThrough(scheduleOf(1, 4), (outcome) => outcomes.push(outcome));
  expect(outcomes).toHaveLength(4);
  expect(outcomes.filter((outcome) => !isGood(outcome))).toEqual([]);
}, 300_000);
