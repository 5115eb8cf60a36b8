import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { askProcesses, reloadByMaster } from "../../src/edges/haproxy-master.js";
import { systemClock } from "../../src/flow/clock.js";
import { answerOn } from "../support/live-haproxy.js";
import { freshServers, RuntimeWorld } from "../support/runtime-world.js";

const { signal } = new AbortController();

function config(port: number, socket: string, servers: readonly string[], more = ""): string {
  return `global
  stats socket ${socket} mode 600 level admin
  hard-stop-after 2s
defaults
  mode http
  option idle-close-on-response
  retries 0
  timeout connect 100ms
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string "served" if { path / }
  default_backend b
${more}
backend b
${servers.map((name) => `  server ${name} 127.0.0.1:9${name.slice(1).padStart(3, "0")} weight 10\n`).join("")}`;
}

async function start(way: "admin" | "master" = "master") {
  let socket = "";
  const world = await RuntimeWorld.start((port, path) => {
    socket = path;
    return config(port, path, ["s1", "s2"]);
  }, way);
  const text = (servers: readonly string[], more?: string): string => config(world.port, socket, servers, more);
  /** Brings in a text, and sees that what runs is what a fresh HAProxy would be. */
  const bring = async (servers: readonly string[], more?: string): Promise<void> => {
    const wanted = text(servers, more);
    expect(["applied", "unchanged"]).toContain((await world.apply(wanted)).kind);
    expect(await world.servers(wanted)).toEqual(await freshServers(wanted));
    expect(await readFile(world.haproxy.configPath, "utf8")).toBe(wanted);
    expect(world.parts.balancer.report?.agrees).toBe(true);
    expect(await answerOn(world.port)).toBe("200 served");
  };
  return { world, text, bring };
}

describe("an HAProxy that somebody else has touched", () => {
  test("gets back a server that was deleted by hand, without a reload", async () => {
    const { world, bring } = await start();
    await using _world = world;
    await bring(["s1", "s2"]);
    await world.ask("set server b/s2 state maint");
    await world.ask("del server b/s2");
    await bring(["s1", "s2"]);
    expect(world.take("haproxy-differs")).toMatchObject([{ differences: ["b/s2 is missing"] }]);
    expect(await world.haproxy.reloads()).toBe(0);
  });

  test("gets back weight, address and state, and loses a server that is in no file", async () => {
    const { world, bring } = await start();
    await using _world = world;
    await bring(["s1", "s2"]);
    await world.ask("set server b/s1 weight 3");
    await world.ask("set server b/s2 state drain");
    await world.ask("set server b/s2 addr 127.0.0.1 port 9999");
    await world.ask("add server b/s9 127.0.0.1:9009");
    await world.ask("enable server b/s9");
    await bring(["s1", "s2"]);
    expect(world.take("haproxy-differs")[0]?.differences).toHaveLength(4);
    expect(await world.haproxy.reloads()).toBe(0);
  });

  test("is taken as it is when it was reloaded with the same file", async () => {
    const { world, bring } = await start("admin");
    await using _world = world;
    await bring(["s1", "s2", "s3"]);
    await reloadByMaster(world.haproxy.masterSocket, systemClock, signal);
    await bring(["s1", "s2", "s3"]);
    await bring(["s1", "s2", "s3", "s4"]);
    expect(await world.haproxy.reloads()).toBe(1);
  });

  test("is reloaded when it was reloaded unseen before a change", async () => {
    const { world, bring } = await start("admin");
    await using _world = world;
    await bring(["s1", "s2", "s3"]);
    await reloadByMaster(world.haproxy.masterSocket, systemClock, signal);
    await bring(["s1", "s3"]);
  });

  test("is reloaded when its file was edited by hand and loaded", async () => {
    const { world, text, bring } = await start();
    await using _world = world;
    await bring(["s1", "s2"]);
    await writeFile(world.haproxy.configPath, text(["s1", "s7"], "backend other\n"));
    await reloadByMaster(world.haproxy.masterSocket, systemClock, signal);
    await bring(["s1", "s2"]);
  });

  test("keeps running as it is when only its file was edited by hand, and the file comes back", async () => {
    const { world, text, bring } = await start();
    await using _world = world;
    await bring(["s1", "s2"]);
    await writeFile(world.haproxy.configPath, text(["s1"], "backend other\n"));
    await bring(["s1", "s2"]);
    expect(await world.haproxy.reloads()).toBe(0);
  });
});

