import { expect, test } from "vitest";
import { ownersIn } from "../../tools/machine/demo.mjs";

test("the containers of demos belong to the processes that their labels name", () => {
  expect(ownersIn("0a1b 17\n2c3d 4194304\n")).toEqual([
    ["0a1b", 17],
    ["2c3d", 4_194_304],
  ]);
  expect(ownersIn("")).toEqual([]);
});

test.each(["0a1b ", "0a1b", "0a1b 0", "0a1b none"])(
  "a container of a demo that names no process is told of: %j",
  (line) => {
    expect(() => ownersIn(line)).toThrow("The label hecd.demo of container 0a1b names no process");
  },
);
