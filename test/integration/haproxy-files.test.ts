import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import { askProcesses } from "../../src/edges/haproxy/master.js";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import type { HaproxySettings } from "../../src/ports.js";
import { apply } from "../../src/renderer/apply.js";
import type { ApplyParts } from "../../src/renderer/apply-parts.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { HAPROXY } from "../support/haproxy-binary.js";
import { answering, type LiveHaproxy, occupiedPort, startHaproxy } from "../support/live-haproxy.js";
import { PushedRenderer } from "../support/pushed-renderer.js";
import { resourceOf } from "../support/pushed-store.js";
import { required } from "../support/required.js";
import { drivenParts } from "../support/runtime-world.js";
import { tempDir } from "../support/temp-dir.js";

const { signal } = new AbortController();
const NUMBERS = Array.from({ length: 3_000 }, (_, index) => `/number/${index} /n/${index}\n`).join("");
const LIST = "/denied\n/refused\n";
const MAP = "/docs https://x.example/manual#install\n/b /c\n";

let folder: Awaited<ReturnType<typeof tempDir>>;
let told: HecdEvent[];

beforeEach(async () => {
  folder = await tempDir();
  told = [];
});
afterEach(() => folder[Symbol.asyncDispose]());

/** What keeps one file of a running HAProxy. */
function keeper(haproxy: LiveHaproxy, dest: string, checkCmd?: string): ApplyParts {
  const settings: HaproxySettings = {
    socket: undefined,
    reload: { kind: "master", socket: haproxy.masterSocket },
  };
  return drivenParts(resourceOf({ dest, checkCmd, haproxy: settings }), settings, told);
}

/** An HAProxy that redirects by a map and has a page of its own for what is not in there. */
async function redirecting(map: string, page = "a page"): Promise<LiveHaproxy> {
  await writeFile(join(folder.path, "a.map"), map);
  await writeFile(join(folder.path, "a.html"), page);
  await writeFile(join(folder.path, "a.lst"), LIST);
  return startHaproxy(
    (port) => `defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${port}
  http-request redirect location %[path,map(${folder.path}/a.map)] if { path,map(${folder.path}/a.map) -m found }
  http-request deny deny_status 403 if { path_beg -f ${folder.path}/a.lst }
  http-request set-header x %[path,map_reg(${folder.path}/a.map)]
  http-request return status 200 content-type text/plain file ${folder.path}/a.html
`,
  );
}

/** Where a request is led, or what it is answered. */
function answerFor(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent: false, timeout: 4_000 }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.once("end", () => {
        resolve(response.headers.location ?? body);
      });
    }).once("error", reject);
  });
}

async function mapOf(haproxy: LiveHaproxy): Promise<readonly string[]> {
  const answer = await askSocket(haproxy.masterSocket, `@1 show map ${folder.path}/a.map`, signal);
  return [...(answer ?? "").matchAll(/^0x[0-9a-f]+ (.*)$/gm)].map(([, entry = ""]) => entry);
}

describe("a map of a running HAProxy", () => {
  test.each([
    ["another value, behind a #", MAP.replace("#install", "#remove"), "/docs", "https://x.example/manual#remove"],
    ["one more at the end", `${MAP}/z /y\n`, "/z", "/y"],
    ["one less", "/b /c\n", "/docs", "a page"],
    ["one more in front, and comments", `# new\n/0 /1\n${MAP}`, "/0", "/1"],
    ["two of one key", `/b /first\n${MAP}`, "/b", "/first"],
    ["nothing", "\n", "/b", "a page"],
    ["very many", NUMBERS, "/number/2999", "/n/2999"],
  ])("is brought in without a reload, with %s", async (_, text, path, answer) => {
    await using haproxy = await redirecting(MAP);
    const map = keeper(haproxy, join(folder.path, "a.map"), "true");
    expect(await apply(MAP, map, signal)).toMatchObject({ kind: "unchanged" });
    expect(await apply(text, map, signal)).toMatchObject({ kind: "applied" });
    expect(await answerFor(haproxy.port, path)).toBe(answer);
    const running = await mapOf(haproxy);
    expect(await haproxy.reloads()).toBe(0);
    expect(map.driver.report).toMatchObject({ agrees: true });
    expect((await map.driver.reload(signal)).kind).toBe("proven");
    expect(await mapOf(haproxy)).toEqual(running);
  });

  test("is reloaded where an entry is of several words", async () => {
    await using haproxy = await redirecting(MAP);
    const map = keeper(haproxy, join(folder.path, "a.map"), "true");
    expect(await apply(`${MAP}/two words and more\n`, map, signal)).toMatchObject({ kind: "applied" });
    expect(told).toContainEqual(
      expect.objectContaining({ kind: "reload-needed", reason: expect.stringMatching("/two") as string }),
    );
    expect(await mapOf(haproxy)).toContain("/two words and more");
    expect(await haproxy.reloads()).toBe(1);
  });

  test("is led to its file by a renderer that was ended between the commands and the file", async () => {
    await using haproxy = await redirecting(MAP);
    const path = join(folder.path, "a.map");
    const wanted = `${MAP}/z /y\n`;
    await keeper(haproxy, path, "true").driver.adjust({ wanted, file: MAP }, signal);
    expect(await answerFor(haproxy.port, "/z")).toBe("/y");
    expect(await apply(MAP, keeper(haproxy, path, "true"), signal)).toMatchObject({ kind: "applied" });
    expect(await answerFor(haproxy.port, "/z")).toBe("a page");
    expect(await haproxy.reloads()).toBe(0);
  });
});

