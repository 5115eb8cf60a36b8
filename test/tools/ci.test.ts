import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROJECT } from "../../tools/machine/facts.mjs";
import { run } from "../../tools/machine/program.mjs";
import { tempDir } from "../support/temp-dir.js";

/** Runs .ci/run with an npm whose tests and demo end as told; resolves to the exit code and the last line. */
async function ci(npm: { readonly test: string; readonly start: string }): Promise<readonly [number | null, string]> {
  await using directory = await tempDir();
  const stand = join(directory.path, "npm");
  await writeFile(stand, `#!/bin/sh\ncase $1 in test) ${npm.test} ;; start) ${npm.start} ;; esac\n`);
  await chmod(stand, 0o755);
  const env = { PATH: `${directory.path}:${process.env["PATH"] ?? ""}`, DOCKER_HOST: "unix:///nowhere" };
  const { code, stdout } = await run(`${PROJECT}.ci/run`, [], { env });
  return [code, stdout.trim().split("\n").at(-1) ?? ""];
}

const green = "echo ' Test Files  2 passed (2)'; echo '      Tests  40 passed (40)'";

describe.concurrent("the script for CI", () => {
  test("counts the demo as one more test, and the last line tells", async () => {
    expect(await ci({ test: green, start: "true" })).toEqual([0, "41 passed, 0 failed"]);
  });

  test("fails with the tests that failed", async () => {
    const red = "echo '      Tests  2 failed | 38 passed | 1 skipped (41)'; exit 1";
    expect(await ci({ test: red, start: "true" })).toEqual([1, "39 passed, 2 failed"]);
  });

  test("fails when the demo does", async () => {
    expect(await ci({ test: green, start: "exit 1" })).toEqual([1, "40 passed, 1 failed"]);
  });

  test("fails when the tests ended badly without a failed one, and when there were none", async () => {
    expect(await ci({ test: `${green}; exit 1`, start: "true" })).toEqual([1, "41 passed, 1 failed"]);
    expect(await ci({ test: "true", start: "true" })).toEqual([1, "1 passed, 1 failed"]);
  });

  test("runs the command that the README gives for the tests", async () => {
    expect(await readFile(`${PROJECT}.ci/run`, "utf8")).toMatch(/^npm test /m);
    expect(await readFile(`${PROJECT}README.md`, "utf8")).toMatch(/^npm test\b/m);
  });
});
