import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import { reloadByMaster } from "../../src/edges/haproxy/master.js";
import { openHaproxy } from "../../src/edges/own-haproxy/process.js";
import { hasCode } from "../../src/errors.js";
import { systemClock } from "../../src/flow/clock.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { HAPROXY } from "../support/haproxy-binary.js";
import { answering, answerOn, occupiedPort } from "../support/live-haproxy.js";
import { tempDir } from "../support/temp-dir.js";

async function world() {
  const directory = await tempDir();
  const port = await freePort();
  const configPath = join(directory.path, "haproxy.cfg");
  await writeFile(configPath, answering("first", port));
  const told: HecdEvent[] = [];
  const emit = (event: HecdEvent): void => void told.push(event);
  const stop = new AbortController();
  const settings = { binary: HAPROXY, configPath, masterSocket: join(directory.path, "master.sock") };
  return {
    port,
    settings,
    stop,
    told,
    open: (more: Partial<typeof settings> = {}) =>
      openHaproxy({ ...settings, ...more }, { clock: systemClock, emit }, stop.signal),
    startedPids: () => told.flatMap((event) => (event.kind === "haproxy-started" ? [event.pid] : [])),
    async [Symbol.asyncDispose]() {
      stop.abort(new Error("the test is over"));
      await directory[Symbol.asyncDispose]();
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("an HAProxy of our own", () => {
  test("serves as soon as it is opened, can be reloaded, and is gone when it is disposed", async () => {
    await using here = await world();
    {
      await using haproxy = await here.open();
      expect(haproxy.running).toBe(true);
      expect(await answerOn(here.port)).toBe("200 first");
      await writeFile(here.settings.configPath, answering("second", here.port));
      expect((await reloadByMaster(here.settings.masterSocket, { clock: systemClock }, here.stop.signal)).kind).toBe(
        "proven",
      );
      await eventually("the new answer", async () => (await answerOn(here.port)) === "200 second");
      expect(here.told).toContainEqual(expect.objectContaining({ kind: "haproxy-said" }));
    }
    const [pid = 0] = here.startedPids();
    expect(isAlive(pid)).toBe(false);
    await expect(answerOn(here.port)).rejects.toThrow("ECONNREFUSED");
    expect(here.told.some(({ kind }) => kind === "haproxy-exited")).toBe(false);
  });

  test("is started again when it is killed, and nothing of the killed one serves on", async () => {
    await using here = await world();
    await using haproxy = await here.open();
    await writeFile(here.settings.configPath, answering("second", here.port));
    const [first = 0] = here.startedPids();
    process.kill(first, "SIGKILL");
    await eventually("a second start", () => here.startedPids().length === 2);
    for (let request = 0; request < 20; request++) expect(await answerOn(here.port)).toBe("200 second");
    expect(haproxy.running).toBe(true);
    expect(here.told).toContainEqual(expect.objectContaining({ kind: "haproxy-exited", how: "SIGKILL" }));
  });

  test("ends when the signal aborts, without being asked", async () => {
    await using here = await world();
    await using haproxy = await here.open();
    const [pid = 0] = here.startedPids();
    here.stop.abort(new Error("received SIGTERM"));
    await eventually("its end", () => !isAlive(pid));
    await haproxy[Symbol.asyncDispose]();
    expect(haproxy.running).toBe(false);
  });

  test("does not come up on a port that another process holds, and says which", async () => {
    await using here = await world();
    await using occupied = await occupiedPort();
    await writeFile(here.settings.configPath, answering("first", occupied.port));
    const failure = await here.open().catch((error: unknown) => error);
    expect(hasCode(failure, "port-occupied") && failure.fault.address).toBe(`127.0.0.1:${occupied.port}`);
  });

  test("does not come up with a broken file or a missing binary, and says why", async () => {
    await using here = await world();
    await writeFile(here.settings.configPath, "nonsense\n");
    await expect(here.open()).rejects.toThrow(/HAProxy could not start: parsing .*unknown keyword 'nonsense'/);
    await expect(here.open({ binary: "/no/such/haproxy" })).rejects.toThrow(/HAProxy could not start: .*ENOENT/);
  });
});
