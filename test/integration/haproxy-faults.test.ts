import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { askProcesses, reloadByMaster } from "../../src/edges/haproxy/master.js";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { systemClock } from "../../src/flow/clock.js";
import type { ProxyDriver } from "../../src/ports.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { answerOn, occupiedPort } from "../support/live-haproxy.js";
import { Load, startServer, type TestServer } from "../support/load.js";
import { required } from "../support/required.js";
import { freshServers, RuntimeWorld } from "../support/runtime-world.js";

const { signal } = new AbortController();

let servers: readonly TestServer[];

beforeAll(async () => {
  servers = await Promise.all(Array.from({ length: 9 }, (_, index) => startServer(`s${index + 1}`)));
});
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
});

/** In the words of the stock template; the servers are real ones. */
function config(port: number, socket: string, names: readonly string[], more = ""): string {
  const lines = servers
    .filter(({ name }) => names.includes(name))
    .map((server) => `  server ${server.name} 127.0.0.1:${server.port} weight 10\n`);
  return `global
  stats socket ${socket} mode 600 level admin
  hard-stop-after 20s
defaults
  mode http
  option idle-close-on-response
  option redispatch
  retries 3
  retry-on conn-failure empty-response
  default-server pool-max-conn 0
  timeout connect 100ms
  timeout client 20s
  timeout server 20s
frontend web
  bind 127.0.0.1:${port}
  default_backend b
${more}
backend b
${lines.join("")}`;
}

/** A renderer's HAProxy under requests, of which none may be lost. */
class Rig implements AsyncDisposable {
  readonly world: RuntimeWorld;
  readonly socket: string;
  #load: Load | undefined;

  private constructor(world: RuntimeWorld, socket: string) {
    this.world = world;
    this.socket = socket;
    this.#load = new Load(world.port, 0);
  }

  static async start(way: "admin" | "master" = "master"): Promise<Rig> {
    let socket = "";
    const world = await RuntimeWorld.start((port, path) => config(port, (socket = path), ["s1", "s2"]), way);
    const rig = new Rig(world, socket);
    rigs.push(rig);
    return rig;
  }

  text(names: readonly string[], more?: string): string {
    return config(this.world.port, this.socket, names, more);
  }

  /** Brings in a text, and sees that what runs is what a fresh HAProxy would be, and that it serves. */
  async bring(names: readonly string[], more?: string): Promise<void> {
    await this.bringUnasked(names, more);
    expect(await answerOn(this.world.port)).toMatch(/^200 s\d$/);
  }

  /** The same, without a request. */
  async bringUnasked(names: readonly string[], more?: string): Promise<void> {
    const { world } = this;
    const wanted = this.text(names, more);
    expect(["applied", "unchanged"]).toContain((await world.apply(wanted)).kind);
    expect(await world.servers(wanted)).toEqual(await freshServers(wanted));
    expect(await readFile(world.haproxy.configPath, "utf8")).toBe(wanted);
    expect(world.parts.driver.report?.agrees).toBe(true);
  }

  /** Sees that every request so far was answered, and sends no more. */
  async lostNone(): Promise<void> {
    const { answered, failures } = (await this.#load?.stop()) ?? { answered: 0, failures: ["no load"] };
    this.#load = undefined;
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(0);
  }

  /** Sends no more requests, of which some could not be served. */
  async endLoad(): Promise<void> {
    await this.#load?.stop();
    this.#load = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endLoad();
    await this.world[Symbol.asyncDispose]();
  }
}

let rigs: Rig[] = [];

afterEach(async () => {
  for (const rig of rigs) await rig[Symbol.asyncDispose]();
  rigs = [];
});

describe("an HAProxy that somebody else has touched", () => {
  test("gets back a server that was deleted by hand, without a reload", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    await rig.bring(["s1", "s2"]);
    await world.ask("set server b/s2 state maint");
    await eventually("the end of s2", async () => (await world.ask("del server b/s2")).includes("deleted"));
    await rig.bring(["s1", "s2"]);
    expect(world.take("haproxy-differs")).toMatchObject([{ differences: ["b/s2 is missing"] }]);
    expect(await world.haproxy.reloads()).toBe(0);
    await rig.lostNone();
  });

  test("gets back weight, address and state, and loses a server that is in no file", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    await rig.bring(["s1", "s2"]);
    await world.ask("set server b/s1 weight 3");
    await world.ask("set server b/s2 state drain");
    await world.ask("set server b/s2 addr 127.0.0.1 port 9");
    await world.ask(`add server b/s9 127.0.0.1:${required(servers[8], "server").port}`);
    await world.ask("enable server b/s9");
    await rig.bring(["s1", "s2"]);
    expect(world.take("haproxy-differs")[0]?.differences).toHaveLength(4);
    expect(await world.haproxy.reloads()).toBe(0);
    await rig.lostNone();
  });

