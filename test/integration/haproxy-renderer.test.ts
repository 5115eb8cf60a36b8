import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Confdir } from "../support/confd.js";
import { startEtcd } from "../support/etcd.js";
import { eventually, staysFor } from "../support/eventually.js";
import { ENDS_AFTER_MS, LeavingServers } from "../support/leaving-servers.js";
import { Line } from "../support/line.js";
import { answerOn, startHaproxy } from "../support/live-haproxy.js";
import { configOf, type Wanted } from "../support/load-config.js";
import { Load, type TestServer } from "../support/load.js";
import { PushedRenderer } from "../support/pushed-renderer.js";
import { resourceOf } from "../support/pushed-store.js";

let servers: LeavingServers;

beforeEach(() => {
  servers = new LeavingServers();
});
afterEach(() => servers[Symbol.asyncDispose]());

/** How long one goes on that is drained first: a reload that is under way has its end in that time on any machine. */
const DRAINED_AFTER_MS = 2_000;

describe("a renderer", () => {
  test(
    "keeps long requests through a storm of reloads, and lets servers go while one waits (invariants 5 and 10)",
    { timeout: 60_000 },
    async () => {
      await using haproxy = await startHaproxy();
      const socket = join(haproxy.directory, "admin.sock");
      const textOf = (wanted: readonly Wanted[], round: number): string =>
        configOf(haproxy.port, socket, wanted, `backend b${round}\n`, `maxconn ${1_000 + round}`);
      let wanted: readonly Wanted[] = [{ server: await servers.start(), weight: 100 }];
      const reload = { kind: "master", socket: haproxy.masterSocket } as const;
      // The distance is what it is when nobody says anything of it.
      const settings = { dest: haproxy.configPath, minReloadIntervalMs: 1_000, haproxy: { socket, reload } };
      await using pushed = new PushedRenderer([resourceOf(settings)], () => undefined);
      const { store } = pushed;
      store.say(textOf(wanted, 0));
      pushed.start();
      await eventually("the first answer", async () => (await answerOn(haproxy.port)) === "200 s0");
      const load = new Load(haproxy.port);
      const before = await haproxy.reloads();
      const ROUNDS = 80;
      for (let round = 1; round <= ROUNDS; round++) {
        const left = wanted;
        wanted = [{ server: await servers.start(), weight: 100 }]; // the only one, each time another
        store.say(textOf(wanted, round));
        await delay(50);
        for (const { server } of left) {
          servers.endSoon(() => {
            server.leave();
          }, DRAINED_AFTER_MS);
        }
        await delay(100);
      }
      const last = textOf(wanted, ROUNDS);
      await eventually("the last change", async () => (await readFile(haproxy.configPath, "utf8")) === last);
      const { answered, failures } = await load.stop();
      const reloads = (await haproxy.reloads()) - before;
      console.log(`${ROUNDS} changes in 12 s, ${reloads} reloads, ${answered} answered, ${failures.length} failed`);
      expect(failures).toEqual([]);
      expect(answered).toBeGreaterThan(500);
      expect(reloads).toBeGreaterThan(5);
      expect(reloads).toBeLessThanOrEqual(15);
    },
  );

  test(
    "fails no request while containers are replaced that end 100 ms after they were told to (invariant 10)",
    { timeout: 60_000 },
    async () => {
      await using line = await Line.start({ minReloadInterval: "1s" });
      const { etcd } = line;
      line.renderer();
      const key = (server: TestServer): string => `/app/servers/${server.name}`;
      // What an agent does, without one: a key while the container runs, deleted as soon as the container is told to end.
      let running: readonly TestServer[] = [await servers.start(), await servers.start(), await servers.start()];
      await etcd.write(running.map((server) => [key(server), `127.0.0.1:${server.port}`] as const));
      await eventually("three answers", async () => (await line.answering()).length === 3);
      const reloads = await line.haproxy.reloads();
      const load = new Load(line.port, 0);
      for (let round = 0; round < 40; round++) {
        const [oldest] = running;
        const server = await servers.start();
        running = [...running.slice(1), server];
        await etcd.write([[key(server), `127.0.0.1:${server.port}`]]);
        await delay(50);
        if (oldest) {
          await etcd.write([[key(oldest), undefined]]);
          servers.endSoon(() => oldest[Symbol.asyncDispose]()); // its connections end with it
        }
        await delay(100);
      }
      await delay(ENDS_AFTER_MS * 2);
      const { answered, failures } = await load.stop();
      console.log(`40 replacements, ${answered} answered, ${failures.length} failed`);
      expect(failures).toEqual([]);
      expect(answered).toBeGreaterThan(1_000);
      expect(await line.haproxy.reloads()).toBe(reloads);
      expect(await line.answering()).toEqual(running.map(({ name }) => `200 ${name}`).sort());
    },
  );
});

