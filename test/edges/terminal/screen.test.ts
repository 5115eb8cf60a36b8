import { expect, test } from "vitest";
import { Screen } from "../../../src/edges/terminal/screen.js";
import { eventually } from "../../support/eventually.js";
import { FakeTerminal } from "../../support/fake-terminal.js";

test("A screen draws what has changed, all of it at another size, and gives the terminal back", () => {
  const terminal = new FakeTerminal({ columns: 10, rows: 3 });
  let lines = ["one", "two", "three", "four"];
  const screen = new Screen(terminal.stdout, terminal, () => lines.map((line) => [line]));
  expect([terminal.isTaken, terminal.screen.lines]).toEqual([true, ["one", "two", "three"]]);
  screen.draw();
  expect(terminal.writes).toBe(1);
  lines = ["one", "2"];
  screen.draw();
  expect([terminal.screen.lines, terminal.screen.clears]).toEqual([["one", "2"], 1]);
  terminal.become({ columns: 2, rows: 9 });
  expect([terminal.screen.lines, terminal.screen.clears]).toEqual([["on", "2"], 2]);
  screen[Symbol.dispose]();
  lines = ["late"];
  terminal.become({ columns: 9, rows: 9 });
  screen.draw();
  expect([terminal.isTaken, terminal.screen.lines]).toEqual([false, ["on", "2"]]);
});

test("A screen on a slow line draws the newest picture once the line has taken the one before, and none in between", async () => {
  const terminal = new FakeTerminal({ columns: 10, rows: 3 });
  let line = "first";
  terminal.fallBehind();
  using screen = new Screen(terminal.stdout, terminal, () => [[line]]);
  for (line of ["second", "third", "last"]) screen.draw();
  expect(terminal.screen.lines).toEqual(["first"]);
  terminal.catchUp();
  await eventually("the newest picture", () => terminal.screen.lines[0] === "last");
  expect(terminal.writes).toBe(2);
});
