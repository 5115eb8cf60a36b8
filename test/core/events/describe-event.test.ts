import { expect, test } from "vitest";
import { describeEvent } from "../../../src/core/events/describe-event.js";

test.each([
  [true, "Container web is registered and gets no new work (draining): It is drained"],
  [false, "Container web is not registered (draining): It is drained"],
])("a container that gets no work is told as hecd explain has it, its record kept: %s", (isKept, message) => {
  const event = { kind: "skipped", container: "web", reason: "draining", advice: "It is drained", isKept } as const;
  expect(describeEvent(event)).toMatchObject({ message });
});
