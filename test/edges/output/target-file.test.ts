import { chmod, lstat, mkdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { TargetFile } from "../../../src/edges/output/target-file.js";
import { targetWorld } from "../../support/target-world.js";

async function put(target: TargetFile, text: string): Promise<void> {
  await using staged = await target.stage(text);
  await staged.commit();
}

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777;

describe("a file that is only ever replaced whole", () => {
  test("is staged beside itself and untouched until it is committed", async () => {
    await using here = await targetWorld();
    await writeFile(here.dest, "old");
    {
      await using staged = await here.target().stage("new");
      expect(await readFile(staged.path, "utf8")).toBe("new");
      expect(staged.path).toMatch(/\/\.one\.cfg[0-9]{12}$/);
      expect(await readFile(here.dest, "utf8")).toBe("old");
    }
    expect(await here.files()).toEqual(["one.cfg"]);
  });

  test("is replaced by another file, never written into", async () => {
    await using here = await targetWorld();
    await writeFile(here.dest, "old");
    const before = (await stat(here.dest)).ino;
    await put(here.target(), "new");
    expect(await readFile(here.dest, "utf8")).toBe("new");
    expect((await stat(here.dest)).ino).not.toBe(before);
  });

  test("is read once more after each change, for the next one, and nobody minds if it is gone by then", async () => {
    await using here = await targetWorld();
    const target = here.target();
    await put(target, "new");
    await rm(here.dest);
    here.later.shift()?.();
    expect(await target.read()).toBeUndefined();
    await put(target, "after");
    here.later.shift()?.();
    await writeFile(here.dest, "other"); // as long, by somebody else
    expect(await target.read()).toBe("other");
    expect(here.later).toEqual([]);
  });

  test("counts as unproven until it is confirmed, also for the next process", async () => {
    await using here = await targetWorld();
    await writeFile(here.dest, "old");
    await put(here.target(), "new");
    expect(await here.target().condition()).toBe("unproven");
    await here.target().confirm();
    expect(await here.target().condition()).toBe("sound");
    expect(await here.files()).toEqual(["one.cfg"]);
  });

  test("gives way to the last one that was proven, however many were tried since", async () => {
    await using here = await targetWorld();
    await writeFile(here.dest, "good", { mode: 0o640 });
    await put(here.target({ mode: 0o600 }), "bad");
    await put(here.target({ mode: 0o600 }), "worse");
    expect(await here.target().restore()).toBe(true);
    expect(await readFile(here.dest, "utf8")).toBe("good");
    expect(await modeOf(here.dest)).toBe(0o640);
    expect(await here.target().condition()).toBe("unproven"); // what reads it has yet to take it back
    await here.target().confirm();
    expect(await here.target().restore()).toBe(false);
  });

  test("stays when there was none before it", async () => {
    await using here = await targetWorld();
    await put(here.target(), "first");
    expect(await here.target().condition()).toBe("unproven");
    expect(await here.target().restore()).toBe(false);
    expect(await here.target().read()).toBe("first");
    await here.target().confirm();
    expect(await here.files()).toEqual(["one.cfg"]);
  });

  test("is read as undefined when there is none", async () => {
    await using here = await targetWorld();
    expect(await here.target().read()).toBeUndefined();
    expect(await here.target().condition()).toBe("sound");
  });
});

describe("permissions and owner", () => {
  test("are kept when nobody says anything, 0644 for a new file", async () => {
    await using here = await targetWorld();
    await put(here.target(), "first");
    expect(await modeOf(here.dest)).toBe(0o644);
    await chmod(here.dest, 0o4750);
    await put(here.target(), "second");
    expect(await modeOf(here.dest)).toBe(0o4750);
  });

  test("are given before anybody can read the file", async () => {
    await using here = await targetWorld();
    await using staged = await here.target({ mode: 0o600 }).stage("secret");
    expect(await modeOf(staged.path)).toBe(0o600);
  });
});

describe("old versions of a file", () => {
  test("are kept with their date, the last ten", async () => {
    await using here = await targetWorld();
    await writeFile(here.dest, "0");
    for (let version = 1; version <= 12; version++) {
      await put(here.target(), String(version));
      await here.target().confirm();
    }
    const backups = await here.backups();
    expect(backups).toHaveLength(10);
    expect(backups[0]).toMatch(/^one\.cfg\.\d{4}-\d\d-\d\d-\d{6}\.\d{3}$/);
    const kept = await Promise.all(backups.map((name) => readFile(join(here.directory, ".hecd-backup", name), "utf8")));
    expect(kept).toEqual(["2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]);
  });

  test("are not driven out by one that is tried again and again", async () => {
    await using here = await targetWorld();
    await writeFile(here.dest, "good");
    for (let attempt = 0; attempt < 3; attempt++) {
      await put(here.target(), `bad ${attempt}`);
      await here.target().restore();
      await here.target().confirm();
    }
    expect(await here.backups()).toHaveLength(1);
  });
});

describe("the first file of somebody else", () => {
  test("is kept for good, whatever comes after it, and that is told", async () => {
    await using here = await targetWorld();
    await writeFile(here.dest, "by hand", { mode: 0o640 });
    for (let version = 1; version <= 12; version++) {
      await put(here.target(), String(version));
      await here.target().confirm();
    }
    expect(await here.original()).toBe("by hand");
    const copy = join(here.directory, ".hecd-backup", "one.cfg.original");
    expect(await modeOf(copy)).toBe(0o640);
    expect(here.told).toEqual([{ kind: "original-kept", path: here.dest, copy }]);
  });

  test("is none where we have written the first ourselves, also for the next process", async () => {
    await using here = await targetWorld();
    for (const text of ["first", "second", "third"]) {
      await put(here.target(), text);
      await here.target().confirm();
    }
    expect([await here.original(), here.told]).toEqual(["", []]);
  });
});

describe("a change at run time", () => {
  test("leaves the copies that were kept before reloads alone", async () => {
    await using here = await targetWorld();
    await writeFile(here.dest, "0");
    await put(here.target(), "by a reload");
    await here.target().confirm();
    for (let change = 0; change < 20; change++) {
      await using staged = await here.target().stage(`at run time ${change}`);
      await staged.commit("runtime");
      await here.target().confirm();
    }
    expect(await here.backups()).toHaveLength(1);
    expect(await here.target().read()).toBe("at run time 19");
  });
});

describe("the place of a file", () => {
  test("may be a link, which stays one", async () => {
    await using here = await targetWorld();
    await mkdir(join(here.directory, "real"));
    const real = join(here.directory, "real", "file.cfg");
    await symlink(real, here.dest); // leads to nothing yet
    await put(here.target(), "first");
    await put(here.target(), "second");
    expect((await lstat(here.dest)).isSymbolicLink()).toBe(true);
    expect(await readFile(real, "utf8")).toBe("second");
    expect(await here.target().read()).toBe("second");
  });

  test("must have a directory", async () => {
    await using here = await targetWorld();
    const target = here.target({ dest: join(here.directory, "none", "file.cfg") });
    await expect(target.stage("x")).rejects.toThrow(/^Cannot write .*file\.cfg: there is no directory .*none/);
  });

  test("must not be a directory itself", async () => {
    await using here = await targetWorld();
    const target = here.target({ dest: here.directory });
    await expect(target.read()).rejects.toThrow(/^Cannot read .*EISDIR/);
  });

  test("is swept of what somebody left behind who died long ago", async () => {
    await using here = await targetWorld();
    const old = join(here.directory, ".one.cfg012345678901");
    const young = join(here.directory, ".one.cfg109876543210");
    const foreign = join(here.directory, ".two.cfg012345678901");
    for (const path of [old, young, foreign]) await writeFile(path, "");
    for (const path of [old, foreign]) await utimes(path, 1_000_000, 1_000_000);
    await using staged = await here.target().stage("x");
    expect(await here.files()).toEqual(
      [young, foreign, staged.path].map((path) => path.slice(here.directory.length + 1)).sort(),
    );
  });
});
