import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, lchown, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runShell } from "../../src/edges/host/command.js";
import { HistoryFolder } from "../../src/edges/history/history-folder.js";
import { type TargetFile, type TargetSettings } from "../../src/edges/output/target-file.js";
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

describe("what somebody else has put in the way, who may write in the folder", () => {
  const SOMEBODY = 1;

  /** A folder of somebody else's with a file of root's outside of it, and a link of theirs. */
  async function trap(name: string, to: string) {
    const here = await targetWorld();
    const secret = join(here.directory, "of root");
    await mkdir(secret);
    await writeFile(join(secret, "passwd"), "untouched", { mode: 0o600 });
    const folder = join(here.directory, "theirs");
    await mkdir(folder);
    const link = join(folder, name);
    await symlink(join(secret, to), link);
    await lchown(link, SOMEBODY, SOMEBODY);
    return {
      ...here,
      dest: join(folder, "one.cfg"),
      target: (more: Partial<TargetSettings> = {}) => here.target({ dest: join(folder, "one.cfg"), ...more }),
      async isUntouched(): Promise<void> {
        expect(await readdir(secret)).toEqual(["passwd"]);
        expect(await readFile(join(secret, "passwd"), "utf8")).toBe("untouched");
        expect((await stat(join(secret, "passwd"))).mode & 0o777).toBe(0o600);
      },
      secret,
    };
  }

  test.each([
    ["passwd", "of a file that is there"],
    ["new", "of one that is not"],
  ])("is not followed: their link in the place %s (%s)", async (to) => {
    await using here = await trap("one.cfg", to);
    await expect(put(here.target(), "text")).rejects.toThrow(/one.cfg is a link of user 1, and leads to/);
    await expect(here.target({ mode: 0o666 }).amend()).rejects.toThrow(/is a link of user 1/);
    await here.isUntouched();
  });

  test("is not followed: their link in the place of a folder on the way", async () => {
    await using here = await trap("way", "");
    const target = here.target({ dest: join(here.directory, "theirs", "way", "passwd") });
    await expect(put(target, "text")).rejects.toThrow(/way is a link of user 1/);
    await here.isUntouched();
  });

  test("is not followed: their link in the place of the backups", async () => {
    await using here = await trap(".hecd-backup", "");
    await writeFile(here.dest, "old");
    await expect(put(here.target(), "text")).rejects.toThrow(/.hecd-backup is a link of user 1/);
    expect(await readFile(here.dest, "utf8")).toBe("old");
    await here.isUntouched();
  });

  test("is not written through: their link in the place of the copy for a failed reload", async () => {
    for (const afterFailedReload of ["keep", "restore"] as const) {
      await using here = await trap(".one.cfg.hecd-last-good", "new");
      await writeFile(here.dest, "old");
      await put(here.target({ afterFailedReload }), "text");
      expect(await readFile(here.dest, "utf8")).toBe("text");
      await here.isUntouched();
    }
  });

  test("is not followed, and not written through: their links in the place of the history", async () => {
    const end = { id: 0, resource: "", text: "", addresses: new Set<string>() };
    const entry = {
      id: 1,
      at: "",
      resource: "",
      dest: "",
      why: { kind: "start" },
      outcome: "applied",
      tookMs: 0,
    } as const;
    {
      await using here = await trap(".hecd-history", "");
      await expect(new HistoryFolder(here.dest).append({ entry, resource: "" }, end)).rejects.toThrow(
        /a link of user 1/,
      );
      await here.isUntouched();
    }
    await using here = await trap("their link", "passwd");
    const history = new HistoryFolder(here.dest);
    await history.append({ entry, resource: "" }, end);
    const folder = join(here.directory, "theirs", ".hecd-history", "one.cfg");
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const [part = ""] = await readdir(folder);
    expect((await stat(join(folder, part))).mode & 0o777).toBe(0o600);
    await rename(join(here.directory, "theirs", "their link"), join(folder, part));
    await expect(history.append({ entry, resource: "" }, end)).rejects.toThrow("ELOOP");
    await here.isUntouched();
  });

  test("is followed where it leads to what is theirs, or where the link is root's", async () => {
    await using here = await trap("elsewhere", "passwd");
    const theirs = join(here.directory, "theirs", "real.cfg");
    await writeFile(theirs, "old");
    await lchown(theirs, SOMEBODY, SOMEBODY);
    await symlink("real.cfg", here.dest);
    for (const owner of [SOMEBODY, 0]) {
      await lchown(here.dest, owner, owner);
      await put(here.target(), `text ${owner}`);
      expect(await readFile(theirs, "utf8")).toBe(`text ${owner}`);
      expect((await stat(theirs)).uid).toBe(SOMEBODY);
    }
  });

  test("has copies of a file that not everybody may read, which nobody else may read either", async () => {
    await using here = await targetWorld();
    await writeFile(here.dest, "old", { mode: 0o600 });
    const target = here.target();
    for (const text of ["1", "2"]) {
      await put(target, text);
      await target.confirm();
    }
    const backups = join(here.directory, ".hecd-backup");
    expect((await stat(backups)).mode & 0o777).toBe(0o700);
    const names = await readdir(backups);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) expect((await stat(join(backups, name))).mode & 0o777).toBe(0o600);
    expect((await stat(here.dest)).mode & 0o777).toBe(0o600);
  });
});
