import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import type { ReloadDriver } from "../../src/core/model/reload-driver.js";
import { reloadByMaster } from "../../src/edges/haproxy/master.js";
import { reloadBySignal } from "../../src/edges/haproxy/signal.js";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { systemClock } from "../../src/flow/clock.js";
import type { HaproxySettings, Resource } from "../../src/ports.js";
import { apply } from "../../src/renderer/apply.js";
import type { ApplyParts } from "../../src/renderer/apply-parts.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { HAPROXY } from "../support/haproxy-binary.js";
import {
  answering,
  answerOn,
  manyServers,
  occupiedPort,
  startHaproxy,
  type LiveHaproxy,
} from "../support/live-haproxy.js";
import { PushedRenderer } from "../support/pushed-renderer.js";
import { resourceOf } from "../support/pushed-store.js";
import { required } from "../support/required.js";
import { drivenParts } from "../support/runtime-world.js";

const clock = systemClock;
let stop: AbortController;
let told: HecdEvent[];
const emit = (event: HecdEvent): void => void told.push(event);

beforeEach(() => {
  stop = new AbortController();
  told = [];
});
afterEach(() => {
  stop.abort(new Error("the test is over"));
});

/** An address that is no machine's, in a form that is left to HAProxy: it finds out only when it loads the file. */
const FOREIGN_BIND = "  bind 192.0.2.1:80 interface lo\n";

function settingsFor({ masterSocket }: LiveHaproxy, reload?: ReloadDriver): HaproxySettings {
  return { socket: undefined, reload: reload ?? { kind: "master", socket: masterSocket } };
}

function resourceFor(haproxy: LiveHaproxy, settings = settingsFor(haproxy)): Resource {
  return resourceOf({ name: "haproxy.toml", dest: haproxy.configPath, minReloadIntervalMs: 200, haproxy: settings });
}

function partsFor(haproxy: LiveHaproxy, reload?: ReloadDriver): ApplyParts {
  const settings = settingsFor(haproxy, reload);
  return drivenParts(resourceFor(haproxy, settings), settings, told);
}

test("a worker that is still at work is known by the reloads that it has outlived", async () => {
  await using haproxy = await startHaproxy();
  const { driver } = partsFor(haproxy);
  const outlived = (): Promise<number> | undefined => driver.outlivedReloads?.(stop.signal);
  expect(await outlived()).toBe(0);
  const client = connect(haproxy.port, "127.0.0.1").on("error", () => undefined);
  client.write("GET / HTTP/1.1\r\nHost: a.example\r\n"); // goes on for as long as its client likes
  await once(client, "connect");
  await eventually("the request in HAProxy", async () => /CurrConns: [1-9]/.test(await infoOf(haproxy)));
  for (const reloads of [1, 2]) {
    expect(await driver.reload(stop.signal)).toMatchObject({ kind: "proven" });
    expect(await outlived()).toBe(reloads);
  }
  client.destroy();
  await eventually("its end", async () => (await outlived()) === 0);
});

async function infoOf({ masterSocket }: LiveHaproxy): Promise<string> {
  return (await askSocket(masterSocket, "@1 show info", stop.signal)) ?? "";
}

