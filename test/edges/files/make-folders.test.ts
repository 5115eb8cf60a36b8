import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeFolders } from "../../../src/edges/files/make-folders.js";
import { tempDir } from "../../support/temp-dir.js";

describe("a folder that is made with those above it", () => {
  test("is there, for this user alone, and may be made again", async () => {
    await using top = await tempDir();
    const path = join(top.path, "a/b/c");
    await makeFolders(path);
    await makeFolders(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  test("fails where there is a file on the way", async () => {
    await using top = await tempDir();
    await writeFile(join(top.path, "file"), "");
    await expect(makeFolders(join(top.path, "file/b"))).rejects.toThrow("ENOTDIR");
  });

  test("fails below /proc, and tries no longer", async () => {
    await expect(makeFolders("/proc/hecd/a/b")).rejects.toThrow("ENOENT");
  });
});
