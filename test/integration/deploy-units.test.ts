import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../tools/machine/program.mjs";
import { tempDir } from "../support/temp-dir.js";

const UNITS = ["hecd-agent.service", "hecd-render.service"];

/** What systemd has to say about the units, each one changed by `edit`, with `hecd` installed. */
async function verify(
  edit: (unit: string) => string,
): Promise<{ readonly code: number | null; readonly said: string }> {
  await using directory = await tempDir();
  const hecd = join(directory.path, "hecd");
  await writeFile(hecd, "#!/bin/sh\n");
  await chmod(hecd, 0o755);
  for (const name of UNITS) {
    const unit = await readFile(new URL(`../../deploy/${name}`, import.meta.url), "utf8");
    await writeFile(join(directory.path, name), edit(unit).replace(/^ExecStart=hecd /m, `ExecStart=${hecd} `));
  }
  const paths = UNITS.map((name) => join(directory.path, name));
  const { code, stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", ...paths]);
  return { code, said: stdout + stderr };
}

test("systemd takes both units without a word", async () => {
  expect(await verify((unit) => unit)).toEqual({ code: 0, said: "" });
});

test("systemd would not be silent about a key it does not know", async () => {
  expect((await verify((unit) => unit.replace("TimeoutStopSec", "TimeoutStopSecs"))).said).toMatch(/Unknown key/);
});
