import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { run } from "../../tools/machine/program.mjs";
import { eventually } from "../support/eventually.js";
import { tempDir } from "../support/temp-dir.js";

const UNITS = ["hecd-agent.service", "hecd-render.service", "hecd-render@.service"];
const DEPLOY = new URL("../../deploy/", import.meta.url);
const CONFD = new URL("../../dist/confd.js", import.meta.url).pathname;
const NOTIFY_EXEC = new URL("notify-exec", DEPLOY).pathname;

/** Lays the units out as they are installed, each one changed by `edit`; what they start is there on every machine. */
async function installed(edit: (unit: string) => string) {
  const directory = await tempDir();
  const paths: string[] = [];
  for (const name of UNITS) {
    const unit = await readFile(new URL(name, DEPLOY), "utf8");
    const path = join(directory.path, name.replace("@.", "@edge."));
    await writeFile(path, edit(unit).replace("/usr/lib/hecd/notify-exec /usr/bin/hecd", NOTIFY_EXEC));
    paths.push(path);
  }
  return { ...directory, paths };
}

describe("systemd", () => {
  /** What systemd has to say about the units, each one changed by `edit`. */
  async function verify(edit: (unit: string) => string) {
    await using units = await installed(edit);
    const { code, stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", ...units.paths]);
    return { code, said: stdout + stderr };
  }

  test("takes all units without a word", async () => {
    expect(await verify((unit) => unit)).toEqual({ code: 0, said: "" });
  });

  test("would not be silent about a key it does not know", async () => {
    expect((await verify((unit) => unit.replace("TimeoutStopSec", "TimeoutStopSecs"))).said).toMatch(/Unknown key/);
  });

  test("calls what each unit may do 3.0 of 10 at most", async () => {
    await using units = await installed((unit) => unit);
    for (const path of units.paths) {
      const { stdout } = await run("systemd-analyze", ["security", "--offline=true", "--threshold=30", path]);
      const [, exposure] = /exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
      expect(Number(exposure), stdout).toBeLessThanOrEqual(3);
    }
  });
});

/** A systemd of ours, which writes down what it hears; `words` grow. */
async function listening(abstract: boolean) {
  const directory = await tempDir();
  const path = abstract ? `@hecd-test-${process.pid}` : join(directory.path, "notify");
  const listen =
    "socket(S, AF_UNIX, SOCK_DGRAM, 0); $p = shift; $p =~ s/^@/\\0/; bind(S, pack_sockaddr_un($p)) or die $!; " +
    "$| = 1; print qq(listening\\n); while (defined recv(S, $m, 4096, 0)) { $m =~ tr/\\n/ /; print qq($m\\n) }";
  const systemd = spawn("perl", ["-MSocket", "-e", listen, path], { stdio: ["ignore", "pipe", "inherit"] });
  const words: string[] = [];
  createInterface(systemd.stdout).on("line", (line) => words.push(line));
  await eventually("a systemd", () => words.includes("listening"));
  return {
    path,
    words,
    async [Symbol.asyncDispose]() {
      systemd.kill();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Starts a program by notify-exec under such a systemd, and waits until it has said something. */
async function underSystemd(argv: readonly string[], abstract: boolean) {
  await using systemd = await listening(abstract);
  const ended = await run(NOTIFY_EXEC, argv, { env: { NOTIFY_SOCKET: systemd.path } });
  await eventually("its words", () => systemd.words.length > 1);
  return { ended, heard: systemd.words.slice(1) };
}

describe("notify-exec", () => {
  const tell = `
    const { serviceManagerOf } = await import("${new URL("../../src/edges/systemd/service-manager.ts", import.meta.url).href}");
    const { systemClock } = await import("${new URL("../../src/flow/clock.ts", import.meta.url).href}");
    const manager = serviceManagerOf({ env: { ...process.env, PATH: "" }, pid: process.pid }, systemClock);
    console.log(await manager.tell(["READY=1", "STATUS=as " + process.pid], new AbortController().signal));`;
  const program = [process.execPath, "--import", "tsx", "--input-type=module", "--eval", tell];

  test.each([false, true])("lets the main process itself speak to systemd, abstract socket: %s", async (abstract) => {
    const { ended, heard } = await underSystemd(program, abstract);
    expect(ended).toMatchObject({ code: 0, stdout: "undefined\n" });
    expect(heard).toEqual([expect.stringMatching(/^READY=1 STATUS=as \d+$/)]);
  });

  test("becomes the program alone where no systemd waits to be told", async () => {
    const say = ["sh", "-c", 'echo "$1 ${LISTEN_FDS:-none}"; exit 7', "sh", "a b"];
    expect(await run(NOTIFY_EXEC, say)).toMatchObject({
      code: 7,
      stdout: "a b none\n",
    });
  });

  test("says what it could not do", async () => {
    expect((await run(NOTIFY_EXEC, [])).stderr).toMatch(/^usage: /);
    expect((await run(NOTIFY_EXEC, ["/no/such"])).stderr).toMatch(/cannot run \/no\/such: No such file/);
    const { stderr } = await run(NOTIFY_EXEC, ["true"], { env: { NOTIFY_SOCKET: "/no/such" } });
    expect(stderr).toMatch(/cannot reach systemd at \/no\/such: No such file/);
  });
});

test("confd tells systemd by itself that it is ready and lives, as the fork's units want it", async () => {
  await using systemd = await listening(false);
  await using confdir = await tempDir();
  for (const folder of ["conf.d", "templates"]) await mkdir(join(confdir.path, folder));
  const words = ["env", "--watch", "--systemd-notify", "--watchdog-interval", "1s", "--confdir", confdir.path];
  const confd = spawn(NOTIFY_EXEC, [process.execPath, CONFD, ...words], {
    env: { NOTIFY_SOCKET: systemd.path, PATH: "/nowhere" }, // where there is no systemd-notify
    stdio: "ignore",
  });
  try {
    await eventually("both", () => systemd.words.includes("READY=1") && systemd.words.includes("WATCHDOG=1"));
  } finally {
    const ended = once(confd, "exit");
    confd.kill();
    await ended;
  }
});