  test("is taken as it is when it was reloaded with the same file", async () => {
    const rig = await Rig.start("admin");
    const { world } = rig;
    await rig.bring(["s1", "s2", "s3"]);
    await reloadByMaster(world.haproxy.masterSocket, { clock: systemClock }, signal);
    await rig.bring(["s1", "s2", "s3"]);
    await rig.bring(["s1", "s2", "s3", "s4"]);
    expect(await world.haproxy.reloads()).toBe(1);
    await rig.lostNone();
  });

  test.each(["admin", "master"] as const)(
    "is changed all the same when it was reloaded unseen before that, by the %s socket",
    async (way) => {
      const rig = await Rig.start(way);
      await rig.bring(["s1", "s2", "s3"]);
      await reloadByMaster(rig.world.haproxy.masterSocket, { clock: systemClock }, signal);
      await rig.bring(["s1", "s3"]);
      await rig.bring(["s1", "s3", "s4"]);
      expect(await rig.world.haproxy.reloads()).toBe(1);
      await rig.lostNone();
    },
  );

  test("is reloaded when it was reloaded unseen while its file was another one, before a change", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    await rig.bring(["s1", "s2", "s3"]);
    await writeFile(world.haproxy.configPath, rig.text(["s1", "s2", "s3"], "backend other\n"));
    await reloadByMaster(world.haproxy.masterSocket, { clock: systemClock }, signal);
    await rig.bring(["s1", "s3"]);
    expect(world.take("reload-needed")).toMatchObject([{ reason: "HAProxy was reloaded or restarted" }]);
    await rig.lostNone();
  });

  test("is reloaded when its file was edited by hand and loaded", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    await rig.bring(["s1", "s2"]);
    await writeFile(world.haproxy.configPath, rig.text(["s1", "s7"], "backend other\n"));
    await reloadByMaster(world.haproxy.masterSocket, { clock: systemClock }, signal);
    await rig.bring(["s1", "s2"]);
    expect(world.take("reload-needed")).toMatchObject([{ reason: "HAProxy was restarted, and with another file" }]);
    await rig.lostNone();
  });

  test("keeps running as it is when only its file was edited by hand, and the file comes back", async () => {
    const rig = await Rig.start();
    await rig.bring(["s1", "s2"]);
    await writeFile(rig.world.haproxy.configPath, rig.text(["s1"], "backend other\n"));
    await rig.bring(["s1", "s2"]);
    expect(await rig.world.haproxy.reloads()).toBe(0);
    await rig.lostNone();
  });

  test("is not reloaded again and again for what it reads otherwise than we do", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    const odd = rig.text(["s1", "s2"]).replace("weight 10", "weight 1x0"); // HAProxy takes it for 1
    for (let look = 0; look < 4; look++) expect(await world.apply(odd)).toMatchObject({ kind: "differs" });
    expect(await world.haproxy.reloads()).toBe(1);
    expect(world.parts.driver.report).toMatchObject({ agrees: false, differences: ["b/s1 has weight 1"] });
    await rig.bring(["s1", "s2"]);
    await rig.lostNone();
  });

  test("is changed by what its new version can do when that changed under the renderer", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    await using standIn = await StandIn.start(rig.socket);
    world.driveBy({ socket: standIn.path, reload: { kind: "signal", pidFile: world.haproxy.pidFile } });
    await rig.bring(["s1", "s2", "s3"]);
    expect(await world.haproxy.reloads()).toBe(0);
    standIn.edit = (answer) => answer.replace(/^Version: .*$/m, "Version: 2.4.22").replace(/^Pid: /m, "Pid: 9");
    await rig.bring(["s1", "s2"]);
    expect(world.parts.driver.report?.version).toBe("2.4.22");
    await rig.bring(["s1", "s2", "s4"]);
    expect(world.take("reload-needed")).toMatchObject([
      { reason: "HAProxy 2.4.22 does not change servers at run time" },
    ]);
    standIn.edit = (answer) => answer;
    await rig.bring(["s1", "s2"]);
    await rig.bring(["s1", "s2"]);
    const reloads = await world.haproxy.reloads();
    await rig.bring(["s1", "s2", "s5"]);
    expect(await world.haproxy.reloads()).toBe(reloads);
    expect(world.parts.driver.report?.version).toMatch(/^[23]\.\d/);
    await rig.lostNone();
  });
});

