import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askProcesses } from "../../src/edges/haproxy/master.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { LeavingServers } from "../support/leaving-servers.js";
import { configOf, type Wanted } from "../support/load-config.js";
import { Load, type TestServer } from "../support/load.js";
import { matched } from "../support/required.js";
import { RuntimeWorld } from "../support/runtime-world.js";

let servers: LeavingServers;

beforeEach(() => {
  servers = new LeavingServers();
});
afterEach(() => servers[Symbol.asyncDispose]());

/** Ends as a container does that is stopped after it was taken out. */
function endSoon(server: TestServer): void {
  servers.endSoon(() => {
    server.leave();
  });
}

async function startWorld(first: TestServer) {
  let socket = "";
  const world = await RuntimeWorld.start((port, path) => {
    socket = path;
    return configOf(port, path, [{ server: first, weight: 100 }]);
  }, "admin");
  return {
    world,
    bring: async (wanted: readonly Wanted[], more = "", global = "") => {
      const outcome = await world.apply(configOf(world.port, socket, wanted, more, global));
      expect(outcome).toMatchObject({ kind: "applied" });
    },
  };
}

describe("under short, kept-alive and long requests at once", () => {
  test("200 changes of servers need no reload and fail no request (invariant 10)", { timeout: 180_000 }, async () => {
    let wanted: readonly Wanted[] = [{ server: await servers.start(), weight: 100 }];
    const { world, bring } = await startWorld(wanted[0]?.server ?? (await servers.start()));
    await using _world = world;
    const load = new Load(world.port);
    let changes = 0;
    const change = async (next: readonly Wanted[]): Promise<void> => {
      const left = wanted.filter(({ server }) => !next.some((each) => each.server === server));
      wanted = next;
      await bring(next);
      changes++;
      for (const { server } of left) endSoon(server);
    };
    for (let count = 2; count <= 20; count++) await change([...wanted, { server: await servers.start(), weight: 100 }]);
    for (let round = 0; round < 60; round++) {
      await change(
        wanted.map((each, at) => (at === round % 20 ? { ...each, weight: 1 + ((round * 37) % 256) } : each)),
      );
    }
    for (let round = 0; round < 60; round++) {
      await change([...wanted.slice(1), { server: await servers.start(), weight: 100 }]);
    }
    while (wanted.length > 1) await change(wanted.slice(1));
    for (let round = 0; changes < 200; round++) {
      await change([{ server: await servers.start(), weight: 100 }]); // the only one, each time another
    }
    await delay(500);
    const { answered, failures } = await load.stop();
    console.log(
      `${changes} changes, ${await world.haproxy.reloads()} reloads, ${answered} answered, ${failures.length} failed`,
    );
    expect(failures).toEqual([]);
    expect(await world.haproxy.reloads()).toBe(0);
    expect(world.take("reload-needed")).toEqual([]);
    expect(changes).toBe(200);
    expect(answered).toBeGreaterThan(5_000);
  });

  test(
    "30 changes that need a reload fail no request, and old processes end (invariant 10)",
    { timeout: 180_000 },
    async () => {
      let wanted: readonly Wanted[] = [];
      for (let count = 0; count < 4; count++) wanted = [...wanted, { server: await servers.start(), weight: 100 }];
      const { world, bring } = await startWorld(wanted[0]?.server ?? (await servers.start()));
      await using _world = world;
      const load = new Load(world.port);
      let more = "";
      for (let round = 0; round < 30; round++) {
        const [oldest] = wanted;
        if (round % 3 === 0) more += `backend b${round}\n`;
        if (round % 3 === 1) more += `listen l${round}\n    bind 127.0.0.1:${await freePort()}\n`;
        wanted = [...wanted.slice(1), { server: await servers.start(), weight: 100 }];
        await bring(wanted, more, `maxconn ${1_000 + round}`);
        if (oldest) endSoon(oldest.server);
        await delay(500); // faster, and mworker-max-reloads ends the oldest process before its long requests
      }
      const stoppedAt = performance.now();
      const stopped = load.stop();
      const oldWorkers = async (): Promise<number> =>
        (await askProcesses(world.haproxy.masterSocket, new AbortController().signal))?.oldWorkers.length ?? Infinity;
      await eventually("the end of old workers", async () => (await oldWorkers()) <= 2);
      const tookMs = Math.round(performance.now() - stoppedAt);
      const { answered, failures } = await stopped;
      console.log(`30 reloads, ${answered} answered, ${failures.length} failed, old workers ended in ${tookMs} ms`);
      expect(failures).toEqual([]);
      expect(await world.haproxy.reloads()).toBe(30);
      expect(world.take("reloaded").filter(({ succeeded }) => !succeeded)).toEqual([]);
      expect(answered).toBeGreaterThan(1_000);
    },
  );

  test(
    "servers that were killed are deleted once they have left, and HAProxy lives on",
    { timeout: 120_000 },
    async () => {
      const first = await servers.start();
      const { world, bring } = await startWorld(first);
      await using _world = world;
      const load = new Load(world.port);
      const pid = matched(/^Pid: (\d+)$/m, await world.ask("show info"), "Pid");
      for (let round = 0; round < 20; round++) {
        const server = await servers.start();
        await bring([first, server].map((each) => ({ server: each, weight: 100 })));
        await server[Symbol.asyncDispose]();
        await bring([{ server: first, weight: 100 }]);
      }
      const text = await readFile(world.haproxy.configPath, "utf8");
      await eventually(
        "the end of every server that has left",
        async () => {
          await world.apply(text);
          return world.parts.driver.report?.leaving.length === 0;
        },
        60_000,
        1_000,
      );
      await load.stop();
      expect(matched(/^Pid: (\d+)$/m, await world.ask("show info"), "Pid")).toBe(pid);
      expect(await world.haproxy.reloads()).toBe(0);
    },
  );

  test("servers that left are deleted while requests run, and HAProxy lives on", { timeout: 120_000 }, async () => {
    let wanted: readonly Wanted[] = [{ server: await servers.start(), weight: 100 }];
    const { world, bring } = await startWorld(wanted[0]?.server ?? (await servers.start()));
    await using _world = world;
    const load = new Load(world.port);
    for (let round = 0; round < 10; round++) {
      const left = wanted;
      wanted = [{ server: await servers.start(), weight: 100 }];
      await bring(wanted);
      for (const { server } of left) endSoon(server);
    }
    const text = await readFile(world.haproxy.configPath, "utf8");
    await eventually(
      "the end of every server that has left",
      async () => {
        await world.apply(text);
        return world.parts.driver.report?.leaving.length === 0;
      },
      60_000,
      1_000,
    );
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(await world.haproxy.reloads()).toBe(0);
    expect((await world.ask("show servers state web")).match(/^\d+ web /gm)).toHaveLength(1);
  });
});
