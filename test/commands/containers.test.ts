import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AgentState } from "../../src/agent/agent.js";
import { passedOn } from "../../src/commands/run.js";
import { UNPROBED } from "../../src/core/decision/readiness.js";
import type { Container } from "../../src/core/model/container.js";
import { decide, entriesOf } from "../../src/core/registry/registration.js";
import { cli, type CliResult } from "../support/cli.js";
import { container, context, published } from "../support/containers.js";
import { eventually } from "../support/eventually.js";
import { EMPTY, type FakeAgent, fakeAgent } from "../support/fake-agent.js";
import { FakeDocker, idOf } from "../support/fake-docker.js";
import { freePort } from "../support/free-port.js";

let docker: FakeDocker;
/** Ids of the containers that Docker was asked to stop. */
let stopped: string[];

const WEB = idOf(1);
const DB = idOf(2);

beforeEach(async () => {
  docker = await FakeDocker.start();
  stopped = [];
  docker.containers.set(WEB, fake("web-1"));
  docker.containers.set(DB, { ...fake("db"), labels: { "hecd.enable": "false" } });
  docker.intercept = (path, response) => {
    const id = /^\/containers\/([0-9a-f]+)\/stop$/.exec(path)?.[1];
    if (id === undefined) return false;
    stopped.push(id);
    response.writeHead(204).end();
    return true;
  };
});

afterEach(async () => {
  await docker[Symbol.asyncDispose]();
});

function fake(name: string) {
  return { name, status: "running", startedAt: "2026-01-02T03:04:05Z", hostPort: 32_768 };
}

/** What an agent says that has registered these containers. */
function stateOf(...containers: readonly Container[]): Partial<AgentState> {
  const decided = decide(containers, context, () => UNPROBED);
  const keys = [...entriesOf(decided, context)].map(([key, { value }]) => [key, value] as const);
  return {
    registered: Object.fromEntries(keys),
    containers: decided.map(({ container: { id, name }, decision }) => ({ id, name, decision })),
  };
}

const web = container("web-1", { id: WEB, ports: [published(80, 32_768)] });
const db = container("db", { id: DB, labels: { "hecd.enable": "false" } });

/** A command about these containers, which asks the agent or, without one, an address where nobody answers. */
async function hecd(agent: FakeAgent | undefined, ...args: readonly string[]): Promise<CliResult> {
  return cli(await argumentsOf(agent, args));
}

async function argumentsOf(agent: FakeAgent | undefined, args: readonly string[]): Promise<readonly string[]> {
  const address = agent?.address ?? `127.0.0.1:${await freePort()}`;
  const engine = ["drain", "undrain"].includes(args[0] ?? "") ? [] : ["--docker", docker.url];
  return [...args, "--agent", address, ...engine];
}

