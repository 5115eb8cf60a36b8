import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "vitest";
import { PlaceWatch } from "../../../src/edges/certificates/place-watch.js";
import { systemClock } from "../../../src/flow/clock.js";
import { eventually, staysFor } from "../../support/eventually.js";
import { tempDir } from "../../support/temp-dir.js";

/** Counts how often a watch tells of a change. */
function counted(places: PlaceWatch) {
  const stop = new AbortController();
  const count = { told: 0 };
  const over = (async () => {
    const stirs = places.watch(stop.signal);
    for (;;) {
      await stirs.next();
      count.told++;
    }
  })().catch((error: unknown) => error);
  return {
    count,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await over;
    },
  };
}

describe.concurrent("a watch of places", () => {
  test("tells of a file that is written, replaced or removed, and of no other folder", async () => {
    await using directory = await tempDir();
    const [watched, other] = [join(directory.path, "watched"), join(directory.path, "other")];
    for (const folder of [watched, other]) await mkdir(folder);
    const places = new PlaceWatch(systemClock);
    await using watch = counted(places);
    await places.follow([{ folder: watched }]);
    await writeFile(join(other, "a.pem"), "1");
    await staysFor("silence", 300, () => watch.count.told === 0);
    await writeFile(join(watched, "a.pem"), "1");
    await eventually("word of a new file", () => watch.count.told === 1);
    await rename(join(other, "a.pem"), join(watched, "a.pem"));
    await eventually("word of another file", () => watch.count.told === 2);
  });

  test("tells once of what changes in many steps", async () => {
    await using directory = await tempDir();
    const places = new PlaceWatch(systemClock);
    await using watch = counted(places);
    await places.follow([{ folder: directory.path }]);
    for (let each = 0; each < 20; each++) await writeFile(join(directory.path, `${each}.pem`), "1");
    await eventually("word of them", () => watch.count.told > 0);
    await staysFor("silence", 300, () => watch.count.told === 1);
  });

  test("follows a folder that was made anew, once it is meant again", async () => {
    await using directory = await tempDir();
    const folder = join(directory.path, "certs");
    await mkdir(folder);
    const places = new PlaceWatch(systemClock);
    await using watch = counted(places);
    await places.follow([{ folder }]);
    await rename(folder, `${folder}.old`);
    await mkdir(folder);
    await places.follow([{ folder }]);
    const before = watch.count.told;
    await writeFile(join(folder, "a.pem"), "1");
    await eventually("word of the new folder's file", () => watch.count.told > before);
  });

  test("is of no folder that is missing, and of none while nobody watches", async () => {
    await using directory = await tempDir();
    const places = new PlaceWatch(systemClock);
    await places.follow([{ folder: directory.path }]);
    await using watch = counted(places);
    await places.follow([{ folder: join(directory.path, "missing") }]);
    await writeFile(join(directory.path, "a.pem"), "1");
    await staysFor("silence", 300, () => watch.count.told === 0);
  });
});
