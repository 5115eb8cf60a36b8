import { rename, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FileText } from "../../../src/edges/files/file-text.js";
import { eventually } from "../../support/eventually.js";
import { tempDir } from "../../support/temp-dir.js";

test("a text is that of the file, whatever is done to it in quick succession", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "one.cfg");
  const text = new FileText();
  for (let round = 100; round < 400; round++) {
    await writeFile(path, String(round)); // always of the same length
    expect(text.read(path)).toBe(String(round));
  }
});

test("a text that was read long ago is read again when others have taken its place, of the same length and date", async () => {
  await using dir = await tempDir();
  const [path, other] = [join(dir.path, "one.cfg"), join(dir.path, "two.cfg")];
  await writeFile(path, "old");
  const { atime, mtime } = await stat(path);
  const text = new FileText();
  await eventually("a file of some age", async () => Date.now() - (await stat(path)).ctimeMs > 200);
  expect([text.read(path), text.read(path)]).toEqual(["old", "old"]);
  await writeFile(path, "new");
  await utimes(path, atime, mtime);
  expect(text.read(path)).toBe("new");
  await writeFile(other, "two");
  await utimes(other, atime, mtime);
  await rename(other, path);
  expect(text.read(path)).toBe("two");
});

test("a file that is gone is told by the system's own error, and a new one is read", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "one.cfg");
  const text = new FileText();
  expect(() => text.read(path)).toThrow(/ENOENT/);
  await writeFile(path, "here");
  expect(text.read(path)).toBe("here");
});

test("a text that is expected is the file's own, whatever has really come to be there", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "one.cfg");
  const text = new FileText();
  text.expect("ours");
  await writeFile(path, "ours");
  expect(text.read(path)).toBe("ours");
  text.expect("mine");
  await writeFile(path, "them");
  expect([text.read(path), text.read(path)]).toEqual(["them", "them"]);
});
