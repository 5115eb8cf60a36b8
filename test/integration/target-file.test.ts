import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { HecdEvent } from "../../src/core/event.js";
import { runShell } from "../../src/edges/command.js";
import { TargetFile, type TargetSettings } from "../../src/edges/target-file.js";
import { systemClock } from "../../src/flow/clock.js";
import { resourceOf } from "../support/pushed-store.js";
import { tempDir } from "../support/temp-dir.js";

async function world() {
  const directory = await tempDir();
  const dest = join(directory.path, "one.cfg");
  const told: HecdEvent[] = [];
  return {
    directory: directory.path,
    dest,
    told,
    target: (more: Partial<TargetSettings> = {}) =>
      new TargetFile({ ...resourceOf({ dest }), ...more }, (event) => told.push(event)),
    files: async () => (await readdir(directory.path)).sort(),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

async function put(target: TargetFile, text: string): Promise<void> {
  await using staged = await target.stage(text);
  await staged.commit();
}

describe("a file, as root", () => {
  test("has the permissions and the owner it should have, and keeps them", async () => {
    await using here = await world();
    await writeFile(here.dest, "text");
    await chmod(here.dest, 0o644);
    const wanted = here.target({ mode: 0o640, uid: 1, gid: 1 });
    expect(await wanted.standing()).toBe("drifted");
    await wanted.amend();
    expect(await wanted.standing()).toBe("sound");
    expect(await stat(here.dest)).toMatchObject({ uid: 1, gid: 1 });
    await put(here.target(), "other");
    expect(await stat(here.dest)).toMatchObject({ uid: 1, gid: 1 });
  });

  test("may be a bind-mounted file, which is overwritten and told, and restored", async () => {
    await using here = await world();
    const source = join(here.directory, "source.cfg");
    await writeFile(source, "old");
    await writeFile(here.dest, "");
    const limits = { deadlineMs: 5_000, clock: systemClock };
    const signal = new AbortController().signal;
    const mount = await runShell(`mount --bind ${source} ${here.dest}`, limits, signal);
    expect(mount).toMatchObject({ exitCode: 0, output: "" });
    try {
      await put(here.target(), "new and longer");
      expect(await readFile(source, "utf8")).toBe("new and longer");
      expect(here.told).toEqual([{ kind: "written-in-place", path: here.dest }]);
      expect(await here.target().restore()).toBe(true);
      expect(await readFile(source, "utf8")).toBe("old");
      expect((await here.files()).filter((name) => /hecd-[0-9a-f]{12}$/.test(name))).toEqual([]);
    } finally {
      await runShell(`umount ${here.dest}`, limits, signal);
    }
  });
});
