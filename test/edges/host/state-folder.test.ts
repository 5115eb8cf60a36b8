import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { HecdEvent } from "../../../src/core/events/event.js";
import { type IdentityOptions, openIdentity } from "../../../src/edges/host/state-folder.js";
import { systemClock } from "../../../src/flow/clock.js";
import { eventually } from "../../support/eventually.js";
import { tempDir } from "../../support/temp-dir.js";

const holder = { hostname: "here", pid: 7, since: "2026-01-02T03:04:05Z" };

/** A folder that is not there yet, in one that is. */
async function setUp() {
  const parent = await tempDir();
  const folder = join(parent.path, "hecd");
  const told: HecdEvent[] = [];
  onTestFinished(() => parent[Symbol.asyncDispose]());
  const open = (changes: Partial<IdentityOptions> = {}, signal = new AbortController().signal) =>
    openIdentity(
      { folder, hostId: "node1", holder, onHeld: "wait", ...changes },
      { clock: systemClock, emit: (event) => told.push(event) },
      signal,
    );
  return { folder, told, open, file: join(folder, "agent-node1.json") };
}

describe("the identity in a state folder", () => {
  test("is the same for every agent that comes after another, and one for each host", async () => {
    const { open, told } = await setUp();
    const agents: string[] = [];
    for (const hostId of ["node1", "node1", "node2"]) {
      await using identity = await open({ hostId });
      expect(identity).toMatchObject({ hostId, holder });
      agents.push(identity.agent);
    }
    expect(agents[1]).toBe(agents[0]);
    expect(agents[2]).not.toBe(agents[0]);
    expect(told).toEqual([]);
  });

  test("is for this user alone to read", async () => {
    const { open, folder, file } = await setUp();
    await using _identity = await open();
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("is another one after a start of the machine, and where the file was spoiled", async () => {
    const { open, file } = await setUp();
    const first = await open();
    await first[Symbol.asyncDispose]();
    const text = await readFile(file, "utf8");
    const others = [text.replace(/"boot":".*"/, '"boot":"another"'), text.slice(0, 20), "", "null", '{"agent":"x"}'];
    for (const other of others) {
      await writeFile(file, other);
      await using identity = await open();
      expect(identity.agent, other).not.toBe(first.agent);
      expect(await readFile(file, "utf8"), other).toContain(identity.agent);
    }
  });

  test("is waited for while another process has it, which is told", async () => {
    const { open, told, folder } = await setUp();
    const first = await open();
    const opening = open({ holder: { ...holder, pid: 8 } });
    const held = await eventually("this to be told", () => told.find(({ kind }) => kind === "claim-held"));
    expect(held).toEqual({
      kind: "claim-held",
      key: join(folder, "agent-node1.sock"),
      holder: "process 7 on here since 2026-01-02T03:04:05Z",
      lastedMs: 0,
    });
    await first[Symbol.asyncDispose]();
    await using second = await opening;
    expect(second.agent).toBe(first.agent);
  });

  test("is refused while another process has it, when told not to wait", async () => {
    const { open } = await setUp();
    await using _first = await open();
    await expect(open({ onHeld: "fail" })).rejects.toMatchObject({
      fault: { code: "host-held", holder: "process 7 on here since 2026-01-02T03:04:05Z" },
    });
  });

  test("is a passing one where the folder cannot be used, which is told once", async () => {
    const { open, told, folder } = await setUp();
    await writeFile(folder, "a file");
    await using first = await open();
    expect(told).toMatchObject([{ kind: "advice", about: `Cannot use the state folder ${folder}` }]);
    await using second = await open();
    expect(second.agent).not.toBe(first.agent);
    await using third = await open({ folder: "/dev/null/hecd" });
    expect(third.agent).not.toBe(first.agent);
    expect(told).toHaveLength(3);
  });

  test("is no longer waited for when that is called off", async () => {
    const { open, told } = await setUp();
    await using _first = await open();
    const control = new AbortController();
    const opening = open({}, control.signal);
    await eventually("the waiting to begin", () => told.length > 0);
    const reason = new Error("enough");
    control.abort(reason);
    await expect(opening).rejects.toBe(reason);
  });
});