describe("a list of a running HAProxy", () => {
  test.each([
    ["one more and one less", "/refused\n/secret\n"],
    ["another order", "/secret\n/refused\n"],
  ])("is brought in without a reload, with %s", async (_, text) => {
    await using haproxy = await redirecting(MAP);
    const list = keeper(haproxy, join(folder.path, "a.lst"), "true");
    expect(await apply(LIST, list, signal)).toMatchObject({ kind: "unchanged" });
    expect(await answerFor(haproxy.port, "/secret")).toBe("a page");
    expect(await apply(text, list, signal)).toMatchObject({ kind: "applied" });
    expect(await answerFor(haproxy.port, "/denied")).toBe("a page");
    for (const path of ["/secret/x", "/refused"]) expect(await answerFor(haproxy.port, path)).toContain("403");
    expect(await haproxy.reloads()).toBe(0);
  });
});

describe("a page of a running HAProxy", () => {
  test("is reloaded when it differs behind a # alone", async () => {
    const page = "listen to this: red is #f00\n";
    await using haproxy = await redirecting(MAP, page);
    const keeps = keeper(haproxy, join(folder.path, "a.html"), "true");
    expect(await apply(page, keeps, signal)).toMatchObject({ kind: "unchanged" });
    const wanted = page.replace("#f00", "#e00");
    expect(await apply(wanted, keeps, signal)).toMatchObject({ kind: "applied" });
    expect(await haproxy.reloads()).toBe(1);
    expect(await answerFor(haproxy.port, "/x")).toBe(wanted);
  });

  test("cannot be judged without a command of its own, and that is said", async () => {
    await using haproxy = await redirecting(MAP);
    const outcome = await apply("<html>\n", keeper(haproxy, join(folder.path, "a.html")), signal);
    expect(outcome).toMatchObject({ kind: "rejected", output: expect.stringContaining("needs a check_cmd") as string });
    expect(await readFile(join(folder.path, "a.html"), "utf8")).toBe("a page");
  });
});

/** A renderer of several files of one HAProxy, each of which is made of the same key. */
function rendererOf(haproxy: LiveHaproxy, files: Readonly<Record<string, (say: string) => string>>) {
  const settings: HaproxySettings = { socket: undefined, reload: { kind: "master", socket: haproxy.masterSocket } };
  const resources = Object.keys(files).map((dest) =>
    resourceOf({
      ...{ name: dest, dest, haproxy: settings, minReloadIntervalMs: 200 },
      checkCmd: dest === haproxy.configPath ? undefined : "true",
    }),
  );
  const emit = (event: HecdEvent): void => void told.push(event);
  const pushed = new PushedRenderer(resources, emit, (say, dest) => files[dest]?.(say) ?? "");
  return {
    store: pushed.store,
    /** One pass, as `hecd render --once` makes it. */
    once: () => pushed.renderer.once(signal),
    start(): void {
      pushed.start();
    },
    /** Changes the key, and resolves when every file is new and in use. */
    async settle(say: string): Promise<void> {
      told = [];
      pushed.store.say(say);
      const isInUse = (event: HecdEvent): boolean => event.kind === "applied" && event.outcome.kind === "applied";
      await eventually(`an end with ${say}`, () => told.filter(isInUse).length === Object.keys(files).length);
    },
    [Symbol.asyncDispose]: () => pushed[Symbol.asyncDispose](),
  };
}

