import { describe, expect, test } from "vitest";
import { accepts, firstAccepted } from "../support/accepts.js";
import { freePort } from "../support/free-port.js";
import { WatchedStore } from "../support/watched-store.js";

const SERVE = "httpd -f -p 8080 -h /www";

describe("a container without HEALTHCHECK", () => {
  test.each(["slow-1", "slow-2", "slow-3"])("that listens after a second is registered then: %s", async (name) => {
    await using world = await WatchedStore.start();
    const { docker } = world;
    await world.agent();
    await world.script(name, `sleep 1; ${SERVE}`);
    const listensAt = await firstAccepted(await docker.address(name), 8080);
    await world.becomes(name, { addr: `127.0.0.1:${await docker.port(name)}`, state: "up" });
    const lateMs = (world.moment("came", name) ?? Infinity) - listensAt;
    // The one who looks every few milliseconds may see it later than the agent does.
    expect(lateMs).toBeGreaterThan(-20);
    expect(lateMs).toBeLessThan(100);
  });

  test("that ran before the agent and listens after it is registered then, also in the host's network", async () => {
    await using world = await WatchedStore.start();
    const { docker } = world;
    const port = await freePort();
    const own = ["--network", "host", "--label", `hecd.port=${port}`];
    const told = "until [ -e /told ]; do sleep 0.05; done";
    await world.script("early", `${told}; ${SERVE}`);
    await world.script("early-host", `${told}; httpd -f -p ${port} -h /www`, ...own);
    await world.agent();
    expect(await accepts(await docker.address("early"), 8080)).toBe(false);
    for (const name of ["early", "early-host"]) await docker.run("exec", name, "touch", "/told");
    const listensAt = await firstAccepted("127.0.0.1", port);
    await world.becomes("early-host", { addr: `127.0.0.1:${port}`, state: "up" });
    await world.becomes("early", { addr: `127.0.0.1:${await docker.port("early")}`, state: "up" });
    expect((world.moment("came", "early-host") ?? 0) - listensAt).toBeGreaterThan(-20);
    expect((world.moment("came", "early-host") ?? Infinity) - listensAt).toBeLessThan(250);
  });
});
