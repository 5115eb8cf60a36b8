import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { must } from "../../tools/machine/program.mjs";
import { nodeFor, OWN_ARCHITECTURE } from "../../tools/package/node.js";
import { PROGRAM } from "../support/hecd.js";
import { tempDir } from "../support/temp-dir.js";

/** Starts a program so often in turn with another one; what else the machine does counts for both. */
const ROUNDS = 40;

test("hecd --version takes at most 1.5 times the processor time of an empty start of the same Node", async () => {
  await using scratch = await tempDir();
  await using node = await nodeFor(OWN_ARCHITECTURE);
  const empty = join(scratch.path, "empty.mjs");
  await writeFile(empty, "");
  const commands = [[empty], [PROGRAM, "--version"]] as const;
  const times: number[][] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, args] of commands.entries()) times[at]?.push(await processorTimeOf(node.program, args));
  }
  // The quickest quarter: interruptions make a start longer, never shorter.
  const [nothing = 0, ours = 0] = times.map((each) => each.sort((a, b) => a - b)[ROUNDS / 4] ?? 0);
  console.log(`hecd --version: ${ours} ms, an empty start: ${nothing} ms`);
  expect(ours / nothing).toBeLessThanOrEqual(1.5);
});

/** In milliseconds, of user and kernel. */
async function processorTimeOf(program: string, args: readonly string[]): Promise<number> {
  const timed = 'TIMEFORMAT="%U %S"; { time "$@" >/dev/null; } 2>&1';
  const [user = 0, system = 0] = (await must("bash", ["-c", timed, "bash", program, ...args])).split(" ").map(Number);
  return Math.round((user + system) * 1_000);
}
