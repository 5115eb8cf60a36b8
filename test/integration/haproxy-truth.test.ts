import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { HaproxyDriver } from "../../src/edges/haproxy/driver.js";
import { TargetFile } from "../../src/edges/output/target-file.js";
import { systemClock } from "../../src/flow/clock.js";
import { eventually } from "../support/eventually.js";
import { HAPROXY } from "../support/haproxy-binary.js";
import { resourceOf } from "../support/pushed-store.js";
import { RuntimeWorld } from "../support/runtime-world.js";
import { tempDir } from "../support/temp-dir.js";

const never = new AbortController().signal;

interface Parts {
  readonly servers: string;
  readonly global?: string;
  readonly defaults?: string;
}

const configOf =
  ({ servers, global = "", defaults = "" }: Parts) =>
  (port: number, socket: string): string => `global
  stats socket ${socket} mode 600 level admin
  ${global}
defaults
  mode http
  timeout connect 100ms
  timeout client 5s
  timeout server 5s
  ${defaults}
frontend web
  bind 127.0.0.1:${port}
  default_backend b
backend b
${servers}`;

const TWO = "  server s1 127.0.0.1:9001\n  server s2 127.0.0.1:9002\n";

/** HAProxy on a configuration, and what makes another text of the same HAProxy. */
async function started(parts: Parts, way: "admin" | "master" = "master") {
  let socket = "";
  const world = await RuntimeWorld.start((port, path) => {
    socket = path;
    return configOf(parts)(port, path);
  }, way);
  return { world, socket, text: (other: Parts) => configOf(other)(world.port, socket) };
}

/** The status of a server by the statistics, as far as its first word. */
async function statusOf(world: RuntimeWorld, server: string): Promise<string | undefined> {
  const rows = (await world.ask("show stat b 4 -1")).split("\n").map((row) => row.split(","));
  return rows.find(([, name]) => name === server)?.[17]?.split(" ")[0];
}