describe("hecd explain", () => {
  test("prints what the agent has registered, with the facts behind it", async () => {
    await using agent = await fakeAgent(stateOf(web, db));
    const { code, stdout, stderr } = await hecd(agent, "explain", "web-1");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(
      [
        "web-1 is registered",
        "",
        `  container  ${WEB.slice(0, 12)}, as the agent at ${agent.address} has it`,
        "  service    servers",
        "  address    10.0.0.5:32768, port 80 of the container",
        "  state      up, weight 100, no HEALTHCHECK",
        "  key        /app/servers/web-1 = 10.0.0.5:32768",
        "  record     /hecd/v1/services/servers/node1:web-1:80",
        "",
      ].join("\n"),
    );
  });

  test("prints for machines the reason of one that is left out", async () => {
    await using agent = await fakeAgent(stateOf(web, db));
    const { code, stdout } = await hecd(agent, "explain", "db", "--json");
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      {
        ...{ id: DB, name: "db", status: "left-out", instances: [], keys: {} },
        ...{ reason: "disabled", advice: "Label hecd.enable keeps it out", source: `the agent at ${agent.address}` },
      },
    ]);
  });

  test("finds a container with an agent of several engines, and in a process that does more", async () => {
    const away = { ...EMPTY, waitingFor: ["Docker"] };
    const states = [{ containers: undefined, engines: [away, { ...EMPTY, ...stateOf(web) }] }];
    for (const state of [...states, { containers: undefined, agent: { ...EMPTY, ...stateOf(web) } }]) {
      await using agent = await fakeAgent(state);
      const { stdout } = await hecd(agent, "explain", "web-1");
      expect(stdout).toMatch(/^web-1 is registered\n/);
    }
  });

  test("says what the agent waits for, since what it knows may be old then", async () => {
    await using agent = await fakeAgent(stateOf(web), { waitingFor: ["Docker"] });
    const { stderr } = await hecd(agent, "explain", "web-1");
    expect(stderr).toBe("The agent waits for Docker: this may be old\n");
  });

  test("looks at Docker where no agent answers, and says so", async () => {
    const { code, stdout, stderr } = await hecd(undefined, "explain", "web-1", "--advertise", "192.0.2.7");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^web-1 would be registered\n/);
    expect(stdout).toContain("  key        /app/servers/web-1 = 192.0.2.7:32768\n");
    expect(stdout).toContain(`as Docker at ${docker.url} has it`);
    expect(stderr).toMatch(/^No agent answers at 127\.0\.0\.1:\d+ \(connect ECONNREFUSED/);
  });

  test("without an agent sees the container in whose network a guest lives", async () => {
    const guest = { ...fake("guest"), networkMode: `container:${WEB}`, networks: [] };
    docker.containers.set(idOf(3), { ...guest, startedAt: "2026-01-02T03:04:06Z" });
    const { stdout } = await hecd(undefined, "explain", "guest", "--standalone", "--advertise", "10.0.0.5");
    expect(stdout).toMatch(/^guest would be registered/);
    expect(stdout).toContain("10.0.0.5:32768, port 80");
    docker.containers.set(idOf(3), { ...guest, startedAt: "2026-01-02T03:04:04Z" });
    const cutOff = await hecd(undefined, "explain", "guest", "--standalone", "--advertise", "10.0.0.5");
    expect(cutOff.stdout).toContain("had before it was started anew");
    expect(cutOff.stdout).toContain("web-1");
  });

  test("does not ask the agent with --standalone", async () => {
    await using agent = await fakeAgent(stateOf());
    const { stdout, stderr } = await hecd(agent, "explain", WEB.slice(0, 64), "--standalone", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ name: "web-1", status: "would-register" });
    expect(stderr).toBe("");
  });

  test("looks at Docker for a container that the agent does not follow", async () => {
    await using agent = await fakeAgent(stateOf(web));
    const { code, stdout, stderr } = await hecd(agent, "explain", "db");
    expect([code, stdout.split("\n")[0]]).toEqual([
      0,
      "db is not registered (disabled): Label hecd.enable keeps it out",
    ]);
    expect(stderr).toContain(`The agent at ${agent.address} does not follow this container`);
  });

  test("names near containers when there is none of that name", async () => {
    for (const agent of [await fakeAgent(stateOf(web)), undefined]) {
      expect(await hecd(agent, "explain", "web")).toEqual({
        code: 1,
        stdout: "",
        stderr: 'hecd: Cannot find a container with the name or id "web"; there is web-1\n',
      });
      await agent?.[Symbol.asyncDispose]();
    }
  });

  test("lists the containers whose ids begin alike", async () => {
    await using agent = await fakeAgent(stateOf(web, db));
    const { code, stderr } = await hecd(agent, "explain", "aaaa");
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot tell which container "aaaa" is: ');
    expect(stderr).toContain("web-1 (aaaaaaaaaaaa)");
    expect(stderr).toContain("db (aaaaaaaaaaaa)");
  });

  test("takes what answers as something else for no agent", async () => {
    await using other = await fakeAgent({ containers: undefined });
    const { code, stderr } = await hecd(other, "explain", "web-1");
    expect([code, stderr]).toEqual([0, expect.stringContaining("what answers there is no agent")]);
  });

  test("says that Docker is away when it is all there is to ask", async () => {
    await docker.stop();
    const { code, stderr } = await hecd(undefined, "explain", "web-1");
    expect([code, stderr]).toEqual([1, expect.stringContaining(`Cannot reach Docker at ${docker.url}`)]);
    await docker.listen();
  });
});