describe("a renderer that is started anew", () => {
  test("goes on where the last one was, servers on their way out among it", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    await rig.bring(["s1", "s2", "s3"]);
    await rig.bring(["s1", "s2"]);
    world.restart();
    await rig.bring(["s1", "s2", "s4"]);
    expect(await world.haproxy.reloads()).toBe(0);
    await rig.bring(["s1", "s2", "s3", "s4"]); // nobody knows any more how the old s3 was made
    expect(await world.haproxy.reloads()).toBe(1);
    await rig.lostNone();
  });

  test("reloads when HAProxy does not run what the file says", async () => {
    const rig = await Rig.start();
    await rig.world.ask("set server b/s1 weight 77");
    await rig.bring(["s1", "s2"]);
    expect(rig.world.take("reload-needed")).toMatchObject([
      { reason: "HAProxy does not run what its file says: b/s1 has weight 77" },
    ]);
    await rig.lostNone();
  });

  test.each([
    ["the same state", ["s1", "s3"]],
    ["another one", ["s1", "s2", "s4"]],
    ["the one of the file", ["s1", "s2"]],
  ])("comes to agreement after its end between the commands and the file, with %s", async (_, next) => {
    const rig = await Rig.start();
    const { world } = rig;
    await rig.bring(["s1", "s2"]);
    const texts = { wanted: rig.text(["s1", "s3"]), file: rig.text(["s1", "s2"]) };
    expect(await world.parts.driver.adjust(texts, signal)).toMatchObject({ kind: "adjusted" });
    world.restart(); // the file has not been written
    await rig.bring(next);
    await rig.lostNone();
  });
});

