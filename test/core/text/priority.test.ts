import { expect, test } from "vitest";
import { withPriority } from "../../../src/core/text/priority.js";

test("each line of a text begins with its priority, and none is added", () => {
  expect(withPriority("hecd: Cannot use the settings:\n  --listen: no\n", "error")).toBe(
    "<3>hecd: Cannot use the settings:\n<3>  --listen: no\n",
  );
  expect(["warn", "warning", "info", "debug", "fatal"].map((weight) => withPriority("x", weight as "warn"))).toEqual([
    "<4>x",
    "<4>x",
    "<6>x",
    "<7>x",
    "<3>x",
  ]);
});