describe("an etcd that is emptied by mistake", () => {
  test("takes no server away when the keys are back within the grace (invariant 9)", async () => {
    await using line = await Line.start({ removalGrace: "4s" });
    const { etcd } = line;
    const renderer = line.renderer();
    const running = [await servers.start(), await servers.start(), await servers.start()];
    const pairs = running.map(({ name, port }) => [`/app/servers/${name}`, `127.0.0.1:${port}`] as const);
    const isServing = async (): Promise<boolean> =>
      (await line.answering()).join() === running.map(({ name }) => `200 ${name}`).join();
    await etcd.write(pairs);
    await eventually("three answers", isServing);
    const load = new Load(line.port, 0);
    await etcd.ctl("del", "/app", "--prefix");
    await renderer.said(/waits to see whether they are really gone: 3 of 3 servers of servers/);
    // Under load some of the few requests of one look may find the same server.
    await staysFor("good answers", 1_000, async () => (await line.answering()).every((each) => each.startsWith("200")));
    await etcd.write(pairs);
    await eventually("three answers again", isServing);
    expect((await load.stop()).failures).toEqual([]);
    await etcd.ctl("del", "/app", "--prefix");
    // The service is gone with its keys, and no other has what is meant for none.
    const isUnknown = async (): Promise<boolean> => (await line.answering()).every((each) => each.startsWith("404"));
    await eventually("nobody left to answer", isUnknown, 8_000);
  });
});

describe("confd's own command line with a Go template", () => {
  const template = (port: number, socket: string): string => `global
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
# Made at {{datetime}}
frontend web
  bind 127.0.0.1:${port}
  default_backend b
backend b
{{range gets "/app/servers/*"}}
   server {{base .Key}} {{.Value}} check inter 5000 fall 1 rise 2
{{end}}`;

  test("changes servers at run time where its resource has the table [haproxy]", async () => {
    await using etcd = await startEtcd();
    await using confdir = await Confdir.make();
    await using haproxy = await startHaproxy();
    const socket = join(haproxy.directory, "admin.sock");
    const [one, two] = [await servers.start(), await servers.start()];
    await etcd.write([["/app/servers/one", `127.0.0.1:${one.port}`]]);
    await confdir.resource(
      "haproxy.cfg",
      template(haproxy.port, socket),
      `[haproxy]\nsocket = "${socket}"\nreload = "master:${haproxy.masterSocket}"`,
    );
    const toml = await readFile(confdir.at("conf.d/haproxy.cfg.toml"), "utf8");
    await confdir.write("conf.d/haproxy.cfg.toml", toml.replace(confdir.at("haproxy.cfg"), haproxy.configPath));
    const confd = confdir.start(["-watch", "-node", etcd.endpoint, "-log-level", "debug"]);
    await eventually("the first server", async () => (await answerOn(haproxy.port)) === `200 ${one.name}`);
    const reloads = await haproxy.reloads();
    await etcd.write([["/app/servers/two", `127.0.0.1:${two.port}`]]);
    await etcd.write([["/app/servers/one", undefined]]);
    await eventually("the second server alone", async () => {
      const answers = [await answerOn(haproxy.port), await answerOn(haproxy.port)];
      return answers.every((answer) => answer === `200 ${two.name}`);
    });
    await eventually("the file", async () => !(await readFile(haproxy.configPath, "utf8")).includes("server one"));
    const file = await readFile(haproxy.configPath, "utf8");
    // Longer than it takes to look at HAProxy again: the time in the file is no reason to write it.
    await staysFor("the file", 6_000, async () => (await readFile(haproxy.configPath, "utf8")) === file);
    expect(await haproxy.reloads()).toBe(reloads);
    expect(confd.log).toMatch(/Adjusted the HAProxy/);
  });

  test("runs its reload_cmd for each change where it has not", async () => {
    await using etcd = await startEtcd();
    await using confdir = await Confdir.make();
    await etcd.write([["/app/servers/one", "127.0.0.1:1"]]);
    const lines = `reload_cmd = "echo . >> ${confdir.at("reloads")}"\nmin_reload_interval = "0s"`;
    await confdir.resource("haproxy.cfg", template(8_080, "/run/x.sock"), lines);
    confdir.start(["-watch", "-node", etcd.endpoint]);
    await eventually("the first reload", async () => (await confdir.count("reloads")) === 1);
    await etcd.write([["/app/servers/two", "127.0.0.1:2"]]);
    await eventually("the second reload", async () => (await confdir.count("reloads")) === 2);
    expect(await confdir.read("haproxy.cfg")).toContain("server two 127.0.0.1:2");
  });
});
