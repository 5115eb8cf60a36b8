import { mkdir, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { NameLookups, type Question, resolveInChild } from "../../../src/edges/host/name-lookups.js";
import { templateWorld } from "../../../src/edges/output/template-world.js";
import { systemClock } from "../../../src/flow/clock.js";
import { ManualClock } from "../../support/manual-clock.js";
import { tempDir } from "../../support/temp-dir.js";

describe("the machine that templates ask", () => {
  test("has templates to include, as they are at that moment", async () => {
    await using folder = await tempDir();
    const world = templateWorld(folder.path, systemClock, {});
    await mkdir(join(folder.path, "parts"));
    await writeFile(join(folder.path, "parts/a.tmpl"), "é {{.}}");
    expect(world.readTemplate("parts/a.tmpl")).toEqual({ text: "é {{.}}" });
    expect(world.readTemplate("gone")).toEqual({ problem: expect.stringContaining("ENOENT") as string });
  });

  test("tells files that are there from those that are not and those it cannot see", async () => {
    await using folder = await tempDir();
    const world = templateWorld(folder.path, systemClock, {});
    await writeFile(join(folder.path, "file"), "");
    const seen = ["", "file", "gone", "file/below"].map((name) => world.seeFile(join(folder.path, name)));
    expect(seen).toEqual(["there", "there", "missing", "unknown"]);
  });

  test("knows the time, and how long the program has been running", async () => {
    const clock = new ManualClock();
    await clock.advance(500);
    const world = templateWorld("/", clock, {});
    await clock.advance(1_500);
    const { unixNanoseconds, runningNanoseconds } = world.now();
    expect(runningNanoseconds).toBe(1_500_000_000n);
    expect(Math.abs(Number(unixNanoseconds / 1_000_000n) - new Date().getTime())).toBeLessThan(60_000);
    const { name, offsetSeconds } = world.here.zoneAt(1_795_221_437);
    expect(offsetSeconds).toBe(-new Date(1_795_221_437_000).getTimezoneOffset() * 60);
    expect(name).toMatch(/^([A-Z]{3,5}|[-+]\d{2}(\d{2})?)$/);
  });

  test("is at a place, which TZ names, and knows its summer time", () => {
    const placeBy = (env: Record<string, string>) => templateWorld("/", systemClock, env).here;
    expect([placeBy({}), placeBy({ TZ: ":Europe/Berlin" }), placeBy({ TZ: "" })].map(({ name }) => name)).toEqual([
      "Local",
      "Europe/Berlin",
      "UTC",
    ]);
    vi.stubEnv("TZ", "Europe/Berlin");
    const { zoneAt } = placeBy({ TZ: "Europe/Berlin" });
    expect(zoneAt(1_795_221_437)).toEqual({ name: "CET", offsetSeconds: 3_600, isDst: false });
    expect(zoneAt(1_782_000_000)).toEqual({ name: "CEST", offsetSeconds: 7_200, isDst: true });
    expect(zoneAt(1e18).offsetSeconds % 3_600).toBe(0);
    vi.unstubAllEnvs();
  });

  test("has a name and addresses", () => {
    const world = templateWorld("/", systemClock, {});
    expect(world.hostname()).not.toBe("");
    const [name = "", addresses = []] = Object.entries(networkInterfaces())[0] ?? [];
    expect(world.addressesOf(name)).toEqual(addresses.map(({ address }) => address));
    expect(world.addressesOf("nonesuch0")).toEqual([]);
  });
});

describe("names that templates look up", () => {
  test("have the addresses that the system's resolver knows", () => {
    const world = templateWorld("/", systemClock, {});
    expect(world.lookupHost("127.0.0.1")).toEqual(["127.0.0.1"]);
    expect(world.lookupHost("localhost").length).toBeGreaterThan(0);
  });

  test("are never taken for options or code", () => {
    expect(resolveInChild({ kind: "host", name: "--help" })?.addresses ?? []).toEqual([]);
    expect(resolveInChild({ kind: "host", name: '"+process.pid+"' })?.addresses ?? []).toEqual([]);
  });

  test("are asked for once in five seconds", async () => {
    const clock = new ManualClock();
    const asked: Question[] = [];
    const names = new NameLookups(clock, (question) => {
      asked.push(question);
      return { addresses: [`10.0.0.${asked.length}`], records: [] };
    });
    expect([names.host("a"), names.host("b"), names.host("a")]).toEqual([["10.0.0.1"], ["10.0.0.2"], ["10.0.0.1"]]);
    await clock.advance(5_000);
    expect(names.host("a")).toEqual(["10.0.0.3"]);
    expect(asked.map(({ name }) => name)).toEqual(["a", "b", "a"]);
  });

  test("keep their last answer while the resolver fails, and lose it when the name is gone", async () => {
    const clock = new ManualClock();
    const record = { target: "a.", port: 1, priority: 2, weight: 3 };
    const answers = [{ addresses: [], records: [record] }, undefined, { addresses: [], records: [] }, undefined];
    const names = new NameLookups(clock, () => answers.shift());
    const seen: number[] = [];
    for (let look = 0; look < 4; look++) {
      seen.push(names.service("_http._tcp.a").length);
      await clock.advance(5_000);
    }
    expect(seen).toEqual([1, 1, 0, 0]);
  });
});
