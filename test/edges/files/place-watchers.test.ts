import { mkdir, rename, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { placesBelow, placesAlong, PlaceWatchers } from "../../../src/edges/files/place-watchers.js";
import { eventually, staysFor } from "../../support/eventually.js";
import { tempDir } from "../../support/temp-dir.js";

/** A folder in which things happen, and how often that was told. */
async function openWorld() {
  const directory = await tempDir();
  const count = { told: 0 };
  const watchers = new PlaceWatchers(() => {
    count.told++;
  });
  return {
    watchers,
    at: (name: string): string => join(directory.path, name),
    /** Resolves when what `change` does was told. */
    async tells(change: () => Promise<unknown>): Promise<void> {
      const before = count.told;
      await change();
      await eventually("word of it", () => count.told > before, 2_000);
    },
    async isSilent(change: () => Promise<unknown>): Promise<void> {
      const before = count.told;
      await change();
      await staysFor("silence", 200, () => count.told === before);
    },
    async [Symbol.asyncDispose]() {
      watchers[Symbol.dispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

describe("places that are watched", () => {
  test("are those of a name in a folder, or all in it", async () => {
    await using world = await openWorld();
    await world.watchers.follow([{ folder: world.at("."), name: "one" }]);
    await world.isSilent(() => writeFile(world.at("other"), ""));
    await world.tells(() => writeFile(world.at("one"), ""));
    await world.watchers.follow([{ folder: world.at(".") }, { folder: world.at("."), name: "one" }]);
    await world.tells(() => writeFile(world.at("other"), "1"));
    await world.watchers.follow([{ folder: world.at("."), name: "one" }]);
    await world.isSilent(() => writeFile(world.at("other"), "2"));
  });

  test("are all that lead to a path: folders above it, and links", async () => {
    await using world = await openWorld();
    for (const folder of ["a/b", "real/c"]) await mkdir(world.at(folder), { recursive: true });
    await symlink("../../real", world.at("a/b/link"));
    await writeFile(world.at("real/c/file"), "1");
    const path = world.at("a/b/link/c/file");
    const places = (await placesAlong(path)).map(({ folder, name }) => join(folder, name ?? ""));
    for (const part of ["a", "a/b", "a/b/link", "real", "real/c", "real/c/file"])
      expect(places).toContain(world.at(part));
    for (const change of [
      () => writeFile(world.at("real/c/file"), "2"),
      () => rename(world.at("real/c"), world.at("real/d")),
      () => rename(world.at("real/d"), world.at("real/c")),
      () => rename(world.at("a"), world.at("z")),
      () => rename(world.at("z"), world.at("a")),
      () => unlink(world.at("a/b/link")),
      () => symlink("../../real", world.at("a/b/link")),
    ]) {
      await world.watchers.follow(await placesAlong(path));
      await world.tells(change);
    }
  });

  test("below a path are those of all folders and of what links there lead to", async () => {
    await using world = await openWorld();
    for (const folder of ["top/sub", "far"]) await mkdir(world.at(folder), { recursive: true });
    await writeFile(world.at("far/file"), "1");
    await symlink("../far/file", world.at("top/link"));
    await symlink("..", world.at("top/sub/round"));
    for (const change of [
      () => writeFile(world.at("far/file"), "2"),
      () => writeFile(world.at("top/sub/file"), "2"),
      () => rename(world.at("top"), world.at("before")),
      () => rename(world.at("before"), world.at("top")),
      () => writeFile(world.at("top/file"), "2"),
    ]) {
      await world.watchers.follow(await placesBelow(world.at("top")));
      await world.tells(change);
    }
  });

  test("are none after the end, also where it comes while they are looked for", async () => {
    await using world = await openWorld();
    await symlink("loop", world.at("loop"));
    expect(await placesBelow(world.at("loop"))).not.toEqual([]);
    const following = world.watchers.follow([{ folder: world.at(".") }]);
    world.watchers[Symbol.dispose]();
    await following;
    await world.isSilent(() => writeFile(world.at("file"), ""));
  });
});
