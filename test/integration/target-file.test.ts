import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runShell } from "../../src/edges/host/command.js";
import { TargetFile } from "../../src/edges/output/target-file.js";
import { systemClock } from "../../src/flow/clock.js";
import { targetWorld } from "../support/target-world.js";

async function put(target: TargetFile, text: string): Promise<void> {
  await using staged = await target.stage(text);
  await staged.commit();
}

describe("a file, as root", () => {
  test("has the permissions and the owner it should have, and keeps them", async () => {
    await using here = await targetWorld();
    await writeFile(here.dest, "text");
    await chmod(here.dest, 0o644);
    const wanted = here.target({ mode: 0o640, uid: 1, gid: 1 });
    expect(await wanted.condition()).toBe("drifted");
    await wanted.amend();
    expect(await wanted.condition()).toBe("sound");
    expect(await stat(here.dest)).toMatchObject({ uid: 1, gid: 1 });
    await put(here.target(), "other");
    expect(await stat(here.dest)).toMatchObject({ uid: 1, gid: 1 });
  });

  test("may be a bind-mounted file, which is overwritten and told, and restored", async () => {
    await using here = await targetWorld();
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