/** Takes every connection and never says a word. */
async function silentServer(): Promise<AsyncDisposable & { readonly port: number }> {
  const connections = new Set<Socket>();
  const server = createServer((connection) => {
    connections.add(connection);
    connection.on("error", () => undefined); // whoever gives up resets it
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("a file that HAProxy does not read", () => {
  test("is not said to be in use, and is once HAProxy reads it", async () => {
    const { world, text } = await started({ servers: TWO });
    await using _ = world;
    await using folder = await tempDir();
    const dest = join(folder.path, "haproxy.cfg");
    await writeFile(dest, text({ servers: TWO }));
    const settings = { socket: undefined, reload: { kind: "master", socket: world.haproxy.masterSocket } } as const;
    const resource = resourceOf({ name: "haproxy.toml", dest, haproxy: settings });
    const { emit } = world.parts;
    const driver = new HaproxyDriver(resource, settings, { haproxy: HAPROXY, clock: systemClock, emit });
    world.parts = { ...world.parts, resource, driver, target: new TargetFile(resource, emit) };

    const wanted = text({ servers: TWO, defaults: "timeout queue 3s" });
    const said = await world.apply(wanted);
    expect(said.kind).toBe("differs");
    const output = "output" in said ? said.output : "";
    expect(output).toContain(`-f ${world.haproxy.configPath}, and that is not what ${dest} holds`);
    expect(await world.apply(wanted)).toEqual({ kind: "differs", output });
    expect(driver.report).toMatchObject({ agrees: false, differences: [output] });
    expect(await world.haproxy.reloads()).toBe(1);

    await writeFile(world.haproxy.configPath, wanted);
    await driver.reload(never);
    expect(await world.apply(wanted)).toEqual({ kind: "unchanged" });
    expect(driver.report).toMatchObject({ agrees: true, differences: [] });
  });
});

describe("a server that is down", () => {
  /** Its checks take a second to find out that nobody answers. */
  const checked = (port: number): string =>
    `  timeout check 1s\n  option httpchk\n  server s1 127.0.0.1:${port} check inter 100ms fall 1 rise 2\n` +
    "  server s2 127.0.0.1:9002\n";

  test("stays so through a reload where the configuration names a state file", async () => {
    await using silent = await silentServer();
    await using folder = await tempDir();
    const path = join(folder.path, "states");
    await writeFile(path, "1\n");
    const states = { global: `server-state-file ${path}`, defaults: "load-server-state-from-file global" };
    const servers = checked(silent.port);
    const { world, text } = await started({ servers, ...states });
    await using _ = world;
    await eventually("the verdict of the checks", async () => (await statusOf(world, "s1")) === "DOWN");
    for (const more of ["option httplog", "option redispatch"]) {
      const outcome = await world.apply(text({ ...states, servers, defaults: `${states.defaults}\n  ${more}` }));
      expect(outcome).toMatchObject({ kind: "applied", reload: "defaults differs" });
      expect(await statusOf(world, "s1")).toBe("DOWN");
      expect(await statusOf(world, "s2")).toBe("no");
    }
    expect(world.parts.driver.report).toMatchObject({ agrees: true, differences: [] });
    expect(await readFile(path, "utf8")).toMatch(/^1\n0 b 0 s1 127\.0\.0\.1 0 0 1 1 .* \d+ -\n$/);
  });

  test("counts as up after a reload without one", async () => {
    await using silent = await silentServer();
    const servers = checked(silent.port);
    const { world, text } = await started({ servers });
    await using _ = world;
    await eventually("the verdict of the checks", async () => (await statusOf(world, "s1")) === "DOWN");
    await world.apply(text({ servers, defaults: "option httplog" }));
    expect(await statusOf(world, "s1")).toBe("UP");
  });

  test("is told to come back up when the states cannot be kept, and the reload is made all the same", async () => {
    const states = { global: "server-state-file /proc/none/states", defaults: "load-server-state-from-file global" };
    const { world, text } = await started({ servers: TWO, ...states });
    await using _ = world;
    for (const more of ["option httplog", "option redispatch"]) {
      const outcome = await world.apply(text({ ...states, servers: TWO, defaults: `${states.defaults}\n  ${more}` }));
      expect(outcome).toMatchObject({ kind: "applied" });
    }
    const advice = world.take("advice").map((event) => event.advice);
    expect(advice).toHaveLength(1);
    expect(advice[0]).toContain("until their checks speak");
  });
});

describe("what somebody has turned off by hand", () => {
  test.each(["disable health b/s1", "disable agent b/s2", "set server b/s3 health down", "set server b/s3 weight 7"])(
    "is turned on again: %s",
    async (command) => {
      const servers = [
        "  server s1 127.0.0.1:9001 check inter 1h",
        "  server s2 127.0.0.1:9002 agent-check agent-port 9 agent-inter 1h",
        "  server s3 127.0.0.1:9003\n",
      ].join("\n");
      const { world, text } = await started({ servers });
      await using _ = world;
      const wanted = text({ servers });
      expect(await world.apply(wanted)).toEqual({ kind: "unchanged" });
      await world.ask(command);
      expect(await world.apply(wanted)).toMatchObject({ kind: "applied", commands: 1 });
      expect(world.take("haproxy-differs")).toHaveLength(1);
      expect(world.take("haproxy-compared").map(({ differing }) => differing)).toEqual([0, 0]);
      expect(await world.apply(wanted)).toEqual({ kind: "unchanged" });
      expect(world.take("reload-needed")).toEqual([]);
    },
  );
});

describe("small buffers", () => {
  test("take a large change in pieces, and no reload", async () => {
    const many = (weight: number): string =>
      Array.from({ length: 600 }, (_, at) => `  server s${at} 127.0.0.1:${9_000 + at} weight ${weight}\n`).join("");
    const global = "tune.bufsize 8192";
    const { world, socket, text } = await started({ servers: many(1), global }, "admin");
    await using _ = world;
    world.driveBy({ socket, reload: { kind: "command", command: "false" } });
    const file = text({ servers: many(1), global });
    const wanted = text({ servers: many(9), global });
    const did = [...Array.from({ length: 20 }, (_, at) => `b/s${at} weight 9`), "and 580 more"];
    expect(await world.parts.driver.adjust({ wanted, file }, never)).toEqual({ kind: "adjusted", commands: 600, did });
    expect(world.parts.driver.report).toMatchObject({ agrees: true });
  });
});
