import { describe, expect, test } from "vitest";
import { type Lane, sideBySide } from "../../tools/machine/side-by-side.mjs";
import { tempDir } from "../support/temp-dir.js";

const node = (name: string, code: string): Lane => ({ name, program: process.execPath, args: ["-e", code] });

async function outcome(...lanes: readonly Lane[]): Promise<{ failed: readonly string[]; printed: string }> {
  let printed = "";
  const failed = await sideBySide(lanes, (text) => (printed += text));
  return { failed, printed };
}

describe("programs side by side", () => {
  test("run at the same time", async () => {
    await using directory = await tempDir();
    // Each waits for the other's file, and gives up in 10 s.
    const meet = (own: string, other: string): string => `
      const fs = require("node:fs"), path = require("node:path"), at = (name) => path.join(${JSON.stringify(directory.path)}, name);
      fs.writeFileSync(at(${JSON.stringify(own)}), "");
      const end = Date.now() + 10_000;
      while (!fs.existsSync(at(${JSON.stringify(other)}))) if (Date.now() > end) process.exit(1);`;
    expect(await outcome(node("a", meet("a", "b")), node("b", meet("b", "a")))).toMatchObject({ failed: [] });
  });

  test("show what the later ones have printed under their names", async () => {
    const { printed, failed } = await outcome(node("a", ""), node("b", "console.log('of b')"));
    expect(printed).toMatch(/==> a; side by side, and shown below: b\n==> b\nof b\n/);
    expect(failed).toEqual([]);
  });

  test.each([
    ["the first", ["process.exit(1)", ""], ["one"]],
    ["a later one", ["", "process.exit(3)"], ["two"]],
    ["all of them", ["process.exit(1)", "process.kill(process.pid)"], ["one", "two"]],
  ])("name %s that failed", async (_, [one = "", two = ""], failed) => {
    expect(await outcome(node("one", one), node("two", two))).toMatchObject({ failed });
  });

  test("a program that is not there has failed", async () => {
    const missing = { name: "missing", program: "/nowhere/program", args: [] };
    expect(await outcome(missing, { ...missing, name: "too" })).toMatchObject({ failed: ["missing", "too"] });
  });
});