describe("hecd drain and undrain", () => {
  test("order it of the agent by the container's id", async () => {
    await using agent = await fakeAgent(stateOf(web));
    expect(await hecd(agent, "drain", "web-1")).toEqual({ code: 0, stdout: "web-1 is drained\n", stderr: "" });
    expect(await hecd(agent, "undrain", WEB)).toEqual({ code: 0, stdout: "web-1 is undrained\n", stderr: "" });
    expect(agent.orders).toEqual([`drain ${WEB}`, `undrain ${WEB}`]);
  });

  test("order it of the agent by the name of a service, of which no container has it or which is written as one", async () => {
    const shop = container("web-1", { id: WEB, labels: { "hecd.service": "shop" }, ports: [published(80, 32_768)] });
    await using agent = await fakeAgent(stateOf(shop));
    const said = async (...args: readonly string[]) => (await hecd(agent, ...args)).stdout;
    expect(await said("drain", "shop")).toBe("service shop is in maintenance on this host\n");
    expect(await said("undrain", "shop")).toBe("service shop is in service on this host\n");
    await using other = await fakeAgent(stateOf({ ...shop, name: "shop" }));
    expect((await hecd(other, "drain", "shop")).stdout).toBe("shop is drained\n");
    expect((await hecd(other, "drain", "service/shop")).stdout).toBe("service shop is in maintenance on this host\n");
    expect([agent.orders, other.orders]).toEqual([
      ["drain service shop", "undrain service shop"],
      [`drain ${WEB}`, "drain service shop"],
    ]);
  });

  test("refuse what is no name of a service, and one that nobody has", async () => {
    await using agent = await fakeAgent(stateOf(web), { knows: () => false });
    const odd = await hecd(agent, "drain", "service/../shop");
    expect([odd.code, odd.stderr]).toEqual([64, expect.stringContaining("is no name of a service")]);
    const unknown = await hecd(agent, "drain", "service/shop");
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringContaining("could not drain service shop: There is no container of a service shop"),
    ]);
  });

  test("fail without an agent, and without such a container", async () => {
    const alone = await hecd(undefined, "drain", "web-1");
    expect([alone.code, alone.stderr]).toEqual([
      1,
      expect.stringContaining("hecd: Cannot reach the agent at 127.0.0.1"),
    ]);
    await using agent = await fakeAgent(stateOf(web));
    const unknown = await hecd(agent, "drain", "web-2");
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("there is web-1")]);
    expect(agent.orders).toEqual([]);
  });
});

