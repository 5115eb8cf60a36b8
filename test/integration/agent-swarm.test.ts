import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { ADVERTISED, AgentWorld } from "../support/agent-world.js";
import { HAS_SWARM, needs } from "../support/engine-kind.js";
import { eventually, staysFor } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { hecd } from "../support/hecd.js";
import { required } from "../support/required.js";
import { Swarm } from "../support/swarm.js";

/** Each task has a port of the host for itself. */
const HOST_MODE = ["--publish", "mode=host,target=8080"];
/** A server that takes requests for a while after it was told to stop. */
const LINGERS = "httpd -f -p 8080 -h /www & trap 'sleep 20; exit 0' TERM; wait";
const CRASHES = "httpd -f -p 8080 -h /www & sleep 2; exit 1";

let swarm: Swarm | undefined;

beforeAll(async () => {
  if (HAS_SWARM.isHere) swarm = await Swarm.start();
});
afterAll(() => swarm?.[Symbol.asyncDispose]());

/** A world of agents on the swarm, which ends with the test together with its services. */
async function worldOf(context: TestContext, name: string): Promise<AgentWorld> {
  needs(context, HAS_SWARM);
  const world = await AgentWorld.start(`swarm-${name}`, theSwarm().url);
  context.onTestFinished(async () => {
    await theSwarm().clear(world.full(""));
    await world[Symbol.asyncDispose]();
  });
  return world;
}

function theSwarm(): Swarm {
  return required(swarm, "swarm");
}

/** Starts a service that the agents of a world look at. */
async function create(world: AgentWorld, name: string, args: readonly string[], script?: string): Promise<void> {
  await theSwarm().create(world.full(name), ["--container-label", `hecd.test=${world.name}`, ...args], script);
}

/** How long the swarm may take to do what it is asked for, which is its own matter: nine services are made at once. */
const SWARM_MS = 90_000;

/** The tasks of a service that run, by the names that they have in the simple keys. */
async function tasks(world: AgentWorld, name: string): Promise<readonly string[]> {
  return (await theSwarm().tasks(world.full(name))).map((task) => task.slice(world.full("").length));
}

/** The name of the only task of a service, which has just been started. */
async function theTask(world: AgentWorld, name: string): Promise<string> {
  const [task] = await eventually(
    "the task",
    async () => {
      const all = await tasks(world, name);
      return all.length === 1 && all;
    },
    SWARM_MS,
    200,
  );
  return required(task, "task");
}

/** Resolves when as many tasks run as there should be and the simple keys are theirs, to their names. */
async function registered(world: AgentWorld, name: string, count: number): Promise<readonly string[]> {
  return eventually(
    `keys of ${count} tasks`,
    async () => {
      const all = await tasks(world, name);
      expect(all).toHaveLength(count);
      expect(await world.keys()).toEqual(
        Object.fromEntries(await Promise.all(all.map(async (task) => [task, await world.addr(task)] as const))),
      );
      return all;
    },
    SWARM_MS,
    200,
  );
}