describe("an HAProxy that cannot be asked", () => {
  test("is reached by its master when its own socket is gone", async () => {
    const rig = await Rig.start("admin");
    await rig.bring(["s1", "s2"]);
    await rm(rig.socket);
    await rig.bring(["s1", "s2", "s3"]);
    expect(await rig.world.haproxy.reloads()).toBe(0);
    await rig.lostNone();
  });

  test("is reloaded for each change when its only socket is gone, and that is told once", async () => {
    const rig = await Rig.start("admin");
    const { world } = rig;
    world.driveBy({ socket: rig.socket, reload: { kind: "signal", pidFile: world.haproxy.pidFile } });
    await rig.bring(["s1", "s2"]);
    await rm(rig.socket);
    for (const names of [["s1"], ["s1"], ["s1", "s2"]]) await world.apply(rig.text(names));
    expect(world.take("haproxy-unreachable")).toMatchObject([{ lastedMs: 0 }]);
    await rig.bring(["s1", "s2", "s3"]); // HAProxy hands its socket on and never makes it anew
    expect(world.take("haproxy-reached")).toEqual([]);
    await rig.lostNone();
  });

  test("is waited for while it is busy for 5 s, and changed then without a reload", { timeout: 40_000 }, async () => {
    const rig = await Rig.start();
    const { world } = rig;
    await rig.bring(["s1", "s2"]);
    const worker = required((await askProcesses(world.haproxy.masterSocket, signal))?.workers[0], "worker").pid;
    process.kill(worker, "SIGSTOP");
    const thaw = delay(5_000).then(() => process.kill(worker, "SIGCONT"));
    await rig.bring(["s1", "s2", "s3"]);
    await thaw;
    expect(await world.haproxy.reloads()).toBe(0);
    await rig.lostNone();
  });

  test(
    "is replaced when it is busy for good, and what it was told then comes to nothing",
    { timeout: 100_000 },
    async () => {
      const rig = await Rig.start();
      const { world } = rig;
      await rig.bring(["s1", "s2"]);
      await rig.lostNone(); // what a stopped process has accepted nobody else can serve
      const worker = required((await askProcesses(world.haproxy.masterSocket, signal))?.workers[0], "worker").pid;
      process.kill(worker, "SIGSTOP");
      await rig.bringUnasked(["s1", "s2", "s3"]);
      expect(world.take("reload-needed")[0]?.reason).toMatch(/Gave up waiting for an answer/);
      expect(world.take("haproxy-unreachable")).toHaveLength(1);
      // Until then it holds a listener of its own beside the new worker's, and the kernel deals to both.
      process.kill(worker, "SIGCONT");
      await rig.bring(["s1", "s2", "s3"]);
      await rig.bring(["s1", "s2"]);
      expect(world.take("haproxy-reached")).toHaveLength(1);
      expect(await world.haproxy.reloads()).toBe(1);
    },
  );

  test("has its file kept in step while its master is dead, and is changed at run time again after that", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    await rig.bring(["s1", "s2"]);
    await rig.lostNone();
    const pid = required(await askProcesses(world.haproxy.masterSocket, signal), "master").master.pid;
    process.kill(pid, "SIGKILL");
    await world.haproxy.kill();
    const wanted = rig.text(["s1", "s2", "s3"]);
    expect(await world.apply(wanted)).toMatchObject({ kind: "waiting" });
    expect(world.take("haproxy-unreachable")).toHaveLength(1);
    expect(world.parts.driver.report?.agrees).not.toBe(true);
    expect(await readFile(world.haproxy.configPath, "utf8")).toBe(wanted);
    await world.haproxy.start();
    await rig.bring(["s1", "s2", "s3"]);
    expect(world.take("haproxy-reached").length).toBeLessThanOrEqual(1);
    const reloads = await world.haproxy.reloads();
    await rig.bring(["s1", "s3"]);
    expect(await world.haproxy.reloads()).toBe(reloads);
  });

  test("is taken as it is when it was restarted with its file while nothing changed", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    await rig.bring(["s1", "s2", "s3"]);
    await rig.lostNone();
    await world.haproxy.kill();
    expect(await world.apply(rig.text(["s1", "s2", "s3"]))).toEqual({ kind: "unchanged" });
    expect(world.parts.driver.report?.agrees).toBeUndefined();
    await world.haproxy.start();
    await rig.bring(["s1", "s2", "s3"]);
    await rig.bring(["s1", "s2"]);
    expect(await world.haproxy.reloads()).toBe(0);
  });
});

