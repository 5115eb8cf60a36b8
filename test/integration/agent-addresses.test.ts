import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { agentInContainer } from "../support/agent-container.js";
import { ADVERTISED, AgentWorld } from "../support/agent-world.js";
import { DockerCli } from "../support/docker.js";
import { DEFAULT_NETWORK, PUBLISHES_ON_IPV6, TELLS_WHAT_HOST_EXPOSES } from "../support/engine-kind.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { tempDir } from "../support/temp-dir.js";

/** An image that exposes nothing, unlike that of the web server. */
const BARE = `hecd-test/bare:${process.pid}`;

/** Has a container all the time: an engine may have its bridge for no longer than there is one. */
const holder = new DockerCli();

let world: AgentWorld;
/** The address of this machine on Docker's own bridge: one of several that it has. */
let bridge: string;

beforeAll(async () => {
  world = await AgentWorld.start("addresses");
  await holder.web("addresses-holder");
  bridge = await world.docker.bridgeAddress();
  await importBare();
  await world.agent(["--probe", "off", "--advertise-alt", "2001:db8::1"]).said(/docker-connected/);
});

afterEach(async () => {
  await world.docker[Symbol.asyncDispose]();
  await world.becomes({});
});

afterAll(async () => {
  await world.docker.run("rmi", BARE);
  await holder[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

async function importBare(): Promise<void> {
  await using folder = await tempDir();
  const archive = join(folder.path, "bare.tar");
  const id = await world.docker.run("create", "hecd-test/web");
  await world.docker.run("export", "-o", archive, id);
  await world.docker.run("rm", id);
  await world.docker.run("import", archive, BARE);
}

/** Starts a container of that image which does nothing. */
async function bare(name: string, ...args: readonly string[]): Promise<void> {
  world.docker.minds(world.full(name));
  const fixed = ["-d", "--name", world.full(name), "--label", `hecd.test=${world.name}`];
  await world.docker.run("run", ...fixed, ...args, BARE, "sleep", "3600");
}

/** The host's port of a container's port; of the binding to `ip` where there are several. */
async function hostPort(name: string, port: string, ip?: string): Promise<number> {
  return world.docker.port(world.full(name), port, ip);
}

async function leftOut(name: string, reason: string): Promise<void> {
  await eventually(`${name} to be left out: ${reason}`, async () => {
    expect(await world.reason(name)).toBe(reason);
    return true;
  });
  expect(await world.keys()).not.toHaveProperty(name);
  expect(await world.records(name)).toEqual({});
}

describe("a container with ports", () => {
  test("several of them and no label has one key: that of the lowest that is published by TCP", async () => {
    await world.web("several", "-p", "9090", "-p", "80/udp");
    await world.becomes({ several: `${ADVERTISED}:${await hostPort("several", "8080/tcp")}` });
    expect(Object.keys(await world.records("several"))).toEqual(["8080"]);
  });

  test("a range of them by label has a key for each, and none when they are too many", async () => {
    const publish = ["-p", "8081", "-p", "8082"];
    await world.web("range", ...publish, "--label", "hecd.ports=8080-8082");
    await world.becomes({
      range: `${ADVERTISED}:${await hostPort("range", "8080/tcp")}`,
      "range-8081": `${ADVERTISED}:${await hostPort("range", "8081/tcp")}`,
      "range-8082": `${ADVERTISED}:${await hostPort("range", "8082/tcp")}`,
    });
    const labels = ["--label", `hecd.network=${DEFAULT_NETWORK}`, "--label", "hecd.ports=8080-8096"];
    await world.web("crowd", ...labels);
    await leftOut("crowd", "too-many-ports");
  });

  test("one of them on all addresses has one record with all families that the engine publishes it on", async () => {
    await world.web("both");
    await world.becomes({ both: await world.addr("both") });
    const record = (await world.records("both"))["8080"];
    expect(record).toMatchObject({ family: 4 });
    const altAddrs = PUBLISHES_ON_IPV6 ? [`[2001:db8::1]:${await hostPort("both", "8080/tcp", "[::]")}`] : undefined;
    expect((record as { readonly altAddrs?: unknown }).altAddrs).toEqual(altAddrs);
  });

  test("one of them on an address of the host and on all has the key of that address", async () => {
    // Left to choose, newer engines want one port for all of a row, which the two addresses cannot share.
    const [everywhere, here] = [await freePort(), await freePort()];
    await world.web("bindings", "-p", `0.0.0.0:${everywhere}:8080`, "-p", `${bridge}:${here}:8080`);
    expect(await hostPort("bindings", "8080/tcp")).toBe(everywhere);
    await world.becomes({ bindings: `${bridge}:${here}` });
  });

  test("one of them on one address of several that the host has is registered there, whatever is advertised", async () => {
    await world.web("homed", "-p", `${bridge}::8080`);
    await world.becomes({ homed: `${bridge}:${await hostPort("homed", "8080/tcp", bridge)}` });
  });

  test("on loopback only is left out and told, unless --allow-loopback", async () => {
    await world.web("four", "-p", "127.0.0.1::8080");
    await leftOut("four", "loopback-only");
    await world.web("six", "-p", "[::1]::8080");
    await leftOut("six", "loopback-only");
    await using alone = await AgentWorld.start("loopback");
    await alone.web("four", "-p", "127.0.0.1::8080");
    alone.agent(["--allow-loopback"]);
    await alone.becomes({ four: await alone.docker.run("port", alone.full("four"), "8080/tcp") });
  });

  test("on IPv6 only is registered in brackets, or left out and told where the host has no such address", async () => {
    await world.web("six", "-p", "[::]::8080");
    const port = await hostPort("six", "8080/tcp", "[::]");
    await world.becomes({ six: `[2001:db8::1]:${port}` });
    expect(await world.records("six")).toMatchObject({ "8080": { family: 6, ip: "2001:db8::1" } });
    await world.web("link", "-p", "[::]::8080", "--label", "hecd.ip=fe80::1");
    await leftOut("link", "invalid-label");
    await using four = await AgentWorld.start("four");
    const agent = four.agent(["--probe", "off"]);
    await four.web("six", "-p", "[::]::8080");
    await agent.said(/skipped.*"container":"four-six".*no-host-ip/);
    expect(await four.keys()).toEqual({});
  });

  test("by UDP only has no simple key, and a record that says so when a label asks for it", async () => {
    await bare("unasked", "-p", "5353/udp");
    await leftOut("unasked", "no-published-port");
    await bare("asked", "-p", "5353/udp", "--label", "hecd.ports=5353/udp");
    await eventually("the record", async () => "5353:udp" in (await world.records("asked")));
    expect(await world.records("asked")).toMatchObject({
      "5353:udp": { proto: "udp", port: await hostPort("asked", "5353/udp") },
    });
    expect(await world.keys()).toEqual({});
  });
});

describe("a container in a network", () => {
  test("of the host has the host's address and the port that it exposes or its label names, else is left out", async () => {
    await bare("exposing", "--network", "host", "--expose", "7001", "--expose", "7002");
    await bare("labelled", "--network", "host", "--label", "hecd.port=7003");
    await bare("silent", "--network", "host");
    const labelled = `${ADVERTISED}:7003`;
    await world.becomes(TELLS_WHAT_HOST_EXPOSES ? { exposing: `${ADVERTISED}:7001`, labelled } : { labelled });
    if (!TELLS_WHAT_HOST_EXPOSES) await leftOut("exposing", "host-network-needs-port");
    await leftOut("silent", "host-network-needs-port");
  });

  test("that is none is never registered", async () => {
    await world.web("none", "--network", "none", "--label", "hecd.port=8080");
    await leftOut("none", "no-network");
  });

  test("of another container has the ports of that one, for as long as it runs", async () => {
    await world.web("owner");
    await bare("guest", "--network", `container:${world.full("owner")}`, "--label", "hecd.port=8080");
    const addr = await world.addr("owner");
    await world.becomes({ owner: addr, guest: addr });
    await world.docker.run("rename", world.full("owner"), world.full("renamed"));
    await world.becomes({ renamed: addr, guest: addr });
    await world.docker.run("kill", world.full("renamed"));
    await world.becomes({});
    await leftOut("guest", "network-owner-away");
  });

  test("by name has its own address there, and loses its key, with the reason, when it is disconnected", async () => {
    const network = `addresses-${process.pid}`;
    await world.docker.run("network", "create", "--label", "hecd.test", network);
    try {
      await world.web("joined", "--label", `hecd.network=${network}`);
      await leftOut("joined", "not-in-network");
      await world.docker.run("network", "connect", network, world.full("joined"));
      await world.becomes({ joined: `${await world.docker.address(world.full("joined"), network)}:8080` });
      await world.docker.run("network", "disconnect", network, world.full("joined"));
      await leftOut("joined", "not-in-network");
    } finally {
      await world.docker[Symbol.asyncDispose]();
      await world.docker.run("network", "rm", network);
    }
  });
});

describe("a container that is not to be served", () => {
  test("as a proxy's own, stays out by its label", async () => {
    await world.web("proxy", "--label", "hecd.enable=false");
    await leftOut("proxy", "disabled");
  });

  test("as the agent's own, stays out by itself and is told, unless its labels ask for it", async () => {
    await using own = await AgentWorld.start("own");
    const status = `127.0.0.1:${await freePort()}`;
    const agent = own.full("agent");
    await own.web("other");
    const args = ["--probe", "off", "--listen", status];
    const network = ["--network", "host", "--expose", "7001"];
    await agentInContainer(own, network, args);
    await own.becomes({ other: await own.addr("other") });
    expect(
      await own.docker.run("exec", agent, "node", "/hecd/dist/hecd.js", "explain", agent, "--agent", status),
    ).toMatch(/^own-agent is not registered \(own-container\): .*hecd\.enable=true[^]*as the agent at /);
    await own.docker.run("stop", "-t", "10", agent); // Podman 4.3 gives it no time by itself
    await own.docker.run("rm", agent);
    const port = TELLS_WHAT_HOST_EXPOSES ? [] : ["--label", "hecd.port=7001"];
    await agentInContainer(own, [...network, "--label", "hecd.enable=true", ...port], args);
    await own.becomes({ other: await own.addr("other"), agent: `${ADVERTISED}:7001` });
  });
});