describe("several files of one HAProxy that change for one key", () => {
  test("make one reload", async () => {
    await using haproxy = await redirecting(MAP);
    const config = await readFile(haproxy.configPath, "utf8");
    await using renderer = rendererOf(haproxy, {
      [haproxy.configPath]: (say) => `${config}# ${say}\nbackend ${say}\n`,
      [join(folder.path, "a.html")]: (say) => `page #${say}\n`,
      [join(folder.path, "b.html")]: (say) => `nobody's #${say}\n`,
      [join(folder.path, "a.map")]: (say) => `${MAP}/${say} /x\n`,
    });
    renderer.start();
    await renderer.settle("first");
    const reloads = await haproxy.reloads();
    for (const say of ["second", "third", "fourth"]) {
      await renderer.settle(say);
      expect(await answerFor(haproxy.port, "/other")).toBe(`page #${say}\n`);
      expect(await answerFor(haproxy.port, `/${say}`)).toBe("/x");
    }
    expect(await haproxy.reloads()).toBe(reloads + 3);
  });

  test("make one reload in a single pass", async () => {
    await using haproxy = await redirecting(MAP);
    const config = await readFile(haproxy.configPath, "utf8");
    await using renderer = rendererOf(haproxy, {
      [haproxy.configPath]: (say) => `${config}backend ${say}\n`,
      [join(folder.path, "a.html")]: (say) => `page #${say}\n`,
      [join(folder.path, "b.html")]: (say) => `nobody's #${say}\n`,
    });
    renderer.store.say("once");
    const reloads = await haproxy.reloads();
    const outcomes = (await renderer.once()).map(({ outcome }) => outcome.kind);
    expect(outcomes).toEqual(["applied", "applied", "applied"]);
    expect(await answerFor(haproxy.port, "/other")).toBe("page #once\n");
    expect(await haproxy.reloads()).toBe(reloads + 1);
  });

  test("keep servers down that are down, also when a file is reloaded that is none of theirs", async () => {
    await using haproxy = await redirecting(MAP);
    const states = join(folder.path, "states");
    await writeFile(states, "1\n");
    const config = (await readFile(haproxy.configPath, "utf8")).replace(
      "defaults\n",
      `global\n  server-state-file ${states}\ndefaults\n  load-server-state-from-file global\n`,
    );
    // Nobody listens there, and after a start the first check is late enough to be told from what was kept.
    const backend = "backend b\n  server s1 127.0.0.1:9 check inter 1s fall 3 rise 1\n";
    await using renderer = rendererOf(haproxy, {
      [haproxy.configPath]: () => `${config}${backend}`,
      [join(folder.path, "a.html")]: (say) => `page #${say}\n`,
    });
    renderer.store.say("first");
    await renderer.once();
    const status = async (): Promise<string | undefined> => {
      const row = /^b,s1,.*$/m.exec((await askSocket(haproxy.masterSocket, "@1 show stat b 4 -1", signal)) ?? "");
      return row?.[0].split(",")[17];
    };
    await eventually("the verdict of the checks", async () => (await status()) === "DOWN");
    const reloads = await haproxy.reloads();
    renderer.store.say("second");
    const outcomes = (await renderer.once()).map(({ outcome }) => outcome.kind);
    expect(await status()).toBe("DOWN");
    expect(outcomes).toEqual(["unchanged", "applied"]);
    expect(await haproxy.reloads()).toBe(reloads + 1);
  });

  test(
    "do not keep one another from being used when the reload fails for one of them",
    { timeout: 90_000 },
    async () => {
      await using haproxy = await redirecting(MAP);
      const config = await readFile(haproxy.configPath, "utf8");
      // No address of this machine, in words that are left to HAProxy: it finds out only when it loads the file.
      const foreign = "frontend other\n  bind 192.0.2.1:80 interface lo\n  http-request deny\n";
      await using renderer = rendererOf(haproxy, {
        [haproxy.configPath]: (say) => `${config}# ${say}\nbackend ${say}\n${say === "bad" ? foreign : ""}`,
        [join(folder.path, "a.html")]: (say) => `page #${say}\n`,
      });
      renderer.start();
      await renderer.settle("first");
      renderer.store.say("bad");
      await eventually("the page", async () => (await answerFor(haproxy.port, "/other")) === "page #bad\n", 30_000);
      renderer.store.say("good");
      await eventually(
        "the next page",
        async () => (await answerFor(haproxy.port, "/other")) === "page #good\n",
        30_000,
      );
      await eventually(
        "the backend",
        async () => (await askSocket(haproxy.masterSocket, "@1 show backend", signal))?.includes("good"),
        30_000,
      );
    },
  );
});

