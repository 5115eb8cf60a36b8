import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readBytes, readText, readTextIfThere, unreadable } from "../../../src/edges/files/read-text.js";
import { HecdError } from "../../../src/errors.js";
import { tempDir } from "../../support/temp-dir.js";

describe("a file", () => {
  test("is read as text or as bytes, whichever way it is asked for", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "a");
    await writeFile(path, "\u00e4\n");
    expect([await readText(path), await readTextIfThere(path)]).toEqual(["\u00e4\n", "\u00e4\n"]);
    expect([...(await readBytes(path))]).toEqual([0xc3, 0xa4, 0x0a]);
  });

  test("that is not there is a failure with its path, or none when it need not be there", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "gone");
    const fault = { fault: { code: "file-unreadable", path, reason: expect.stringContaining("ENOENT") as string } };
    await expect(readText(path)).rejects.toMatchObject(fault);
    await expect(readBytes(path)).rejects.toMatchObject(fault);
    expect(await readTextIfThere(path)).toBeUndefined();
  });

  test("that is a folder is a failure for everybody", async () => {
    await using dir = await tempDir();
    const fault = { fault: { code: "file-unreadable", reason: expect.stringContaining("EISDIR") as string } };
    for (const read of [readText, readBytes, readTextIfThere])
      await expect(read(dir.path)).rejects.toMatchObject(fault);
  });
});

test("a failure that says more already is told as it is", () => {
  const own = new HecdError({ code: "file-unreadable", path: "/b", reason: "it is no JSON" });
  expect(unreadable("/a", own)).toBe(own);
  expect(unreadable("/a", new Error("no"))).toMatchObject({ fault: { path: "/a", reason: "no" } });
});