describe.concurrent("the tasks of a swarm service", () => {
  test("are registered where clients reach each, when it publishes in mode host", async (context) => {
    const world = await worldOf(context, "host");
    world.agent();
    await create(world, "web", ["--replicas", "2", ...HOST_MODE]);
    const all = await registered(world, "web", 2);
    const answers = await Promise.all(
      all.map(async (task) => (await fetch(`http://127.0.0.1:${await world.docker.port(world.full(task))}/`)).text()),
    );
    const ids = await Promise.all(all.map((task) => world.docker.field(world.full(task), "Config.Hostname")));
    expect(answers.map((answer) => answer.trim())).toEqual(ids);
    await theSwarm().service("scale", "--detach", `${world.full("web")}=3`);
    expect(await registered(world, "web", 3)).toEqual(expect.arrayContaining([...all]));
  });

  test("are left out when ingress publishes them, with the advice to publish in mode host", async (context) => {
    const world = await worldOf(context, "ingress");
    const agent = world.agent();
    await create(world, "web", ["--publish", `published=${await freePort()},target=8080`]);
    await agent.said(/"reason":"no-published-port".*ingress network.*mode=host/, SWARM_MS);
    expect(await world.keys()).toEqual({});
  });

  test("are registered by a shorter name where theirs is too long, as those of global services are", async (context) => {
    const world = await worldOf(context, "long");
    world.agent();
    await create(world, "abcdefghijkl", ["--mode", "global", ...HOST_MODE]);
    const task = await theTask(world, "abcdefghijkl");
    const whole = world.full(task);
    expect(whole.length).toBeGreaterThan(63);
    const id = await world.docker.field(whole, "Id");
    const name = `${whole.slice(0, 50)}-${id.slice(0, 12)}`;
    await world.becomes({ [name.slice(world.full("").length)]: await world.addr(task) });
  });

  test("belong to it with --service-from compose", async (context) => {
    const world = await worldOf(context, "compose");
    world.agent(["--service-from", "compose"]);
    await create(world, "web", HOST_MODE);
    await eventually(
      "the key of its service",
      async () => {
        const [task = ""] = await tasks(world, "web");
        const keys = Object.fromEntries(await world.etcd.keys("/app/"));
        expect(keys).toEqual({ [`/app/${world.full("web")}/${world.full(task)}`]: await world.addr(task) });
        return true;
      },
      SWARM_MS,
    );
  });

  test("are registered in their own network by --network auto, and never in the ingress network", async (context) => {
    const world = await worldOf(context, "auto");
    const own = world.full("own");
    await world.docker.run("network", "create", "--driver", "overlay", own);
    const agent = world.agent(["--network", "auto"]);
    await create(world, "web", ["--network", own, "--publish", `published=${await freePort()},target=8080`]);
    const task = await theTask(world, "web");
    const networks = await world.docker.run("inspect", "-f", "{{json .NetworkSettings.Networks}}", world.full(task));
    expect(Object.keys(JSON.parse(networks) as object).sort()).toEqual(["ingress", own]);
    await world.becomes({ [task]: `${await world.docker.address(world.full(task), own)}:8080` });
    await agent.said(/nothing leads/);
    await theSwarm().clear(world.full(""));
    await eventually("the network to go", () => world.docker.run("network", "rm", own));
  });

  test("are told where their labels belong, when the service alone has them", async (context) => {
    const world = await worldOf(context, "told");
    const labelled = ["--label", "hecd.service=shop", ...HOST_MODE];
    await theSwarm().create(world.full("web"), labelled, "httpd -f -p 8080", await theSwarm().plainImage());
    const task = await theTask(world, "web");
    const asked = ["explain", "--standalone", "--docker", theSwarm().url, "--advertise", ADVERTISED, world.full(task)];
    expect((await hecd(asked)).stdout).toContain("those below deploy: in a Compose file belong to the service");
  });

  test("get no work from the moment they are told to stop, however long the service lets them", async (context) => {
    const world = await worldOf(context, "stop");
    world.agent();
    await create(world, "web", ["--replicas", "2", "--stop-grace-period", "60s", ...HOST_MODE], LINGERS);
    const both = await registered(world, "web", 2);
    const settings = await Promise.all(
      both.map((task) => world.docker.run("inspect", "-f", "{{.Config.StopTimeout}}", world.full(task))),
    );
    expect(settings).toEqual(["<nil>", "<nil>"]); // nothing about a container tells how long it may take
    await theSwarm().service("scale", "--detach", `${world.full("web")}=1`);
    const [left = ""] = await eventually(
      "one key",
      async () => {
        const keys = Object.keys(await world.keys());
        return keys.length === 1 && keys;
      },
      5_000,
    );
    const leaving = required(
      both.find((task) => task !== left),
      "task that leaves",
    );
    const keysNow = await world.keys();
    expect(await world.records(leaving)).toMatchObject({ "8080": { state: "draining" } });
    // Docker's own time for a stop, ten seconds, passes meanwhile.
    await staysFor("one key alone", 17_000, async () => {
      expect(await world.keys()).toEqual(keysNow);
      expect(await tasks(world, "web")).toHaveLength(2);
      return true;
    });
    await eventually("its end", async () => Object.keys(await world.records(leaving)).length === 0, 15_000);
    expect(await world.keys()).toEqual(keysNow);
  });

  test("follow one another in a rolling update without a moment in which none is registered", async (context) => {
    const world = await worldOf(context, "update");
    world.agent();
    const update = ["--update-order", "start-first", "--update-monitor", "500ms"];
    await create(world, "web", ["--replicas", "2", ...update, ...HOST_MODE]);
    const before = await registered(world, "web", 2);
    await theSwarm().service("update", "--detach", "--force", world.full("web"));
    let fewest = Number.POSITIVE_INFINITY;
    await eventually(
      "new tasks alone",
      async () => {
        const keys = Object.keys(await world.keys());
        fewest = Math.min(fewest, keys.length);
        return keys.length === 2 && keys.every((task) => !before.includes(task));
      },
      SWARM_MS,
      10,
    );
    expect(fewest).toBeGreaterThanOrEqual(1);
    expect(await registered(world, "web", 2)).not.toEqual(expect.arrayContaining([before[0]]));
  });

  test("are held out when they crash one after another in the same slot", async (context) => {
    const world = await worldOf(context, "crash");
    const agent = world.agent();
    await create(world, "web", ["--restart-delay", "0s", ...HOST_MODE], CRASHES);
    await agent.said(/"reason":"flap-hold"/, SWARM_MS);
    await eventually(
      "a task that is held out",
      async () => {
        const [task = ""] = await tasks(world, "web");
        return (await world.reason(task)) === "flap-hold";
      },
      SWARM_MS,
    );
    expect(await world.keys()).toEqual({});
  });
});