describe("hecd stop", () => {
  const START = `Stopping web-1...\nFound container ${WEB.slice(0, 12)}\n`;

  test("drains, waits and stops, in the words of docker.sh", async () => {
    await using agent = await fakeAgent(stateOf(web));
    const begunAt = performance.now();
    expect(await hecd(agent, "stop", "web-1", "--drain-delay", "150ms")).toEqual({
      code: 0,
      stdout: `${START}Draining web-1\nStopped.\n`,
      stderr: "",
    });
    expect(performance.now() - begunAt).toBeGreaterThanOrEqual(150);
    expect([agent.orders, stopped]).toEqual([[`drain ${WEB}`], [WEB]]);
  });

  test("stops a container that is not registered without a wait", async () => {
    await using agent = await fakeAgent(stateOf(web, db));
    expect(await hecd(agent, "stop", "db", "--drain-delay", "1h")).toMatchObject({ code: 0 });
    expect([agent.orders, stopped]).toEqual([[], [DB]]);
  });

  test("goes on without an agent, and without one that takes the order, and says so", async () => {
    const alone = await hecd(undefined, "stop", "web-1", "--drain-delay", "1h");
    expect(alone).toMatchObject({ code: 0, stdout: `${START}Stopped.\n` });
    expect(alone.stderr).toMatch(/^No agent answers .*: web-1 is stopped without being drained\n$/);
    await using agent = await fakeAgent(stateOf(web), { knows: () => false });
    const refused = await hecd(agent, "stop", "web-1", "--drain-delay", "1h");
    expect(refused).toMatchObject({ code: 0, stdout: `${START}Stopped.\n` });
    expect(refused.stderr).toContain("There is no container");
  });

  test("lets the container serve again when it is called off during the wait", async () => {
    await using agent = await fakeAgent(stateOf(web));
    const stop = new AbortController();
    const args = await argumentsOf(agent, ["stop", "web-1", "--drain-delay", "1h"]);
    const running = cli(args, {}, stop.signal);
    await eventually("the drain", () => agent.orders.length > 0);
    stop.abort(new Error("received SIGINT"));
    expect(await running).toMatchObject({
      code: 1,
      stderr: "Called off: web-1 was not stopped\nweb-1 is undrained and serves again\n",
    });
    expect([agent.orders, stopped]).toEqual([[`drain ${WEB}`, `undrain ${WEB}`], []]);
  });

  test("leaves one that was drained before as it was, when it is called off", async () => {
    const [decided] = decide([web], context, () => ({ ...UNPROBED, drained: true }));
    if (!decided) throw new Error("nothing was decided");
    const state = { containers: [{ id: WEB, name: "web-1", decision: decided.decision }] };
    await using agent = await fakeAgent(state);
    const stop = new AbortController();
    const running = cli(await argumentsOf(agent, ["stop", "web-1", "--drain-delay", "1h"]), {}, stop.signal);
    await eventually("the drain", () => agent.orders.length > 0);
    stop.abort(new Error("received SIGINT"));
    expect(await running).toMatchObject({ code: 1, stderr: "Called off: web-1 was not stopped\n" });
    expect(agent.orders).toEqual([`drain ${WEB}`]);
  });

  test("says that a container is still drained when that cannot be taken back", async () => {
    const agent = await fakeAgent(stateOf(web));
    const stop = new AbortController();
    const running = cli(await argumentsOf(agent, ["stop", "web-1", "--drain-delay", "1h"]), {}, stop.signal);
    await eventually("the drain", () => agent.orders.length > 0);
    await agent[Symbol.asyncDispose]();
    stop.abort(new Error("received SIGINT"));
    const { code, stderr } = await running;
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("web-1 is still drained, bring it back with hecd undrain web-1: Cannot reach the agent"),
    ]);
  });

  test("lets the container serve again when Docker refuses to stop it", async () => {
    await using agent = await fakeAgent(stateOf(web));
    docker.intercept = (path, response) => {
      if (!path.endsWith("/stop")) return false;
      response.writeHead(500, { "content-type": "application/json" }).end('{"message":"busy"}');
      return true;
    };
    const { code, stderr } = await hecd(agent, "stop", "web-1", "--drain-delay", "0");
    expect([code, stderr]).toEqual([1, expect.stringContaining(`Docker could not stop container ${WEB.slice(0, 12)}`)]);
    expect(stderr).toContain("busy");
    expect(agent.orders).toEqual([`drain ${WEB}`, `undrain ${WEB}`]);
  });

  test("says that Docker goes on when nobody waits for the end", async () => {
    docker.intercept = (path) => {
      if (path.endsWith("/stop")) stopped.push("asked");
      return path.endsWith("/stop");
    };
    const stop = new AbortController();
    const running = cli(await argumentsOf(undefined, ["stop", "web-1"]), {}, stop.signal);
    await eventually("the stop to be asked for", () => stopped.length > 0);
    stop.abort(new Error("received SIGINT"));
    const { code, stderr } = await running;
    expect([code, stderr]).toEqual([1, expect.stringContaining("Docker goes on to stop web-1\n")]);
  });

  test("takes a container that does not run for stopped", async () => {
    docker.intercept = (path, response) => {
      if (!path.endsWith("/stop")) return false;
      response.writeHead(304).end();
      return true;
    };
    expect(await hecd(undefined, "stop", "web-1")).toMatchObject({ code: 0, stdout: `${START}Stopped.\n` });
  });

  test("stops nothing when there is no such container", async () => {
    expect(await hecd(undefined, "stop", "web")).toEqual({
      code: 1,
      stdout: "Stopping web...\n",
      stderr: 'hecd: Cannot find a container with the name or id "web"; there is web-1\n',
    });
  });
});

describe("what hecd run passes on", () => {
  test.each([
    [[], [], []],
    [["--name", "x"], ["--name", "x"], []],
    [["sleep", "5"], [], ["sleep", "5"]],
    [
      ["-e", "A=b", "--", "sleep", "5"],
      ["-e", "A=b"],
      ["sleep", "5"],
    ],
    [["--", "-x", "--", "y"], [], ["-x", "--", "y"]],
  ])("takes %j apart", (rest, options, command) => {
    expect(passedOn({ operand: "nginx", second: "", rest })).toEqual({ options, command });
  });
});
