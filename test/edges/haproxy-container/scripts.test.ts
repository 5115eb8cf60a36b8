import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  COMMIT,
  CONFIRM,
  KEPT_VERSIONS,
  LAST_GOOD,
  SHOW_FILE,
  RELAY,
  RELAYS,
} from "../../../src/edges/haproxy-container/scripts.js";
import { parseShownFile } from "../../../src/edges/haproxy-container/shown-file.js";
import { freePort } from "../../support/free-port.js";
import { tempDir } from "../../support/temp-dir.js";

const run = promisify(execFile);

let folder: Awaited<ReturnType<typeof tempDir>>;
let path: string;

beforeEach(async () => {
  folder = await tempDir();
  path = join(folder.path, "haproxy.cfg");
});

afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

async function sh(script: string, args: readonly string[] = []): Promise<string> {
  return (await run("sh", ["-c", script, "sh", ...args])).stdout;
}

const look = async (at = path) => parseShownFile(await sh(SHOW_FILE, [at]));

/** Puts a text in place, as of a moment. */
async function commit(text: string, stamp: number, change = "reload", ...moves: readonly string[]): Promise<void> {
  const staged = `${path}.staged`;
  await writeFile(staged, text);
  await sh(COMMIT, [path, change, `2026-01-01-${String(stamp).padStart(6, "0")}.000`, "mv", staged, path, ...moves]);
}

describe("a file in a container", () => {
  test("is shown with all that is known of it, behind a link too", async () => {
    expect(await look()).toMatchObject({ path, owned: undefined, isUnproven: false, text: undefined });
    await writeFile(path, "one\n\ntwo", { mode: 0o640 });
    await writeFile(`${path}.routes.map`, "");
    await symlink("haproxy.cfg", join(folder.path, "link"));
    const shown = await look(join(folder.path, "link"));
    expect(shown).toMatchObject({ path, owned: { mode: 0o640 }, isUnproven: false, text: "one\n\ntwo" });
    expect(shown?.beside).toEqual(new Map([["haproxy.cfg.routes.map", "d41d8cd98f00b204e9800998ecf8427e"]]));
    await expect(look("/no/such/folder/haproxy.cfg")).rejects.toMatchObject({ code: 66 });
  });

  test("is unproven from its change to its proof, with the last good one beside it", async () => {
    await writeFile(path, "old");
    await commit("new", 1);
    expect(await look()).toMatchObject({ isUnproven: true, text: "new" });
    await commit("newer", 2);
    expect(await sh(LAST_GOOD, [path])).toBe("old");
    await sh(CONFIRM, [path]);
    expect(await look()).toMatchObject({ isUnproven: false, text: "newer" });
    expect(await sh(LAST_GOOD, [path])).toBe("");
  });

  test("is kept as it was at first, and in its last versions before a reload", async () => {
    const backups = join(folder.path, ".hecd-backup");
    await writeFile(path, "0");
    await commit("1", 1);
    expect((await readdir(backups)).sort()).toEqual(["haproxy.cfg.2026-01-01-000001.000", "haproxy.cfg.original"]);
    for (let turn = 2; turn <= KEPT_VERSIONS + 3; turn++)
      await writeFile(join(backups, `haproxy.cfg.2026-01-01-${String(turn).padStart(6, "0")}.000`), "older");
    await sh(CONFIRM, [path]);
    await commit("2", 99);
    await sh(CONFIRM, [path]);
    const kept = (await readdir(backups)).sort();
    expect(kept).toHaveLength(KEPT_VERSIONS + 1);
    expect(kept.slice(-3)).toEqual([
      "haproxy.cfg.2026-01-01-000013.000",
      "haproxy.cfg.2026-01-01-000099.000",
      "haproxy.cfg.original",
    ]);
    const texts = ["000099.000", ".original"].map((end) => kept.find((name) => name.endsWith(end)) ?? "");
    expect(await Promise.all(texts.map((name) => readFile(join(backups, name), "utf8")))).toEqual(["1", "0"]);
    await commit("at run time", 100, "runtime");
    expect(await readdir(backups)).toHaveLength(KEPT_VERSIONS + 1);
  });

  test("comes with other files, and takes others away", async () => {
    const [map, old] = [`${path}.a.map`, `${path}.b.map`];
    await writeFile(`${map}.staged`, "a");
    await writeFile(old, "b");
    await commit("new", 1, "reload", "mv", `${map}.staged`, map, "rm", old);
    expect((await readdir(folder.path)).filter((name) => !name.startsWith(".")).sort()).toEqual([
      "haproxy.cfg",
      "haproxy.cfg.a.map",
    ]);
    await expect(sh(COMMIT, [path, "reload", "x", "touch", "/tmp/x"])).rejects.toMatchObject({ code: 64 });
  });

  test("is not taken for one where something else is shown", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseShownFile(text)).toBeUndefined();
      }),
    );
  });
});

describe("what passes commands on in a container", () => {
  /** What a script is run with that finds these programs of the machine, and no others. */
  async function onlyWith(programs: readonly string[]): Promise<NodeJS.ProcessEnv> {
    const bin = join(folder.path, "bin");
    await mkdir(bin);
    for (const program of programs) {
      const { stdout } = await run("sh", ["-c", 'command -v "$1"', "sh", program]);
      await symlink(stdout.trim(), join(bin, program));
    }
    return { PATH: bin };
  }

  /** Runs a script by the shell of the machine itself. */
  const within = async (script: string, env: NodeJS.ProcessEnv): Promise<string> =>
    (await run("/bin/sh", ["-c", script, "sh"], { env })).stdout;

  /** Answers with what it has heard, once that is whole. */
  const answering = (): Server =>
    createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("data", (chunk: Buffer) => {
        if (chunk.includes("\n")) socket.end(`heard ${chunk.toString()}`);
      });
    });

  test("leads to a socket with perl, and says so where nobody listens", async () => {
    const env = await onlyWith(["perl"]);
    expect(await within(RELAYS, env)).toBe("unix\ntcp\n");
    const socket = join(folder.path, "admin.sock");
    const ask = (line: string) => within(RELAY, { ...env, HECD_SOCKET: socket, HECD_LINE: line });
    await expect(ask("show info")).rejects.toMatchObject({ code: 75 });
    await using server = answering();
    await once(server.listen(socket), "listening");
    expect(await ask("set server a/b $(false) 'x' <<\none\n")).toBe("heard set server a/b $(false) 'x' <<\none\n\n");
  });

  test.each([
    ["perl", ["perl"], "unix\ntcp\n"],
    ["bash", ["bash", "cat"], "tcp\n"],
  ])("leads to a port with %s, and says so where nobody listens", async (_, programs, kinds) => {
    const env = await onlyWith(programs);
    expect(await within(RELAYS, env)).toBe(kinds);
    const port = await freePort();
    const ask = (line: string) => within(RELAY, { ...env, HECD_SOCKET: `127.0.0.1:${port}`, HECD_LINE: line });
    await expect(ask("x")).rejects.toMatchObject({ code: 75 });
    await using server = answering();
    await once(server.listen(port, "127.0.0.1"), "listening");
    expect(await ask("show $(false) 'x' %s \\n")).toBe("heard show $(false) 'x' %s \\n\n");
  });

  test("is told to be missing where an image has nothing", async () => {
    expect(await within(RELAYS, await onlyWith([]))).toBe("");
  });
});