describe("a change of HAProxy's configuration", () => {
  test("is served once it is applied", async () => {
    await using haproxy = await startHaproxy();
    const outcome = await apply(answering("second", haproxy.port), partsFor(haproxy), stop.signal);
    expect(outcome).toMatchObject({ kind: "applied" });
    await eventually("the new answer", async () => (await answerOn(haproxy.port)) === "200 second", 2_000);
    expect(await haproxy.reloads()).toBe(1);
    expect(told).toContainEqual(expect.objectContaining({ kind: "reloaded", by: "master", succeeded: true }));
  });

  test("that HAProxy refuses leaves file and process untouched, and names the line (invariant 1)", async () => {
    await using haproxy = await startHaproxy();
    const bad = `${answering("second", haproxy.port)}  nonsense here\n`;
    const outcome = await apply(bad, partsFor(haproxy), stop.signal);
    expect(outcome).toEqual({
      kind: "rejected",
      output: "parsing [haproxy.cfg:12] : unknown keyword 'nonsense' in 'frontend' section\n" + "  12 | nonsense here",
    });
    expect(await readFile(haproxy.configPath, "utf8")).toBe(answering("first", haproxy.port));
    expect(await haproxy.reloads()).toBe(0);
    expect(await readdir(haproxy.directory)).toEqual(["haproxy.cfg", "haproxy.pid", "master.sock"]);
  });

  test("without a listener is refused although HAProxy finds no fault in it", async () => {
    await using haproxy = await startHaproxy();
    const outcome = await apply("global\n  maxconn 10\n", partsFor(haproxy), stop.signal);
    expect(outcome).toEqual({ kind: "rejected", output: "It has no listener: HAProxy would serve nothing" });
  });

  test("that passes the check but cannot be loaded is taken back, and the last good one served (invariant 2)", async () => {
    await using haproxy = await startHaproxy();
    const parts = partsFor(haproxy);
    const text = answering("second", haproxy.port, FOREIGN_BIND);
    const outcome = await apply(text, parts, stop.signal);
    expect(outcome).toMatchObject({ kind: "rolled-back" });
    expect(await readFile(haproxy.configPath, "utf8")).toBe(answering("first", haproxy.port));
    expect(await parts.target.condition()).toBe("sound");
    expect(await answerOn(haproxy.port)).toBe("200 first");
    expect(await apply(answering("first", haproxy.port), parts, stop.signal)).toEqual({ kind: "unchanged" });
  });

  test("that binds what it cannot have is refused before HAProxy stops all its listeners for it", async () => {
    await using haproxy = await startHaproxy();
    await using occupied = await occupiedPort();
    const text = answering("second", haproxy.port, `  bind 127.0.0.1:${occupied.port}\n`);
    expect(await apply(text, partsFor(haproxy), stop.signal)).toEqual({
      kind: "rejected",
      output: expect.stringContaining(
        `It binds 127.0.0.1:${occupied.port}, and another process holds that port (`,
      ) as string,
    });
    const foreign = answering("second", haproxy.port, "  bind 192.0.2.1:80\n");
    expect(await apply(foreign, partsFor(haproxy), stop.signal)).toEqual({
      kind: "rejected",
      output: "It binds 192.0.2.1:80, which is no address of this machine",
    });
    expect(await haproxy.reloads()).toBe(0);
  });

  test("that is cut off between writing and proving is proven by the next process (invariant 2)", async () => {
    await using haproxy = await startHaproxy();
    const text = answering("second", haproxy.port);
    const parts = partsFor(haproxy);
    const staged = await parts.target.stage(text);
    await staged.commit(); // and here the process dies
    expect(await answerOn(haproxy.port)).toBe("200 first");
    expect(await apply(text, partsFor(haproxy), stop.signal)).toMatchObject({ kind: "applied" });
    await eventually("the new answer", async () => (await answerOn(haproxy.port)) === "200 second", 2_000);
    expect(await apply(text, partsFor(haproxy), stop.signal)).toEqual({ kind: "unchanged" });
  });

  test("waits in its file for an HAProxy that does not run yet", async () => {
    await using haproxy = await startHaproxy();
    const parts = partsFor(haproxy, { kind: "master", socket: join(haproxy.directory, "other.sock") });
    const text = answering("second", haproxy.port);
    expect(await apply(text, parts, stop.signal)).toMatchObject({ kind: "waiting" });
    expect(await readFile(haproxy.configPath, "utf8")).toBe(text);
    expect(await apply(text, partsFor(haproxy), stop.signal)).toMatchObject({ kind: "applied" });
    expect(await parts.target.condition()).toBe("sound");
  });

  test("is applied through a pid file, and one that cannot be loaded is taken back there too", async () => {
    await using haproxy = await startHaproxy();
    const parts = partsFor(haproxy, { kind: "signal", pidFile: haproxy.pidFile });
    const second = answering("second", haproxy.port);
    expect(await apply(second, parts, stop.signal)).toMatchObject({ kind: "applied" });
    expect(await answerOn(haproxy.port)).toBe("200 second");
    const bad = answering("third", haproxy.port, FOREIGN_BIND);
    expect(await apply(bad, parts, stop.signal)).toMatchObject({ kind: "rolled-back" });
    expect(await readFile(haproxy.configPath, "utf8")).toBe(second);
    expect(await answerOn(haproxy.port)).toBe("200 second");
  });
});

