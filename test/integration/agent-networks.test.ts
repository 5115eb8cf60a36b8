import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentInContainer, PROGRAM_INSIDE } from "../support/agent-container.js";
import { AgentWorld } from "../support/agent-world.js";
import { DockerCli } from "../support/docker.js";
import { IS_PODMAN } from "../support/engine-kind.js";
import { eventually } from "../support/eventually.js";
import { hecd } from "../support/hecd.js";
import { TcpProxy } from "../support/tcp-proxy.js";

const run = promisify(execFile);

/** The interface that a network of macvlan hangs on. This machine does not reach what is in that network. */
const PARENT = `hecdm${process.pid % 100_000}`;

/** Networks of this run. */
const [lan, front, back] = ["lan", "front", "back"].map((word) => `networks-${process.pid}-${word}`) as [
  string,
  string,
  string,
];

const docker = new DockerCli();

beforeAll(async () => {
  await run("ip", ["link", "add", PARENT, "type", "veth", "peer", "name", `${PARENT}p`]);
  for (const name of [PARENT, `${PARENT}p`]) await run("ip", ["link", "set", name, "up"]);
  for (const name of [front, back]) await docker.run("network", "create", "--label", "hecd.test", name);
  // Podman takes the interface by its own command line alone.
  const create = ["network", "create", "--label", "hecd.test", "-d", "macvlan", "-o", `parent=${PARENT}`];
  const macvlan = [...create, "--subnet", `198.19.${process.pid % 256}.0/24`, lan];
  if (IS_PODMAN) await run("podman", macvlan);
  else await docker.run(...macvlan);
});

afterAll(async () => {
  for (const name of [lan, front, back]) await docker.run("network", "rm", name).catch(() => undefined);
  await run("ip", ["link", "del", PARENT]).catch(() => undefined);
});

/** The address of a container in a network, with the port at which it listens there. */
async function own(world: AgentWorld, name: string, network: string): Promise<string> {
  return `${await docker.address(world.full(name), network)}:8080`;
}

describe("with --network auto an agent", () => {
  test("on the host takes the bridge of a container, and not a network that nothing on the host reaches", async () => {
    await using world = await AgentWorld.start("hosted-auto");
    const agent = world.agent(["--network", "auto"]);
    await agent.said(/docker-connected/);
    await world.web("both", "--network", front);
    await world.docker.run("network", "connect", lan, world.full("both"));
    const both = await own(world, "both", front);
    await world.becomes({ both });
    expect(agent.log).not.toContain("It is registered in network");

    await world.web("lone", "--network", lan);
    const lone = await own(world, "lone", lan);
    await world.becomes({ both, lone });
    await agent.said(/Container hosted-auto-lone.*It is registered in network \S+-lan, .*nothing leads there/);
    const settings = ["--docker", world.docker.url, "--agent", "off", "--network", "auto"];
    const { stdout } = await hecd(["explain", world.full("lone"), ...settings]);
    expect(stdout).toMatch(/note +It is registered in network \S+-lan, .*nothing leads there.*label hecd\.network/);
    expect(stdout).toContain(` = ${lone}\n`);

    await world.docker.run("network", "connect", back, world.full("both"));
    await world.becomes({ lone });
    expect(await world.reason("both")).toBe("ambiguous-network");
  });

  test("in a container takes the network that it shares with another one, for as long as it shares no other", async () => {
    await using world = await AgentWorld.start("inside-auto");
    const template = "{{(index .IPAM.Config 0).Gateway}}";
    const gateway = await docker.run("network", "inspect", "-f", template, front);
    await world.web("web", "--network", front); // Podman gives a bridge its address with the first container
    await using etcd = await TcpProxy.open(world.etcd.port, gateway);
    await world.docker.run("network", "connect", back, world.full("web"));
    const args = ["--etcd", etcd.endpoint, "--network", "auto"];
    await agentInContainer(world, ["--network", front], args);
    const web = await own(world, "web", front);
    await world.becomes({ web });
    // Without its agent it comes to the same answer in there.
    const explain = ["exec", world.full("agent"), "node", PROGRAM_INSIDE, "explain", world.full("web")];
    const alone = await world.docker.run(...explain, "--standalone", "--host-id", "host1", "--network", "auto");
    expect(alone).toContain(` = ${web}\n`);
    expect(alone).not.toContain("note ");

    await world.docker.run("network", "connect", back, world.full("agent"));
    await world.becomes({});
    await eventually("the reason", async () => (await world.docker.run(...explain)).includes("(ambiguous-network)"));
    await world.docker.run("network", "disconnect", back, world.full("agent"));
    await world.becomes({ web });
    expect(await world.docker.run("logs", world.full("agent"))).not.toContain("cannot be probed");
  });
});
