import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { LabelWorld, Site } from "../support/label-world.js";
import type { Labelled } from "../support/labelled.js";
import { Visitors } from "../support/visitors.js";

/** A container at a port of somebody who serves. */
function at(site: Site, service: string, labels: Readonly<Record<string, string>>): Labelled {
  return { ...site.as({ "hecd.service": service, ...labels }), name: service };
}

const mapOf = (world: LabelWorld): string => join(world.haproxy.haproxy.directory, "haproxy.cfg.routes");

/** The entries that HAProxy has, in any order. */
async function running(world: LabelWorld): Promise<readonly string[]> {
  const shown = await world.haproxy.ask("show map haproxy.cfg.routes");
  return [...shown.matchAll(/^0x[0-9a-f]+ (.*)$/gm)].map(([, entry = ""]) => entry).sort();
}

async function inFile(world: LabelWorld): Promise<readonly string[]> {
  return (await readFile(mapOf(world), "utf8")).split("\n").filter(Boolean).sort();
}

describe("routes of the stock template", () => {
  test("come, change and go without a reload and without a request that fails", async () => {
    await using one = await Site.start("one");
    await using two = await Site.start("two");
    const named = (host: string, other = "two.example"): readonly Labelled[] => [
      at(one, "one", { "hecd.http.host": `one.example,${host}` }),
      at(two, "two", { "hecd.http.host": other }),
    ];
    await using world = await LabelWorld.start(named("a.example"));
    const visitors = new Visitors(world.haproxy.port, "one.example", ["one"]);
    const bodyFor = async (host: string): Promise<string> => (await world.ask("/", { host })).body;
    expect(await bodyFor("a.example")).toBe("one");
    for (let round = 0; round < 20; round++) {
      expect(await world.have(named(`new-${round}.example`))).toEqual([]);
      expect(await bodyFor(`new-${round}.example`)).toBe("one");
      expect(await inFile(world)).toEqual(await running(world));
    }
    expect(await bodyFor("new-0.example")).not.toBe("one");
    // From one service to another, and a wildcard beside it.
    expect(await world.have(named("b.example", "new-19.example,*.example"))).toEqual([]);
    expect(await bodyFor("new-19.example")).toBe("two");
    expect(await bodyFor("x.y.example")).toBe("two");
    expect(await bodyFor("b.example")).toBe("one");
    await visitors.stop();
    expect(visitors.asked).toBeGreaterThan(20);
    expect(visitors.others).toEqual([]);
  });

  test("go on leading to one of two services while they change from the one to the other", async () => {
    await using one = await Site.start("one");
    await using two = await Site.start("two");
    const hosts = Array.from({ length: 50 }, (_, at) => `h${at}.example`).join(",");
    const split = (isFirst: boolean): readonly Labelled[] => [
      at(one, "one", { "hecd.http.host": isFirst ? hosts : "one.example" }),
      at(two, "two", { "hecd.http.host": isFirst ? "two.example" : hosts }),
    ];
    await using world = await LabelWorld.start(split(true));
    const visitors = new Visitors(world.haproxy.port, "h49.example", ["one", "two"]);
    for (let round = 1; round <= 20; round++) {
      expect(await world.have(split(round % 2 === 0))).toEqual([]);
      expect((await world.ask("/", { host: "h7.example" })).body).toBe(round % 2 === 0 ? "one" : "two");
    }
    await visitors.stop();
    expect(visitors.others).toEqual([]);
    expect(await inFile(world)).toEqual(await running(world));
  });

  test("are those of the file again after somebody has changed them in HAProxy, or in the file", async () => {
    await using one = await Site.start("one");
    const all = [at(one, "one", { "hecd.http.host": "one.example,two.example" }), at(one, "two", {})];
    await using world = await LabelWorld.start(all);
    const wanted = await inFile(world);
    await world.haproxy.ask("set map haproxy.cfg.routes =one.example/ two");
    await world.haproxy.ask("del map haproxy.cfg.routes =two.example/");
    await world.haproxy.ask("add map haproxy.cfg.routes =three.example/ one");
    world.haproxy.restart();
    expect(await world.have(all)).toHaveLength(1);
    expect(await running(world)).toEqual(wanted);
    // While it is known what runs, commands lead back.
    await world.haproxy.ask("set map haproxy.cfg.routes =one.example/ two");
    expect(await world.have(all)).toEqual([]);
    expect(await running(world)).toEqual(wanted);

    await writeFile(mapOf(world), "=one.example/ two\n");
    expect(await world.have(all)).toEqual([]);
    expect(await inFile(world)).toEqual(wanted);
  });

  test("are those of the file after HAProxy has been killed, or who drives it", async () => {
    await using one = await Site.start("one");
    const named = (host: string) => [at(one, "one", { "hecd.http.host": host })];
    await using world = await LabelWorld.start(named("a.example"));
    expect(await world.have(named("b.example"))).toEqual([]);
    await world.haproxy.haproxy.kill();
    await world.haproxy.haproxy.start();
    expect(await running(world)).toEqual(["=b.example/ one"]);
    expect((await world.ask("/", { host: "b.example" })).body).toBe("one");
    // Killed after HAProxy was brought there and before the file was: the next one goes by the file.
    await world.haproxy.ask("add map haproxy.cfg.routes =c.example/ one");
    world.haproxy.restart();
    await world.have(named("b.example"));
    expect(await running(world)).toEqual(["=b.example/ one"]);
    expect(await inFile(world)).toEqual(["=b.example/ one"]);
  });

  test("lead on to a service that goes, as long as its backend stays", async () => {
    await using one = await Site.start("one");
    const all = [
      at(one, "one", { "hecd.http.host": "one.example" }),
      at(one, "two", { "hecd.http.host": "*.example" }),
    ];
    await using world = await LabelWorld.start(all);
    world.haproxy.parts = { ...world.haproxy.parts, mayDefer: true };
    expect(await world.have(all.slice(1))).toEqual([]);
    expect(await inFile(world)).toEqual(["=one.example/ one", "example/ two"]);
    expect((await world.ask("/", { host: "one.example" })).status).toBe(503);
    world.haproxy.parts = { ...world.haproxy.parts, mayDefer: false };
    await world.have(all.slice(1));
    expect((await world.ask("/", { host: "one.example" })).body).toBe("one");
    expect(await inFile(world)).toEqual(["example/ two"]);
  });

  test("are not taken over from a text that HAProxy refuses", async () => {
    await using one = await Site.start("one");
    const named = (host: string) => [at(one, "one", { "hecd.http.host": host })];
    await using world = await LabelWorld.start(named("a.example"));
    const present = await readFile(world.haproxy.haproxy.configPath, "utf8");
    const refused = `${present.replace("=a.example/", "=b.example/")}\nbackend bad\n  no such word\n`;
    expect(await world.haproxy.apply(refused)).toMatchObject({ kind: "rejected" });
    expect(await inFile(world)).toEqual(["=a.example/ one"]);
    expect(await running(world)).toEqual(["=a.example/ one"]);
    const { output } = (await world.haproxy.apply(
      present.replace("map_beg(haproxy.cfg.routes)\n", "map_bad(haproxy.cfg.routes)\n").replace("=a.", "=b."),
    )) as { readonly output: string };
    expect(output).toContain("map_bad(haproxy.cfg.routes)");
  });

  test("of 1,000 services are changed one by one and all at once", async () => {
    await using one = await Site.start("one");
    const all = (suffix: string): readonly Labelled[] =>
      Array.from({ length: 1_000 }, (_, at) => ({
        ...one.as({ "hecd.service": `s${at}`, "hecd.http.host": `h${at}.${suffix}` }),
        name: `c${at}`,
      }));
    await using world = await LabelWorld.start(all("example"));
    const [first, ...others] = all("example");
    const moved = { ...first, labels: { ...first?.labels, "hecd.http.host": "moved.example" } } as Labelled;
    expect(await world.have([moved, ...others])).toEqual([]);
    expect((await world.ask("/", { host: "moved.example" })).body).toBe("one");
    expect(world.haproxy.take("haproxy-adjusted").at(-1)).toMatchObject({ commands: 2 });
    expect(await world.have(all("elsewhere"))).toEqual([]);
    expect((await world.ask("/", { host: "h999.elsewhere" })).body).toBe("one");
    expect(await running(world)).toEqual(await inFile(world));
    await eventually("the map of the new names", async () => (await running(world)).length === 1_000);
  });
});
