import { describe, expect, test } from "vitest";
import { AgentWorld } from "../support/agent-world.js";
import { needs, TELLS_BEFORE_THE_END } from "../support/engine-kind.js";
import { eventually, staysFor } from "../support/eventually.js";

/** Servers that finish what they have after they were told to stop; one of them takes new work all that time. */
const OPEN = "httpd -f -p 8080 & trap 'sleep 12; exit 0' TERM; wait";
const CLOSED = "httpd -f -p 8080 & trap 'kill $!; sleep 12; exit 0' TERM; wait";
/** A server that takes no notice. */
const DEAF = "trap '' TERM; httpd -f -p 8080 & while :; do sleep 1; done";

/** An engine that tells nothing of a stop shows it in its lists. */
const SOON = TELLS_BEFORE_THE_END.isHere ? [] : ["--resync", "1s"];

/** The state in the record of a container. */
async function stateOf(world: AgentWorld, name: string): Promise<unknown> {
  const record = (await world.records(name))["8080"];
  return record === undefined ? undefined : (record as { readonly state: string }).state;
}

/** Tells a container that takes no notice to stop, in a way that the engine can tell of. */
async function toldToStop(world: AgentWorld, name: string): Promise<void> {
  if (TELLS_BEFORE_THE_END.isHere) await world.docker.run("kill", "-s", "TERM", world.full(name));
  else void world.docker.run("stop", "-t", "60", world.full(name)).catch(() => undefined); // the end of the test ends it
}

async function hasNoKey(world: AgentWorld): Promise<boolean> {
  return Object.keys(await world.keys()).length === 0;
}

async function registered(
  world: AgentWorld,
  name: string,
  script: string,
  ...args: readonly string[]
): Promise<string> {
  await world.script(name, script, ...args);
  const addr = await world.addr(name);
  await world.becomes({ [name]: addr });
  return addr;
}

describe.concurrent("a container that was told to stop", () => {
  test.each([
    ["goes on to listen, within the usual grace", "open", OPEN, "20s"],
    ["does not listen any more, after the usual grace", "closed", CLOSED, "1s"],
  ])("gets no work until it ends, though its own settings say less: it %s", async (_, name, script, grace) => {
    await using world = await AgentWorld.start(`stops-${name}`);
    world.agent(["--stop-grace", grace, ...SOON]);
    await registered(world, "closing", script, "--stop-timeout", "1");
    const stopped = world.docker.run("stop", "-t", "60", world.full("closing"));
    await world.becomes({});
    expect(await stateOf(world, "closing")).toBe("draining");
    await Promise.all([stopped, staysFor("no key", 14_000, () => hasNoKey(world))]);
    await eventually("no record", async () => (await stateOf(world, "closing")) === undefined);
  });

  test("and takes no notice serves again when it has been seen to, and that is told", async (context) => {
    needs(context, TELLS_BEFORE_THE_END);
    await using world = await AgentWorld.start("stops-outlived");
    const agent = world.agent(["--stop-grace", "1s"]);
    const addr = await registered(world, "deaf", DEAF, "--stop-timeout", "0");
    const begunAt = performance.now();
    await world.docker.run("kill", "-s", "TERM", world.full("deaf"));
    await world.becomes({});
    await world.becomes({ deaf: addr }, 30_000);
    expect(performance.now() - begunAt).toBeGreaterThan(5_000 + 9_000);
    await agent.said(/stop-outlived.*stops-outlived-deaf/);
  });

  test.each([
    ["in all layouts", "all", []],
    ["in one without records", "one", ["--layout", "simple"]],
  ])("is ending for the next agent too, registered %s", async (_, name, layout) => {
    await using world = await AgentWorld.start(`stops-${name}`);
    const first = world.agent(["--stop-grace", "30s", ...SOON, ...layout]);
    await registered(world, "deaf", DEAF);
    await toldToStop(world, "deaf");
    await world.becomes({});
    await first[Symbol.asyncDispose]();
    world.agent(["--stop-grace", "30s", ...layout]);
    await eventually("the next agent", async () => (await world.reason("deaf")) === "draining");
    await staysFor("no key", 3_000, () => hasNoKey(world));
  });

  test("while no agent ran is ending for the one that comes", async () => {
    await using world = await AgentWorld.start("stops-between");
    const first = world.agent(["--stop-grace", "30s"]);
    await registered(world, "deaf", DEAF);
    await first[Symbol.asyncDispose]();
    await toldToStop(world, "deaf");
    world.agent(["--stop-grace", "30s", ...SOON]);
    await world.becomes({});
    expect(await world.reason("deaf")).toBe("draining");
  });
});
