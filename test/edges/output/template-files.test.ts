import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { HecdEvent } from "../../../src/core/events/event.js";
import { TemplateFolder } from "../../../src/edges/output/template-files.js";
import { hasCode } from "../../../src/errors.js";
import { systemClock } from "../../../src/flow/clock.js";
import type { Resource, ResourceSet } from "../../../src/ports.js";
import { eventually } from "../../support/eventually.js";
import { ManualClock } from "../../support/manual-clock.js";
import { tempDir } from "../../support/temp-dir.js";

function toml(src: string, dest = "/tmp/out.cfg"): string {
  return `[template]\nsrc = "${src}"\ndest = "${dest}"\nkeys = ["/app"]\n`;
}

/** A folder of templates on the disk, and what is seen of it. */
async function openWorld(files: Record<string, string>, clock = systemClock, confdir?: string) {
  const dir = await tempDir();
  const stop = new AbortController();
  const seen: ResourceSet[] = [];
  const told: HecdEvent[] = [];
  const folder = new TemplateFolder(confdir ?? dir.path, { clock, emit: (event) => void told.push(event) });
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(join(dir.path, name)), { recursive: true });
    await writeFile(join(dir.path, name), text);
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  let ended: Promise<unknown> | undefined;
  return {
    folder,
    told,
    seen,
    write,
    path: (name: string) => join(dir.path, name),
    /** Follows the folder from now on; resolves when the first state is there. */
    async follow(): Promise<void> {
      ended = (async () => {
        for await (const set of folder.watch(stop.signal)) seen.push(set);
      })().catch((error: unknown) => error);
      await eventually("the first state", () => seen.length > 0);
    },
    /** Resolves when this is the text of the only template. */
    async source(text: string): Promise<void> {
      await eventually(`the source ${text}`, () => seen.at(-1)?.resources[0]?.source === text);
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error("the test is over"));
      if (ended) expect(await ended).toBe(stop.signal.reason);
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** A world in quiet, whose only template is where no event tells of it. */
async function openFar(clock: ManualClock) {
  const world = await openWorld(ONE, clock);
  const elsewhere = await tempDir();
  const write = (text: string): Promise<void> => writeFile(join(elsewhere.path, "far.hbs"), text);
  await write("one");
  await world.write("conf.d/a.toml", toml(`../${"../".repeat(20)}${elsewhere.path}/far.hbs`));
  await world.follow();
  await eventually("the quiet after the start", async () => {
    await clock.advance(1_000);
    return clock.pending === 1;
  });
  await clock.advance(2_000);
  await eventually("the second look to be over", () => clock.pending === 1);
  return {
    world,
    write,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await elsewhere[Symbol.asyncDispose]();
    },
  };
}

const ONE = { "conf.d/a.toml": toml("a.hbs"), "templates/a.hbs": "one" };