describe("a bind that is new", () => {
  /** What the check says of one more line in a file that HAProxy runs. */
  async function verdictOn(
    haproxy: LiveHaproxy,
    line: string,
  ): Promise<{ readonly accepted: boolean; readonly output: string }> {
    const path = join(folder.path, "staged.cfg");
    await writeFile(path, answering("first", haproxy.port, `frontend other\n  mode http\n  ${line}\n`));
    return keeper(haproxy, haproxy.configPath).driver.check(path, signal);
  }

  test("is refused with the name of who holds its port, unless it is for another network or interface", async () => {
    await using haproxy = await startHaproxy();
    await using occupied = await occupiedPort();
    const address = `127.0.0.1:${occupied.port}`;
    const mine = `(${(await readFile("/proc/self/comm", "utf8")).trim()}, process ${process.pid})`;
    for (const line of [
      `bind ${address}`,
      `bind ipv4@${address}`,
      `bind 127.0.0.1:${occupied.port}-${occupied.port}`,
    ]) {
      expect(await verdictOn(haproxy, line)).toEqual({
        accepted: false,
        output: `It binds ${address}, and another process holds that port ${mine}`,
      });
    }
    for (const line of [`bind ${address} namespace blue`, `bind ${address} interface lo`]) {
      expect((await verdictOn(haproxy, line)).output).not.toContain("another process");
    }
    expect(await verdictOn(haproxy, `bind :::${occupied.port} v6only`)).toMatchObject({ accepted: true });
  });

  test("may have a port that another HAProxy shares", async () => {
    await using haproxy = await startHaproxy();
    await using other = await startHaproxy();
    expect(await verdictOn(haproxy, `bind 127.0.0.1:${other.port}`)).toMatchObject({ accepted: true });
  });

  test("may have a port that is held where HAProxy does not see it", async () => {
    await using occupied = await occupiedPort();
    const [path, socket] = [join(folder.path, "haproxy.cfg"), join(folder.path, "master.sock")];
    const port = await freePort();
    const more = `frontend other\n  mode http\n  bind 127.0.0.1:${occupied.port}\n`;
    await writeFile(path, answering("first", port));
    const child = spawn("unshare", ["-n", HAPROXY, "-W", "-db", "-S", socket, "-f", path], { stdio: "ignore" });
    const ended = once(child, "close");
    try {
      await eventually("the master", async () => (await askProcesses(socket, signal))?.workers[0]);
      const settings: HaproxySettings = { socket: undefined, reload: { kind: "master", socket } };
      const parts = drivenParts(resourceOf({ dest: path, haproxy: settings }), settings, told);
      const staged = join(folder.path, "staged.cfg");
      await writeFile(staged, answering("first", port, more));
      expect(await parts.driver.check(staged, signal)).toMatchObject({ accepted: true });
    } finally {
      const master = required(await askProcesses(socket, signal), "master").master.pid;
      process.kill(master, "SIGTERM");
      await ended;
    }
  });
});

describe("a file with programs", () => {
  const PROGRAM = "program sleeper\n  command sleep 100\n";

  test("is judged in the mode in which it runs, and refused with the reason where there are none any more", async () => {
    const settings: HaproxySettings = { socket: undefined, reload: { kind: "command", command: "true" } };
    const path = join(folder.path, "haproxy.cfg");
    const { driver } = drivenParts(resourceOf({ dest: path, haproxy: settings }), settings, told);
    const judge = async (text: string) => {
      await writeFile(path, text);
      return driver.check(path, signal);
    };
    const verdict = await judge(answering("x", await freePort(), PROGRAM));
    if (!verdict.accepted) {
      expect(verdict.output).toMatch(/'program'/);
      expect(verdict.output).not.toContain("[NOTICE]");
      return;
    }
    expect(verdict.output).toBe("");
    const silent = `defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n${PROGRAM}`;
    expect(await judge(silent)).toEqual({
      accepted: false,
      output: "It has no listener: HAProxy would serve nothing",
    });
  });
});
