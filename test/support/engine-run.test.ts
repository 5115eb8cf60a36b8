import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { required } from "./required.js";
import { EngineRun } from "./engine-run.js";

const RUNS = join(tmpdir(), "hecd-test-runs");

test("a run on the machine's engine is not alone while the process of another one lives, and a dead one is forgotten", async () => {
  const other = spawn("sleep", ["60"]);
  const pid = required(other.pid, "process");
  await using _first = await EngineRun.begin(); // makes the folder
  await writeFile(join(RUNS, String(pid)), "");
  try {
    await using beside = await EngineRun.begin();
    expect(beside.isAlone).toBe(false);
  } finally {
    other.kill("SIGKILL");
    await once(other, "exit");
  }
  await using _later = await EngineRun.begin();
  expect(await readdir(RUNS)).not.toContain(String(pid));
});