describe("a folder of templates", () => {
  test("gives its resources in the order of their names, those in folders below too", async () => {
    await using world = await openWorld({
      ...ONE,
      "conf.d/sub/b.toml": toml("sub/b.hbs", "/tmp/b.cfg"),
      "conf.d/Z.toml": toml("a.hbs", "/tmp/z.cfg"),
      "conf.d/.hidden.toml": "an editor's",
      "conf.d/readme.md": "no resource",
      "templates/sub/b.hbs": "two",
    });
    const { resources, problems } = await world.folder.read();
    expect(problems).toEqual([]);
    expect(resources.map(({ name, source }) => [name, source])).toEqual([
      ["Z.toml", "one"],
      ["a.toml", "one"],
      ["sub/b.toml", "two"],
    ]);
    expect(resources[1]).toMatchObject({
      src: world.path("templates/a.hbs"),
      dest: "/tmp/out.cfg",
      prefixes: ["/app"],
    });
  });

  test("names every problem and goes on with the other resources", async () => {
    await using world = await openWorld({
      ...ONE,
      "conf.d/b.toml": "[template]\nsrc = \n",
      "conf.d/c.toml": toml("none.hbs", "/tmp/c.cfg"),
      "conf.d/d.toml": `${toml("a.hbs", "/tmp/d.cfg")}owner = "nobody-here"\n`,
      "conf.d/e.toml": toml("a.hbs"),
    });
    await symlink("/nowhere", world.path("conf.d/f.toml"));
    const { resources, problems } = await world.folder.read();
    expect(resources.map(({ name }) => name)).toEqual(["a.toml"]);
    expect(problems).toEqual([
      { file: world.path("conf.d/b.toml"), reason: "line 2: invalid value" },
      {
        file: world.path("conf.d/c.toml"),
        reason: expect.stringMatching(/^template.src: ENOENT.*none\.hbs'$/) as unknown,
      },
      { file: world.path("conf.d/d.toml"), reason: 'template.owner: this machine knows no user "nobody-here"' },
      { file: world.path("conf.d/e.toml"), reason: "template.dest: a.toml writes /tmp/out.cfg already" },
      { file: world.path("conf.d/f.toml"), reason: expect.stringContaining("ENOENT") as unknown },
    ]);
  });

  test("looks up names of users and groups", async () => {
    await using world = await openWorld({
      ...ONE,
      "conf.d/a.toml": `${toml("a.hbs")}owner = "root"\ngroup = "root"\n`,
    });
    expect((await world.folder.read()).resources[0]).toMatchObject({ uid: 0, gid: 0 });
  });

  test("that is missing is an error that names it", async () => {
    await using world = await openWorld({});
    const failure = await world.folder.read().catch((error: unknown) => error);
    expect(hasCode(failure, "file-unreadable") && failure.fault.path).toBe(world.path("conf.d"));
    await expect(world.folder.watch(new AbortController().signal).next()).rejects.toThrow("Cannot read");
  });
});

describe.concurrent("a folder of templates that is followed", () => {
  test("shows a template that is written in place, renamed over, or made anew", async () => {
    await using world = await openWorld(ONE);
    await world.follow();
    await world.write("templates/a.hbs", "two");
    await world.source("two");
    await world.write("templates/.a.hbs.swp", "three");
    await rename(world.path("templates/.a.hbs.swp"), world.path("templates/a.hbs"));
    await world.source("three");
    await rm(world.path("templates/a.hbs"));
    await eventually("the missing template", () => world.seen.at(-1)?.problems.length === 1);
    await world.write("templates/a.hbs", "four");
    await world.source("four");
  });

  test("shows resources that come and go", async () => {
    await using world = await openWorld(ONE);
    await world.follow();
    await world.write("conf.d/sub/b.toml", toml("a.hbs", "/tmp/b.cfg"));
    await eventually("the new resource", () => world.seen.at(-1)?.resources.length === 2);
    await rm(world.path("conf.d/sub"), { recursive: true });
    await eventually("the old state", () => world.seen.at(-1)?.resources.length === 1);
  });

  test("shows each swap of the link that a Kubernetes volume makes", async () => {
    await using world = await openWorld({ "conf.d/a.toml": toml("a.hbs") });
    const publish = async (version: string): Promise<void> => {
      await world.write(`templates/..${version}/a.hbs`, version);
      await symlink(`..${version}`, world.path("templates/..data_tmp"));
      await rename(world.path("templates/..data_tmp"), world.path("templates/..data"));
    };
    await mkdir(world.path("templates"));
    await publish("one");
    await symlink("..data/a.hbs", world.path("templates/a.hbs"));
    await world.follow();
    for (const version of ["two", "three", "four"]) {
      await publish(version);
      await world.source(version);
    }
  });

  test("follows a folder that was taken away and made anew", async () => {
    await using world = await openWorld(ONE);
    await world.follow();
    await rename(world.path("conf.d"), world.path("elsewhere")); // at once: a folder that is emptied first has no resource
    await eventually("the missing folder", () => world.told.some(({ kind }) => kind === "resource-invalid"));
    expect(world.seen.at(-1)?.resources).toHaveLength(1);
    await world.write("conf.d/b.toml", toml("a.hbs", "/tmp/b.cfg"));
    await eventually("the new resource", () => world.seen.at(-1)?.resources[0]?.name === "b.toml");
  });

  test.each(["templates", "conf.d", "."])(
    "takes a folder that is swapped by two renames for a new one, and follows it: %s",
    async (name) => {
      await using world = await openWorld(ONE);
      await using other = await openWorld(ONE);
      await world.follow();
      for (const round of [1, 2]) {
        await other.write("templates/a.hbs", `swapped ${round}`);
        await other.write("conf.d/a.toml", toml("a.hbs", `/tmp/${round}.cfg`));
        await rename(world.path(name), other.path(`../former-${name}-${round}-${process.pid}`));
        await rename(other.path(name), world.path(name));
        const isNew = ({ source, dest }: Resource): boolean =>
          name === "conf.d" ? dest === `/tmp/${round}.cfg` : source === `swapped ${round}`;
        await eventually("the new folder", () => world.seen.at(-1)?.resources.some(isNew) === true, 2_000);
        for (const edit of [1, 2]) {
          await world.write("templates/a.hbs", `edit ${round}.${edit}`);
          await eventually("an edit", () => world.seen.at(-1)?.resources[0]?.source === `edit ${round}.${edit}`, 2_000);
        }
      }
    },
  );

  test("follows a folder that is named by a link, and each swap of that", async () => {
    await using first = await openWorld({ ...ONE, "templates/a.hbs": "first" });
    await using second = await openWorld({ ...ONE, "templates/a.hbs": "second" });
    await using place = await tempDir();
    await symlink(first.path("."), join(place.path, "current"));
    await using world = await openWorld({}, systemClock, join(place.path, "current"));
    await world.follow();
    for (const target of [second, first, second]) {
      await symlink(target.path("."), join(place.path, "next"));
      await rename(join(place.path, "next"), join(place.path, "current"));
      const text = target === first ? "first" : "second";
      await eventually("the swap", () => world.seen.at(-1)?.resources[0]?.source === text, 2_000);
      await target.write("templates/a.hbs", "edited");
      await eventually("an edit", () => world.seen.at(-1)?.resources[0]?.source === "edited", 2_000);
      await target.write("templates/a.hbs", text);
      await eventually("an edit back", () => world.seen.at(-1)?.resources[0]?.source === text, 2_000);
    }
  });

  test("says nothing of a change that changes nothing", async () => {
    await using world = await openWorld(ONE);
    await world.follow();
    await world.write("templates/a.hbs", "one");
    await world.write("templates/other.hbs", "nobody's");
    await world.write("templates/a.hbs", "two");
    await world.source("two");
    expect(world.seen.map(({ resources }) => resources[0]?.source)).toEqual(["one", "two"]);
  });

  test("looks every 30 s for what no event told of, and leaves no timer behind", async () => {
    const clock = new ManualClock();
    await using far = await openFar(clock);
    await far.write("two");
    expect(far.world.seen).toHaveLength(1);
    await clock.advance(30_000);
    await far.world.source("two");
    await far.world[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });

  test("looks again 2 s after an event, for what came right after it and was not told of", async () => {
    const clock = new ManualClock();
    await using far = await openFar(clock);
    far.world.folder.lookAgain();
    await clock.advance(200);
    await eventually("the look to be over", () => clock.pending === 1);
    await far.write("two");
    await clock.advance(1_900);
    expect(far.world.seen).toHaveLength(1);
    await clock.advance(100);
    await far.world.source("two");
  });
});
