import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { obstacleToWriting } from "../../../src/edges/files/access.js";
import { tempDir } from "../../support/temp-dir.js";

test("a folder that may be written in shows no obstacle, and nothing is left in it", async () => {
  await using folder = await tempDir();
  expect(await obstacleToWriting(folder.path)).toBeUndefined();
  expect(await readdir(folder.path)).toEqual([]);
});

test("what is missing or no folder is an obstacle, and no matter of rights", async () => {
  await using folder = await tempDir();
  await writeFile(join(folder.path, "file"), "");
  for (const name of ["file", "none"]) {
    expect(await obstacleToWriting(join(folder.path, name))).toMatchObject({ isDenied: false });
  }
});
