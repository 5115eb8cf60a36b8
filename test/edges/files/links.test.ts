import { mkdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { replaceFile, writeNew } from "../../../src/edges/files/atomic-write.js";
import { followLinks } from "../../../src/edges/files/links.js";
import { tempDir } from "../../support/temp-dir.js";

const OWNED = { mode: 0o600, isOwnerWanted: false };

describe("a path", () => {
  test("is followed through links of folders and files, also to what is not there yet", async () => {
    await using folder = await tempDir();
    const at = (name: string): string => join(folder.path, name);
    await mkdir(at("real"));
    await writeFile(at("real/a"), "");
    await symlink("real", at("way"));
    await symlink("way/a", at("one"));
    await symlink("way/b", at("none"));
    const base = await realpath(folder.path);
    expect(await followLinks(at("one"))).toBe(join(base, "real/a"));
    expect(await followLinks(at("plain"))).toBe(at("plain"));
    expect((await followLinks(at("none"))).endsWith("/b")).toBe(true);
  });

  test("is never written through, where a link stands at the name of a new file or of one that is replaced", async () => {
    await using folder = await tempDir();
    const at = (name: string): string => join(folder.path, name);
    await writeFile(at("other"), "untouched");
    await symlink("other", at("link"));
    await symlink("nowhere", at("dangling"));
    for (const name of ["link", "dangling"]) await expect(writeNew(at(name), "x", OWNED)).rejects.toThrow("EEXIST");
    for (const name of ["link", "dangling"]) await replaceFile(at(name), "mine", OWNED);
    expect(await readFile(at("other"), "utf8")).toBe("untouched");
    expect(await readFile(at("link"), "utf8")).toBe("mine");
    await expect(readFile(at("nowhere"))).rejects.toThrow("ENOENT");
  });
});
