import { expect, test } from "vitest";
import { heldUntil, type Starts, startsOf } from "../../../src/core/decision/flapping.js";
import { container } from "../../support/containers.js";

/** The starts of a container whose policy has brought it back at these times, in seconds. */
function crashed(...seconds: readonly number[]): Starts {
  let starts = startsOf(container(), undefined, 0);
  for (const [index, at] of seconds.entries()) {
    starts = startsOf(container("web1", { startedAt: `start ${at}`, restartCount: index + 1 }), starts, at * 1_000);
  }
  return starts;
}

test.each([
  ["never", [], undefined],
  ["twice", [1, 2], undefined],
  ["three times in a minute", [1, 2, 61], 61 + 10],
  ["three times in more than a minute", [1, 2, 62], undefined],
  ["four times", [1, 2, 3, 4], 4 + 20],
  ["eight times", [1, 2, 3, 4, 5, 6, 7, 8], 8 + 120],
  ["three times, and again ten minutes after the first two", [1, 2, 3, 603], undefined],
])("a container that has crashed %s", (_, seconds, until) => {
  expect(heldUntil(crashed(...seconds))).toBe(until === undefined ? undefined : until * 1_000);
});

test("a start by hand forgives everything, and the same start seen twice is one", () => {
  const starts = crashed(1, 2, 3);
  expect(startsOf(container("web1", { startedAt: "start 3", restartCount: 3 }), starts, 9_000)).toBe(starts);
  const byHand = startsOf(container("web1", { startedAt: "later", restartCount: 0 }), starts, 9_000);
  expect(heldUntil(byHand)).toBeUndefined();
});
