import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { TargetFile } from "../../../src/edges/output/target-file.js";
import { targetWorld } from "../../support/target-world.js";

const carrying = (lines: string, name = "one.cfg.map") =>
  `frontend f\n#hecd:map ${name}\n${lines}\n use_backend %[path,map(${name})]\n`;

async function put(target: TargetFile, text: string): Promise<void> {
  await using staged = await target.stage(text);
  await staged.commit();
}

describe("what a text carries", () => {
  test("comes into place with it, as readable as the text", async () => {
    await using here = await targetWorld();
    await put(here.target({ mode: 0o640 }), carrying("#| /a b"));
    const map = join(here.directory, "one.cfg.map");
    expect(await readFile(map, "utf8")).toBe("/a b\n");
    expect((await stat(map)).mode & 0o7777).toBe(0o640);
    await here.target().confirm();
    expect(await here.target({ mode: 0o640 }).condition()).toBe("sound");
  });

  test("is judged before it is in place, and is gone where that comes to nothing", async () => {
    await using here = await targetWorld();
    await put(here.target(), carrying("#| /a b"));
    {
      await using staged = await here.target().stage(carrying("#| /a c"));
      const text = await readFile(staged.path, "utf8");
      const [, name = ""] = /map\((.*)\)/.exec(text) ?? [];
      expect(name).toMatch(/^\.one\.cfg\.map[0-9]{12}$/);
      expect(text).toBe(carrying("#| /a c").replace("map(one.cfg.map)", `map(${name})`));
      expect(await readFile(join(here.directory, name), "utf8")).toBe("/a c\n");
      expect(await readFile(join(here.directory, "one.cfg.map"), "utf8")).toBe("/a b\n");
    }
    await here.target().confirm();
    expect(await here.files()).toEqual(["one.cfg", "one.cfg.map"]);
  });

  test("is not written again where it is there", async () => {
    await using here = await targetWorld();
    await put(here.target(), carrying("#| /a b"));
    const before = await stat(join(here.directory, "one.cfg.map"));
    await using staged = await here.target().stage(`${carrying("#| /a b")} bind :80\n`);
    expect(await readFile(staged.path, "utf8")).toBe(`${carrying("#| /a b")} bind :80\n`);
    await staged.commit();
    expect((await stat(join(here.directory, "one.cfg.map"))).ino).toBe(before.ino);
  });

  test("comes back with the last text that was proven", async () => {
    await using here = await targetWorld();
    await put(here.target(), carrying("#| /a good"));
    await here.target().confirm();
    await put(here.target(), carrying("#| /a bad"));
    expect(await here.target().restore()).toBe(true);
    expect(await readFile(here.dest, "utf8")).toBe(carrying("#| /a good"));
    expect(await readFile(join(here.directory, "one.cfg.map"), "utf8")).toBe("/a good\n");
  });

  test("goes with the text that carries it", async () => {
    await using here = await targetWorld();
    const target = here.target();
    await put(target, carrying("#| /a b"));
    await put(target, "frontend f\n");
    await target.confirm();
    expect(await here.files()).toEqual(["one.cfg"]);
  });

  test("is missed where somebody has changed it, told, and put right", async () => {
    await using here = await targetWorld();
    const target = here.target();
    await put(target, carrying("#| /a b"));
    await target.confirm();
    await writeFile(join(here.directory, "one.cfg.map"), "/a c\n");
    expect(await target.condition()).toBe("drifted");
    expect(await target.differences(carrying("#| /a b"))).toEqual([
      {
        what: "md5sum of one.cfg.map",
        has: "92f4015e3fed30785ef1662cf2f57d1c",
        shouldBe: "1d7d79c6ca746ff3ce8c7a841213eab2",
      },
    ]);
    await target.amend();
    expect(await readFile(join(here.directory, "one.cfg.map"), "utf8")).toBe("/a b\n");
    expect(await target.condition()).toBe("sound");
  });

  test("is of another text where a process has died between the two, which the next one sees", async () => {
    await using here = await targetWorld();
    await put(here.target(), carrying("#| /a b"));
    await writeFile(join(here.directory, "one.cfg.map"), "/a c\n");
    expect(await here.target().condition()).toBe("torn");
    await put(here.target(), carrying("#| /a b"));
    expect(await here.target().condition()).toBe("unproven");
    expect(await readFile(join(here.directory, "one.cfg.map"), "utf8")).toBe("/a b\n");
  });

  test.each(["other.map", "one.cfg", "one.cfgmap", ".one.cfg.map"])("is nothing by the name %s", async (name) => {
    await using here = await targetWorld();
    await writeFile(join(here.directory, "other.map"), "theirs");
    await chmod(join(here.directory, "other.map"), 0o600);
    await put(here.target(), carrying("#| /a b", name));
    await here.target().confirm();
    expect(await here.files()).toEqual(["one.cfg", "other.map"]);
    expect(await readFile(here.dest, "utf8")).toBe(carrying("#| /a b", name));
    expect(await readFile(join(here.directory, "other.map"), "utf8")).toBe("theirs");
  });
});
