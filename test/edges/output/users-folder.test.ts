import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FollowedFolder } from "../../../src/edges/output/followed-folder.js";
import { usersFolder } from "../../../src/edges/output/users-folder.js";
import { systemClock } from "../../../src/flow/clock.js";
import { Notifier } from "../../../src/flow/notifier.js";
import type { ResourceSet, Templates } from "../../../src/ports.js";
import { eventually } from "../../support/eventually.js";
import { ManualClock } from "../../support/manual-clock.js";
import { resourceOf } from "../../support/pushed-store.js";
import { tempDir } from "../../support/temp-dir.js";

const HASH = `$6$hecd$${"a".repeat(86)}`;
const SET: ResourceSet = {
  resources: [
    resourceOf({ name: "a.toml", dest: "/tmp/a.cfg", source: "{{#each userLists}}{{/each}}" }),
    resourceOf({ name: "b.toml", dest: "/tmp/b.cfg", source: "nobody" }),
  ],
  problems: [],
};

/** Templates that stay as they are until their watch fails. */
function still(): Templates & { fail(error: Error): void } {
  const news = new Notifier();
  let failure: Error | undefined;
  return {
    fail(error) {
      failure = error;
      news.notify();
    },
    read: () => Promise.resolve(SET),
    async *watch(signal) {
      yield SET;
      for (;;) {
        await news.wait(signal);
        if (failure) throw failure;
      }
    },
  };
}

/** A folder of users on the disk, and what is seen of it. */
async function openWorld(clock = systemClock) {
  const dir = await tempDir();
  const stop = new AbortController();
  const seen: ResourceSet[] = [];
  const templates = still();
  const folder = join(dir.path, "users");
  const watched = new FollowedFolder(templates, usersFolder(folder), { clock });
  const ended = (async () => {
    for await (const set of watched.watch(stop.signal)) seen.push(set);
  })().catch((error: unknown) => error);
  return {
    ...{ seen, templates, watched, ended },
    path: (name: string) => join(folder, name),
    make: () => mkdir(folder),
    /** The names of the users of each file, as they were seen last. */
    users: () =>
      Object.fromEntries(
        Object.entries(seen.at(-1)?.resources[0]?.users ?? {}).map(([file, { users }]) => [
          file,
          users.map(({ name }) => name),
        ]),
      ),
    async [Symbol.asyncDispose]() {
      stop.abort(new Error("the test is over"));
      await ended;
      await dir[Symbol.asyncDispose]();
    },
  };
}

describe.concurrent("a folder of users", () => {
  test("is known to the resources whose templates ask for users", async () => {
    await using world = await openWorld();
    await world.make();
    await writeFile(world.path("team"), `ann:${HASH}\n`);
    await writeFile(world.path(".team.swp"), `eve:${HASH}\n`);
    await mkdir(world.path("folder"));
    const { resources } = await world.watched.read();
    expect(resources.map(({ users }) => users)).toEqual([
      { team: { users: [{ name: "ann", hash: HASH }] } },
      undefined,
    ]);
  });

  test("is followed from before it is there, through files that come, change and go", async () => {
    await using world = await openWorld();
    await eventually("the first state", () => world.seen.length === 1);
    expect(world.users()).toEqual({});
    await world.make();
    await writeFile(world.path("team"), `ann:${HASH}\n`);
    await eventually("a file", () => world.users()["team"]?.join() === "ann");
    await writeFile(world.path("new"), `ann:${HASH}\nbob:${HASH}\n`);
    await rename(world.path("new"), world.path("team"));
    await eventually("another one in its place", () => world.users()["team"]?.join() === "ann,bob");
    await rm(world.path("team"));
    await eventually("none", () => Object.keys(world.users()).length === 0);
  });

  test("says nothing of a change that changes nothing", async () => {
    await using world = await openWorld();
    await world.make();
    await writeFile(world.path("team"), `ann:${HASH}\n`);
    await eventually("a file", () => world.users()["team"]?.join() === "ann");
    const before = world.seen.length;
    await writeFile(world.path("team"), `# the team\nann:${HASH}\n`);
    await writeFile(world.path("other"), `bob:${HASH}\n`);
    await eventually("the other file", () => world.users()["other"] !== undefined);
    expect(world.seen).toHaveLength(before + 1);
  });

  test("looks every 30 s for what no event told of, and leaves no timer behind", async () => {
    const clock = new ManualClock();
    await using world = await openWorld(clock);
    await eventually("the quiet after the start", async () => {
      await clock.advance(1_000);
      return world.seen.length === 1 && clock.pending === 1;
    });
    await world[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });

  test("ends with the templates", async () => {
    await using world = await openWorld();
    await eventually("the first state", () => world.seen.length === 1);
    world.templates.fail(new Error("no templates any more"));
    expect(await world.ended).toEqual(new Error("no templates any more"));
  });
});
