import { describe, expect, test } from "vitest";
import { AgentWorld } from "../support/agent-world.js";
import { needs, TELLS_BEFORE_THE_END } from "../support/engine-kind.js";
import { eventually } from "../support/eventually.js";
import { required } from "../support/required.js";

/** Containers of a test's own, and an agent that has nothing but events to go by. */
async function worldOf(name: string): Promise<AgentWorld> {
  const world = await AgentWorld.start(`events-${name}`);
  await world.agent(["--resync", "60s"]).said(/docker-connected/);
  return world;
}

/** The state in the record of a container; undefined without a record. */
async function stateOf(world: AgentWorld, name: string): Promise<unknown> {
  return (Object.values(await world.records(name))[0] as { readonly state: string } | undefined)?.state;
}

/** Resolves when the agent has seen all that Docker has told up to now: it tells of events in their order. */
async function caughtUp(world: AgentWorld): Promise<void> {
  await world.web("marker");
  await eventually("the marker", async () => "marker" in (await world.keys()));
  await world.docker.run("rm", "-f", world.full("marker"));
  await eventually("the marker to be gone", async () => !("marker" in (await world.keys())));
}

describe.concurrent("an event of Docker", () => {
  test("create registers nothing", async () => {
    await using world = await worldOf("create");
    world.docker.minds(world.full("a"));
    const label = `hecd.test=${world.name}`;
    await world.docker.run("create", "--name", world.full("a"), "--label", label, "-P", "hecd-test/web");
    await caughtUp(world);
    expect(await world.keys()).toEqual({});
  });

  test("start registers the port that Docker has given, stop takes it away, and start again gives another", async () => {
    await using world = await worldOf("start");
    await world.web("a");
    await world.becomes({ a: await world.addr("a") });
    await world.docker.run("stop", "-t", "1", world.full("a"));
    await world.becomes({});
    await world.docker.run("start", world.full("a"));
    await world.becomes({ a: await world.addr("a") });
  });

  test("health_status registers a container that is healthy, and drains one that no longer is", async () => {
    await using world = await worldOf("health");
    const probe = ["--health-cmd", "test -f /tmp/ok", "--health-interval", "300ms", "--health-retries", "1"];
    await world.web("a", ...probe);
    await caughtUp(world);
    expect(await world.keys()).toEqual({});
    await world.docker.run("exec", world.full("a"), "touch", "/tmp/ok");
    await world.becomes({ a: await world.addr("a") });
    await world.docker.run("exec", world.full("a"), "rm", "/tmp/ok");
    await world.becomes({});
    expect(await stateOf(world, "a")).toBe("draining");
  });

  test("kill with the stop signal drains a container before its process has ended", async (context) => {
    needs(context, TELLS_BEFORE_THE_END);
    await using world = await worldOf("stop");
    const slow = "httpd -f -p 8080 -h /www & trap 'sleep 3; exit 0' TERM; wait";
    await world.script("a", slow);
    await world.becomes({ a: await world.addr("a") });
    await world.docker.run("kill", "--signal", "TERM", world.full("a"));
    await world.becomes({});
    expect(await world.docker.field(world.full("a"), "State.Status")).toBe("running");
    expect(await stateOf(world, "a")).toBe("draining");
    await eventually("the record to go with the process", async () => (await stateOf(world, "a")) === undefined);
  });

  test("kill with another signal changes nothing", async () => {
    await using world = await worldOf("kill");
    await world.web("a");
    await world.becomes({ a: await world.addr("a") });
    const before = await world.etcd.revision();
    await world.docker.run("kill", "--signal", "WINCH", world.full("a"));
    await world.docker.run("exec", world.full("a"), "true");
    expect(await world.keys()).toEqual({ a: await world.addr("a") });
    expect(await world.etcd.revision()).toBe(before);
  });

  test("die takes away a container that was killed or crashed", async () => {
    await using world = await worldOf("die");
    await world.web("a");
    await world.web("b");
    await world.becomes({ a: await world.addr("a"), b: await world.addr("b") });
    await world.docker.run("kill", world.full("a"));
    await world.docker.run("exec", world.full("b"), "kill", "-9", "1").catch(() => undefined); // PID 1 shields itself
    await world.docker.run("kill", "--signal", "KILL", world.full("b")).catch(() => undefined); // ended already
    await world.becomes({});
    expect(await stateOf(world, "a")).toBeUndefined();
  });

  test("restart leads to the new port under the same key", async () => {
    await using world = await worldOf("restart");
    await world.web("a");
    await world.becomes({ a: await world.addr("a") });
    await world.docker.run("restart", "-t", "1", world.full("a"));
    await world.becomes({ a: await world.addr("a") });
  });

  test("pause takes the simple key away and leaves the record, unpause brings it back", async () => {
    await using world = await worldOf("pause");
    await world.web("a");
    const wanted = { a: await world.addr("a") };
    await world.becomes(wanted);
    await world.docker.run("pause", world.full("a"));
    await world.becomes({});
    expect(await stateOf(world, "a")).toBe("maint");
    await world.docker.run("unpause", world.full("a"));
    await world.becomes(wanted);
    expect(await stateOf(world, "a")).toBe("up");
  });

  test("rename moves the key in one transaction", async () => {
    await using world = await worldOf("rename");
    await world.web("a");
    await world.becomes({ a: await world.addr("a") });
    await world.docker.run("rename", world.full("a"), world.full("b"));
    await world.becomes({ b: await world.addr("b") });
    const [moved] = await world.etcd.pairs("/app/");
    const { key, writtenAt } = required(moved, "key of b");
    const atOnce = await world.etcd.ctl("get", "/app/", "--prefix", "--keys-only", `--rev=${writtenAt}`);
    expect(atOnce.trim()).toBe(key);
  });

  test("update writes nothing", async () => {
    await using world = await worldOf("update");
    await world.web("a");
    await world.becomes({ a: await world.addr("a") });
    const before = await world.etcd.revision();
    await world.docker.update(world.full("a"));
    await world.docker.run("exec", world.full("a"), "true"); // exec_create, exec_start, exec_die
    expect(await world.etcd.revision()).toBe(before);
  });

  test("network connect and disconnect write nothing while the published port stays", async () => {
    await using world = await worldOf("network");
    await world.docker.run("network", "create", "events-net");
    try {
      await world.web("a");
      await world.becomes({ a: await world.addr("a") });
      await world.docker.run("network", "connect", "events-net", world.full("a"));
      await caughtUp(world);
      await world.docker.run("network", "disconnect", "events-net", world.full("a"));
      await caughtUp(world);
      expect(await world.keys()).toEqual({ a: await world.addr("a") });
    } finally {
      await world.docker.run("rm", "-f", world.full("a"));
      await world.docker.run("network", "rm", "events-net");
    }
  });

  test("destroy of an old container leaves alone the new one of its name", async () => {
    await using world = await worldOf("destroy");
    const old = await world.web("a");
    await world.becomes({ a: await world.addr("a") });
    for (let round = 0; round < 3; round++) {
      await world.docker.run("rm", "-f", world.full("a"));
      const id = await world.web("a");
      expect(id).not.toBe(old);
      await caughtUp(world);
      await world.becomes({ a: await world.addr("a") });
    }
  });
});

test.concurrent("labels that would add lines to a configuration keep their container out and are told", async () => {
  await using world = await worldOf("labels");
  await world.web("a", "--label", "hecd.service=web\n server evil 10.0.0.1:80");
  await world.web("b", "--label", "hecd.http.host=a b");
  await caughtUp(world);
  expect(await world.keys()).toEqual({});
  expect(await world.etcd.keys("/hecd/v1/services/")).toEqual(new Map());
});