describe("a renderer that is started anew", () => {
  test("goes on where the last one was, servers on their way out among it", async () => {
    const { world, bring } = await start();
    await using _world = world;
    await bring(["s1", "s2", "s3"]);
    await bring(["s1", "s2"]);
    world.restart();
    await bring(["s1", "s2", "s4"]);
    expect(await world.haproxy.reloads()).toBe(0);
    await bring(["s1", "s2", "s3", "s4"]); // nobody knows any more how the old s3 was made
    expect(await world.haproxy.reloads()).toBe(1);
  });

  test("reloads when HAProxy does not run what the file says", async () => {
    const { world, bring } = await start();
    await using _world = world;
    await world.ask("set server b/s1 weight 77");
    await bring(["s1", "s2"]);
    expect(world.take("reload-needed")).toMatchObject([
      { reason: "HAProxy does not run what its file says: b/s1 has weight 77" },
    ]);
  });
});

describe("an HAProxy that cannot be asked", () => {
  test("is reached by its master when its own socket is gone", async () => {
    const { world, text, bring } = await start("admin");
    await using _world = world;
    await bring(["s1", "s2"]);
    const socket = /stats socket (\S+)/.exec(text([]))?.[1] ?? "";
    const { rm } = await import("node:fs/promises");
    await rm(socket);
    await bring(["s1", "s2", "s3"]);
    expect(await world.haproxy.reloads()).toBe(0);
  });

  test("is brought to the wanted state after its worker was frozen for 5 s", { timeout: 40_000 }, async () => {
    const { world, text, bring } = await start();
    await using _world = world;
    await bring(["s1", "s2"]);
    const worker = (await askProcesses(world.haproxy.masterSocket, signal))?.workers[0]?.pid ?? 0;
    process.kill(worker, "SIGSTOP");
    const thaw = delay(5_000).then(() => process.kill(worker, "SIGCONT"));
    await world.apply(text(["s1", "s2", "s3"]));
    await thaw;
    await bring(["s1", "s2", "s3"]);
    expect(world.take("reload-needed")[0]?.reason).toMatch(/Gave up waiting for an answer/);
  });

  test("has its file kept in step until it is there", async () => {
    const { world, text } = await start();
    await using _world = world;
    const pid = (await askProcesses(world.haproxy.masterSocket, signal))?.master.pid ?? 0;
    process.kill(pid, "SIGKILL");
    const wanted = text(["s1", "s2", "s3"]);
    expect(await world.apply(wanted)).toMatchObject({ kind: "waiting" });
    expect(await readFile(world.haproxy.configPath, "utf8")).toBe(wanted);
  });
});

describe("a change that HAProxy refuses", () => {
  test("leaves what runs and the file as they were", async () => {
    const { world, text, bring } = await start();
    await using _world = world;
    await bring(["s1", "s2"]);
    expect(await world.apply(text(["s1", "s2"], "nonsense"))).toMatchObject({ kind: "rejected" });
    await bring(["s1", "s2"]);
    expect(await world.haproxy.reloads()).toBe(0);
  });

  test("is taken back at run time when only the check refuses it", async () => {
    const { world, text, bring } = await start();
    await using _world = world;
    await bring(["s1", "s2"]);
    world.parts = {
      ...world.parts,
      balancer: Object.assign(Object.create(world.parts.balancer) as typeof world.parts.balancer, {
        adjust: world.parts.balancer.adjust.bind(world.parts.balancer),
        check: async () => ({ accepted: false, output: "no" }),
      }),
    };
    expect(await world.apply(text(["s1", "s3"]))).toEqual({ kind: "rejected", output: "no" });
    expect(await world.servers(text(["s1", "s2"]))).toEqual(await freshServers(text(["s1", "s2"])));
    expect(await world.haproxy.reloads()).toBe(0);
  });
});