describe("a reload by the master socket", () => {
  test("has the newest file served, however close the reloads of others come", async () => {
    const configFor = (text: string, port: number): string => answering(text, port) + manyServers(1_000);
    await using haproxy = await startHaproxy((port) => configFor("first", port));
    for (let round = 0; round < 15; round++) {
      const foreign = askSocket(haproxy.masterSocket, "reload", stop.signal);
      await delay(round * 4);
      await haproxy.write(configFor(`round ${round}`, haproxy.port));
      const verdict = await reloadByMaster(haproxy.masterSocket, { clock }, stop.signal);
      await foreign;
      expect(verdict).toEqual({ kind: "proven", output: "" });
      await eventually(
        `the answer of round ${round}`,
        async () => (await answerOn(haproxy.port)) === `200 round ${round}`,
        1_000,
      );
    }
  });

  test("loses no request while ten of them run (invariant 10)", async () => {
    await using haproxy = await startHaproxy();
    const counts = { answered: 0, failed: 0 };
    let isOver = false;
    const client = async (): Promise<void> => {
      while (!isOver) {
        await answerOn(haproxy.port).then(
          () => counts.answered++,
          () => counts.failed++,
        );
        await delay(2);
      }
    };
    const clients = [client(), client(), client(), client()];
    for (let reload = 0; reload < 10; reload++) {
      expect((await reloadByMaster(haproxy.masterSocket, { clock }, stop.signal)).kind).toBe("proven");
      await delay(50);
    }
    isOver = true;
    await Promise.all(clients);
    expect(counts.failed).toBe(0);
    expect(counts.answered).toBeGreaterThan(200);
  });

  test("says that the socket may not be used", async () => {
    await using haproxy = await startHaproxy();
    await writeFile(join(haproxy.directory, "file"), "");
    const file = join(haproxy.directory, "file", "master.sock");
    await expect(reloadByMaster(file, { clock }, stop.signal)).rejects.toThrow(
      /HAProxy could not be reached on .*ENOTDIR/,
    );
  });
});

describe("a reload by signal", () => {
  test("is held back while HAProxy starts, because it would be the end of it", async () => {
    await using haproxy = await startHaproxy();
    const port = await freePort();
    const configPath = join(haproxy.directory, "large.cfg");
    const pidFile = join(haproxy.directory, "large.pid");
    await writeFile(configPath, answering("large", port) + manyServers(10_000));
    const child = spawn(HAPROXY, ["-W", "-db", "-f", configPath], { stdio: "ignore" });
    const ended = once(child, "exit");
    try {
      await writeFile(pidFile, `${required(child.pid, "process")}\n`);
      expect(await reloadBySignal(pidFile, { clock }, stop.signal)).toEqual({ kind: "proven", output: "" });
      expect(await answerOn(port)).toBe("200 large");
    } finally {
      child.kill("SIGTERM");
      await ended;
    }
  });

  test("is never sent to a stranger that has inherited the number", async () => {
    await using haproxy = await startHaproxy();
    const pidFile = join(haproxy.directory, "stale.pid");
    await writeFile(pidFile, `${process.pid}\n`);
    const verdict = await reloadBySignal(pidFile, { clock }, stop.signal);
    expect(verdict.kind).toBe("absent");
    expect(verdict.output).toContain("is not HAProxy but");
  });
});

describe("the renderer with a real HAProxy", () => {
  test("takes twenty quick changes with a few reloads, and the last one is served (invariants 4 and 5)", async () => {
    await using haproxy = await startHaproxy();
    const textOf = (say: string): string => answering(say, haproxy.port);
    await using pushed = new PushedRenderer([resourceFor(haproxy)], emit, textOf);
    pushed.start();
    for (let change = 1; change <= 20; change++) {
      pushed.store.say(`change ${change}`);
      await delay(15);
    }
    await eventually("the last change", async () => (await answerOn(haproxy.port)) === "200 change 20", 5_000);
    await eventually("an end of the work", () => pushed.renderer.waitingFor.length === 0);
    expect(await haproxy.reloads()).toBeLessThanOrEqual(4);
    expect(pushed.renderer.state.resources[0]).toMatchObject({ outcome: { kind: "applied" }, revision: "20" });
  });
});
