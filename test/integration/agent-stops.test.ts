import { afterEach, beforeEach, describe, expect, test } from "vitest";
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

let world: AgentWorld;

beforeEach(async () => {
  world = await AgentWorld.start("stops");
});
afterEach(() => world[Symbol.asyncDispose]());

/** The state in the record of a container. */
async function stateOf(name: string): Promise<unknown> {
  const record = (await world.records(name))["8080"];
  return record === undefined ? undefined : (record as { readonly state: string }).state;
}

/** Tells a container that takes no notice to stop, in a way that the engine can tell of. */
async function toldToStop(name: string): Promise<void> {
  if (TELLS_BEFORE_THE_END.isHere) await world.docker.run("kill", "-s", "TERM", world.full(name));
  else void world.docker.run("stop", "-t", "60", world.full(name)).catch(() => undefined); // the end of the test ends it
}

async function hasNoKey(): Promise<boolean> {
  return Object.keys(await world.keys()).length === 0;
}

async function registered(name: string, script: string, ...args: readonly string[]): Promise<string> {
  await world.script(name, script, ...args);
  const addr = await world.addr(name);
  await world.becomes({ [name]: addr });
  return addr;
}

describe("a container that was told to stop", () => {
  test.each([
    ["goes on to listen, within the usual grace", OPEN, "20s"],
    ["does not listen any more, after the usual grace", CLOSED, "1s"],
  ])("gets no work until it ends, though its own settings say less: it %s", async (_, script, grace) => {
    world.agent(["--stop-grace", grace, ...SOON]);
    await registered("closing", script, "--stop-timeout", "1");
    const stopped = world.docker.run("stop", "-t", "60", world.full("closing"));
    await world.becomes({});
    expect(await stateOf("closing")).toBe("draining");
    await Promise.all([stopped, staysFor("no key", 14_000, hasNoKey)]);
    await eventually("no record", async () => (await stateOf("closing")) === undefined);
  });

  test("and takes no notice serves again when it has been seen to, and that is told", async (context) => {
    needs(context, TELLS_BEFORE_THE_END);
    const agent = world.agent(["--stop-grace", "1s"]);
    const addr = await registered("deaf", DEAF, "--stop-timeout", "0");
    const begunAt = performance.now();
    await world.docker.run("kill", "-s", "TERM", world.full("deaf"));
    await world.becomes({});
    await world.becomes({ deaf: addr }, 30_000);
    expect(performance.now() - begunAt).toBeGreaterThan(5_000 + 9_000);
    await agent.said(/stop-outlived.*stops-deaf/);
  });

  test.each([
    ["in all layouts", []],
    ["in one without records", ["--layout", "simple"]],
  ])("is ending for the next agent too, registered %s", async (_, layout) => {
    const first = world.agent(["--stop-grace", "30s", ...SOON, ...layout]);
    await registered("deaf", DEAF);
    await toldToStop("deaf");
    await world.becomes({});
    await first[Symbol.asyncDispose]();
    world.agent(["--stop-grace", "30s", ...layout]);
    await eventually("the next agent", async () => (await world.reason("deaf")) === "draining");
    await staysFor("no key", 3_000, hasNoKey);
  });

  test("while no agent ran is ending for the one that comes", async () => {
    const first = world.agent(["--stop-grace", "30s"]);
    await registered("deaf", DEAF);
    await first[Symbol.asyncDispose]();
    await toldToStop("deaf");
    world.agent(["--stop-grace", "30s", ...SOON]);
    await world.becomes({});
    expect(await world.reason("deaf")).toBe("draining");
  });
});