describe("a change that HAProxy refuses", () => {
  test("leaves what runs and the file as they were", async () => {
    const rig = await Rig.start();
    await rig.bring(["s1", "s2"]);
    expect(await rig.world.apply(rig.text(["s1", "s2"], "nonsense"))).toMatchObject({ kind: "rejected" });
    await rig.bring(["s1", "s2"]);
    expect(await rig.world.haproxy.reloads()).toBe(0);
    await rig.lostNone();
  });

  test("is taken back at run time when only the check refuses it, and is not tried again before it does not", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    await rig.bring(["s1", "s2"]);
    const { driver } = world.parts;
    world.parts = { ...world.parts, driver: refusing(driver) };
    world.take("haproxy-adjusted");
    expect(await world.apply(rig.text(["s1", "s3"]))).toEqual({ kind: "rejected", output: "no" });
    expect(await world.servers(rig.text(["s1", "s2"]))).toEqual(await freshServers(rig.text(["s1", "s2"])));
    expect(world.take("haproxy-adjusted")).toHaveLength(2);
    world.parts = { ...world.parts, isWary: true };
    expect(await world.apply(rig.text(["s1", "s3"]))).toEqual({ kind: "rejected", output: "no" });
    expect(world.take("haproxy-adjusted")).toEqual([]);
    world.parts = { ...world.parts, driver };
    await rig.bring(["s1", "s3"]);
    expect(await world.haproxy.reloads()).toBe(0);
    await rig.lostNone();
  });

  test("is taken back by a reload when HAProxy was restarted in the meantime", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    await rig.bring(["s1", "s2"]);
    const refusal = refusing(world.parts.driver, async () => {
      await reloadByMaster(world.haproxy.masterSocket, { clock: systemClock }, signal);
    });
    world.parts = { ...world.parts, driver: refusal };
    expect(await world.apply(rig.text(["s1", "s3"]))).toEqual({ kind: "rejected", output: "no" });
    expect(await world.servers(rig.text(["s1", "s2"]))).toEqual(await freshServers(rig.text(["s1", "s2"])));
    expect(world.take("reload-needed")).toHaveLength(1);
    await rig.lostNone();
  });

  test("because another process holds a port costs no request, and comes in when that is free", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    const occupied = await occupiedPort();
    const more = `listen other\n  bind 127.0.0.1:${occupied.port}\n`;
    try {
      expect(await world.apply(rig.text(["s1", "s3"], more))).toMatchObject({
        kind: "rejected",
        output: expect.stringContaining("another process holds that port") as string,
      });
      await rig.bring(["s1", "s2"]);
    } finally {
      await occupied[Symbol.asyncDispose]();
    }
    await rig.bring(["s1", "s3"], more);
    await rig.lostNone();
  });

  test("only when it loads the file is taken back, with the servers that had gone ahead", async () => {
    const rig = await Rig.start();
    const { world } = rig;
    // What HAProxy itself finds out only by trying stops its listeners for 2 s; that loss is HAProxy's own.
    await rig.endLoad();
    const foreign = `listen other\n  bind 192.0.2.1:${await freePort()} interface lo\n`;
    expect(await world.apply(rig.text(["s1", "s3"], foreign))).toMatchObject({ kind: "rolled-back" });
    expect(world.take("reloaded").map(({ succeeded }) => succeeded)).toEqual([false, true]);
    await rig.bring(["s1", "s2"]);
  });
});

/** The same balancer with a check that refuses everything. */
function refusing(driver: ProxyDriver, before = async () => undefined as unknown): ProxyDriver {
  return {
    adjust: (texts, s) => driver.adjust(texts, s),
    reload: (s) => driver.reload(s),
    async check() {
      await before();
      return { accepted: false, output: "no" };
    },
  };
}

/** A runtime socket that passes everything on to HAProxy's own and gives back what the test makes of the answer. */
class StandIn implements AsyncDisposable {
  readonly path: string;
  edit = (answer: string): string => answer;
  readonly #server: Server;

  private constructor(socket: string) {
    this.path = `${socket}.stand-in`;
    this.#server = createServer({ allowHalfOpen: true }, (connection) => {
      connection.once("data", (line: Buffer) => {
        void askSocket(socket, line.toString().trim(), signal).then((answer) => {
          connection.end(this.edit(answer ?? ""));
        });
      });
    });
  }

  static async start(socket: string): Promise<StandIn> {
    const standIn = new StandIn(socket);
    await once(standIn.#server.listen(standIn.path), "listening");
    return standIn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
