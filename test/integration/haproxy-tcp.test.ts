import { describe, expect, test } from "vitest";
import { Echo, greetingAt } from "../support/echo.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { heldEnv } from "../support/held-env.js";
import { askAt, LabelWorld, Site } from "../support/label-world.js";

/** Labels may ask for these ports, and HAProxy listens for them on loopback. */
function allowed(...ports: readonly number[]): Readonly<Record<string, string>> {
  return { HECD_TCP_PORTS: ports.map((port) => `127.0.0.1:${port}`).join() };
}

describe("TCP beside HTTP in one HAProxy", () => {
  test("each service is reached in its own way, and neither by that of the other", async () => {
    await using web = await Site.start("web");
    await using redis = await Echo.start("redis");
    await using pg = await Echo.start("pg");
    const [port, named] = [await freePort(), await freePort()];
    await using world = await LabelWorld.start([web.as(), redis.at(port), pg.as()], {
      env: { ...allowed(port), HECD_TCP_SERVICES: `pg=127.0.0.1:${named}`, HECD_DEFAULT_SERVICE: "" },
    });
    expect([await greetingAt(port), await greetingAt(named)]).toEqual(["redis", "pg"]);
    for (const host of ["redis", "pg", "web", "else.example"])
      expect((await world.ask("/", { host })).status).toBe(404);
    await world.have([web.as({ "hecd.http.host": "web.example" }), redis.at(port), pg.as()]);
    expect(await world.bodies(1, { host: "web.example" })).toEqual(["web"]);
    expect([await greetingAt(port), await greetingAt(named)]).toEqual(["redis", "pg"]);
  });

  test("servers of TCP come and go without a reload", async () => {
    await using a = await Echo.start("a");
    await using b = await Echo.start("b");
    const port = await freePort();
    const redis = { "hecd.service": "redis" };
    await using world = await LabelWorld.start([a.at(port, redis)], { env: allowed(port) });
    expect(await greetingAt(port)).toBe("a");
    expect(await world.have([b.at(port, redis)])).toEqual([]);
    expect(await greetingAt(port)).toBe("b");
  });

  test("of two services that ask for one port the first by name has it, whichever came first", async () => {
    await using a = await Echo.start("a");
    await using b = await Echo.start("b");
    const port = await freePort();
    await using world = await LabelWorld.start([b.at(port)], { env: allowed(port) });
    expect(await greetingAt(port)).toBe("b");
    await world.have([b.at(port), a.at(port)]);
    await eventually("the first by name", async () => (await greetingAt(port)) === "a");
  });

  test("no label opens a port that is not allowed, nor one where HAProxy listens for others", async () => {
    await using web = await Site.start("web");
    await using thief = await Echo.start("thief");
    const port = await freePort();
    await using world = await LabelWorld.start([web.as(), thief.at(port)]);
    expect(await greetingAt(port)).toBe("");
    await using open = await LabelWorld.start([web.as()], { env: { HECD_TCP_PORTS: "1-65535" } });
    await open.have([web.as(), thief.at(open.haproxy.port)]);
    for (let each = 0; each < 20; each++) expect((await askAt(open.haproxy.port, "/")).body).toBe("web");
    expect(await world.haproxy.ask("show stat")).not.toContain("thief");
  });

  test("a connection waits for a server as long as its service says", async () => {
    await using redis = await Echo.start("redis");
    const port = await freePort();
    const env = { ...allowed(port), ...(await heldEnv("0s")) };
    const held = redis.at(port, { "hecd.hold": "1m" });
    await using world = await LabelWorld.start([held], { env });
    const server = `redis/redis:127.0.0.1:${held.port}`;
    await world.haproxy.ask(`set server ${server} state maint`);
    const asked = greetingAt(port);
    await eventually("a connection that waits", async () =>
      /^redis,FRONTEND,[^,]*,[^,]*,1,/m.test(await world.haproxy.ask("show stat redis 1 -1")),
    );
    await world.haproxy.ask(`set server ${server} state ready`);
    expect(await asked).toBe("redis");
  });
});
