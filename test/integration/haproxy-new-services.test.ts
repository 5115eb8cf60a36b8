import { describe, expect, test } from "vitest";
import { capabilitiesOf } from "../../src/haproxy/runtime/capabilities.js";
import { eventually } from "../support/eventually.js";
import { haproxyVersion } from "../support/haproxy.js";
import { heldEnv } from "../support/held-env.js";
import { LabelWorld, Site } from "../support/label-world.js";
import type { Labelled } from "../support/labelled.js";
import { Visitors } from "../support/visitors.js";

const { canAddBackends } = capabilitiesOf(await haproxyVersion());

/** A service of its own at a port of somebody who serves, under a name of its own. */
function service(site: Site, name: string, more: Readonly<Record<string, string>> = {}): Labelled {
  const labels = { "hecd.service": name, "hecd.http.host": `${name}.example`, ...more };
  return { ...site.as(labels), name };
}

describe("a new service", () => {
  test(`comes ${canAddBackends ? "without a reload" : "by one reload"}, and no request fails`, async () => {
    await using one = await Site.start("one");
    await using two = await Site.start("two");
    const all = [service(one, "one")];
    await using world = await LabelWorld.start(all);
    const visitors = new Visitors(world.haproxy.port, "one.example", ["one"]);
    for (let at = 0; at < 5; at++) {
      all.push(service(two, `new-${at}`));
      expect(await world.have(all)).toEqual(canAddBackends ? [] : [`backend new-${at} is new`]);
      expect((await world.ask("/", { host: `new-${at}.example` })).body).toBe("two");
    }
    await visitors.stop();
    expect(visitors.others).toEqual([]);
    // It is checked as one of the file is, and a process that reads the file has the same.
    await eventually(
      "a check of its own",
      async () => (await world.column("new-4", "check_status"))["new-4"] === "L4OK",
      8_000,
    );
    const before = await world.haproxy.servers("");
    await world.haproxy.haproxy.kill();
    await world.haproxy.haproxy.start();
    expect(await world.haproxy.servers("")).toEqual(before);
    expect(await world.have(all)).toEqual([]);
    expect((await world.ask("/", { host: "new-3.example" })).body).toBe("two");
  });

  test(`that waits for a server comes ${canAddBackends ? "without a reload" : "by one reload"}, and its requests wait`, async () => {
    await using one = await Site.start("one");
    await using world = await LabelWorld.start([service(one, "one")], { env: await heldEnv("10s") });
    const all = [service(one, "one"), service(one, "two")];
    expect(await world.have(all)).toEqual(canAddBackends ? [] : ["backend two is new"]);
    expect((await world.ask("/", { host: "two.example" })).body).toBe("one");
    await world.haproxy.ask(`set server two/two:127.0.0.1:${one.port} state maint`);
    const asked = world.ask("/waits", { host: "two.example" });
    await eventually("a request that waits", async () =>
      (await world.haproxy.ask("show stat two 2 -1")).includes("two,BACKEND,0,0,1,"),
    );
    await world.haproxy.ask(`set server two/two:127.0.0.1:${one.port} state ready`);
    expect((await asked).body).toBe("one");
    // A process that reads the file has the same.
    const before = await world.haproxy.servers("");
    await world.haproxy.haproxy.kill();
    await world.haproxy.haproxy.start();
    expect(await world.haproxy.servers("")).toEqual(before);
    expect(await world.have(all)).toEqual([]);
    if (!canAddBackends) return;
    world.haproxy.parts = { ...world.haproxy.parts, mayDefer: true };
    const left = [service(one, "one")];
    await eventually(
      "the server's end",
      async () => {
        expect(await world.have(left)).toEqual([]);
        return world.haproxy.parts.driver.report?.leaving.length === 0;
      },
      20_000,
    );
    world.haproxy.parts = { ...world.haproxy.parts, mayDefer: false };
    expect(await world.have(left)).toEqual([]);
    expect(await world.haproxy.ask("show backend")).not.toMatch(/^two$/m);
  });

  test("takes one reload where only the file can say something of it", async () => {
    await using one = await Site.start("one");
    await using world = await LabelWorld.start([service(one, "one")]);
    const all = [service(one, "one"), service(one, "two", { "hecd.balance": "leastconn" })];
    expect(await world.have(all)).toEqual(["backend two is new"]);
    expect((await world.ask("/", { host: "two.example" })).body).toBe("one");
  });
});

if (canAddBackends) {
  describe("a service that HAProxy has without having read it", () => {
    test("goes without a reload as well, once its servers have gone", async () => {
      await using one = await Site.start("one");
      await using two = await Site.start("two");
      const [first, second] = [service(one, "one"), service(two, "two")];
      await using world = await LabelWorld.start([first]);
      expect(await world.have([first, second])).toEqual([]);
      const visitors = new Visitors(world.haproxy.port, "one.example", ["one"]);
      for (let round = 0; round < 2; round++) {
        world.haproxy.parts = { ...world.haproxy.parts, mayDefer: true };
        expect(await world.have([first])).toEqual([]);
        await eventually(
          "the server's end",
          async () => {
            await world.have([first]);
            return world.haproxy.parts.driver.report?.leaving.length === 0;
          },
          20_000,
        );
        world.haproxy.parts = { ...world.haproxy.parts, mayDefer: false };
        expect(await world.have([first])).toEqual([]);
        expect(await world.haproxy.ask("show backend")).not.toMatch(/^two$/m);
        expect(await world.have([first, second])).toEqual([]);
        expect((await world.ask("/", { host: "two.example" })).body).toBe("two");
      }
      await visitors.stop();
      expect(visitors.others).toEqual([]);
    });

    test("is made by a reload where HAProxy has something else of its name", async () => {
      await using one = await Site.start("one");
      await using world = await LabelWorld.start([service(one, "one")]);
      expect(await world.haproxy.ask("add backend two from _defaults mode tcp")).toContain("New backend registered");
      const reasons = await world.have([service(one, "one"), service(one, "two")]);
      expect(reasons).toEqual([expect.stringContaining("name is already used") as string]);
      expect((await world.ask("/", { host: "two.example" })).body).toBe("one");
    });
  });
}
