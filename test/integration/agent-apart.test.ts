import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AgentWorld } from "../support/agent-world.js";
import { PrivateDocker } from "../support/docker.js";
import { freePort } from "../support/free-port.js";

/** Engines that give out the same addresses: only the first has them in the network namespace of this process. */
let here: PrivateDocker;
let apart: PrivateDocker;

beforeAll(async () => {
  here = await PrivateDocker.start();
  apart = await PrivateDocker.startApart(here);
});

afterAll(async () => {
  await apart[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

describe("an agent beside an engine whose networks are not its own", () => {
  test("asks no container of another engine that has the same address, deaf or not", async () => {
    await using stranger = await AgentWorld.start("stranger", here.url);
    await using world = await AgentWorld.start("apart", apart.url);
    await stranger.script("deaf", "sleep 1000");
    const agent = world.agent();
    await agent.said(/docker-connected/);
    const begunAt = performance.now();
    await world.web("web");
    expect(await world.docker.address(world.full("web"))).toBe(await stranger.docker.address(stranger.full("deaf")));
    await world.becomes({ web: await world.addr("web") });
    expect(performance.now() - begunAt).toBeLessThan(8_000); // `docker run` itself takes most of it
    await agent.said(
      /Its port 8080 cannot be probed and counts as ready: 192\.0\.2\.1:[0-9]+ (does not answer|refuses|cannot)/,
    );
  });

  test("tells that a port is not probed which somebody else has on this machine", async () => {
    await using world = await AgentWorld.start("local", apart.url);
    const agent = world.agent(["--advertise", "127.0.0.1"]);
    await agent.said(/docker-connected/);
    await world.web("web");
    await world.becomes({ web: `127.0.0.1:${await world.docker.port(world.full("web"))}` });
    await agent.said(
      /cannot be probed and counts as ready: .* what has that address here is not the host of the engine/,
    );
  });
});

describe("an agent on the host of its engine", () => {
  test("waits for what listens in the host's network, also where the advertised address is not here", async () => {
    await using world = await AgentWorld.start("hosted", here.url);
    const port = await freePort();
    const agent = world.agent();
    await agent.said(/docker-connected/);
    const network = ["--network", "host", "--label", `hecd.port=${port}`];
    await world.script("web", `sleep 1; httpd -f -p ${port} -h /www`, ...network);
    await world.becomes({ web: `192.0.2.1:${port}` }, 5_000);
    expect(agent.log).not.toContain("cannot be probed");
  });
});
