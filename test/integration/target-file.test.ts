import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runShell } from "../../src/edges/host/command.js";
import { TargetFile } from "../../src/edges/output/target-file.js";
import { systemClock } from "../../src/flow/clock.js";
import { eventually } from "../support/eventually.js";
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

  test("may be a bind-mounted file, which is overwritten, told of once, and restored", async () => {
    await using here = await targetWorld();
    const source = join(here.directory, "source.cfg");
    await writeFile(source, "old");
    await writeFile(here.dest, "");
    const limits = { deadlineMs: 5_000, clock: systemClock };
    const signal = new AbortController().signal;
    const mount = await runShell(`mount --bind ${source} ${here.dest}`, limits, signal);
    expect(mount).toMatchObject({ exitCode: 0, output: "" });
    try {
      const target = here.target({ mode: 0o640, gid: 1 });
      for (const text of ["new", "new and longer"]) {
        await put(target, text);
        expect(await readFile(source, "utf8")).toBe(text);
        expect(await stat(source)).toMatchObject({ gid: 1, mode: 0o100640 });
        expect(await target.condition()).toBe("unproven");
      }
      expect(here.told).toEqual([
        { kind: "original-kept", path: here.dest, copy: join(here.directory, ".hecd-backup", "one.cfg.original") },
        { kind: "written-in-place", path: here.dest },
      ]);
      expect(await here.target().restore()).toBe(true);
      expect(await readFile(source, "utf8")).toBe("old");
      expect((await here.files()).filter((name) => /hecd-[0-9a-f]{12}$/.test(name))).toEqual([]);
    } finally {
      await runShell(`umount ${here.dest}`, limits, signal);
    }
  });

  test("is overwritten where another process has it mounted by itself, as in a container", async () => {
    await using here = await targetWorld();
    await writeFile(here.dest, "old");
    const elsewhere = join(here.directory, "in a container.cfg");
    await writeFile(elsewhere, "");
    const script = 'mount --bind "$0" "$1" && echo ready && read _ && cat "$1"';
    const reader = spawn("unshare", ["-m", "sh", "-c", script, here.dest, elsewhere]);
    let printed = "";
    reader.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    const ended = once(reader, "close");
    await eventually("the mount", () => printed.includes("ready"));
    await put(here.target(), "new");
    reader.stdin.end("go\n");
    await ended;
    expect(printed).toBe("ready\nnew");
    expect(await readFile(elsewhere, "utf8")).toBe(""); // it was mounted there alone
    expect(here.told).toMatchObject([{ kind: "original-kept" }, { kind: "written-in-place" }]);
  });
});
