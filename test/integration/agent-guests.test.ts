import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AgentWorld } from "../support/agent-world.js";
import { TELLS_BEFORE_THE_END } from "../support/engine-kind.js";
import { eventually, staysFor } from "../support/eventually.js";

/** Sleeps, and lends its network. */
const IDLE = "exec sleep 1000";

let world: AgentWorld;

beforeEach(async () => {
  world = await AgentWorld.start("guests");
});
afterEach(() => world[Symbol.asyncDispose]());

/** Starts a container in the network of another one of this world. */
async function guest(name: string, of: string, script: string, ...args: readonly string[]): Promise<void> {
  const own = ["--label", `hecd.test=${world.name}`, "--label", "hecd.port=8080", ...args];
  world.docker.minds(world.full(name));
  await world.docker.run(
    ...["run", "-d", "--name", world.full(name), "--network", `container:${world.full(of)}`, ...own],
    ...["--entrypoint", "sh", "hecd-test/web", "-c", script],
  );
}

const SERVES = "exec httpd -f -p 8080";

describe("a container in the network of another one", () => {
  test("is not registered before it listens", async () => {
    world.agent();
    await world.script("owner", IDLE, "--label", "hecd.enable=false");
    await guest("late", "owner", `until [ -e /tmp/go ]; do sleep 0.1; done; ${SERVES}`);
    await eventually("the reason", async () => (await world.reason("late")) === "not-listening");
    await staysFor("no key", 1_000, async () => Object.keys(await world.keys()).length === 0);
    await world.docker.run("exec", world.full("late"), "touch", "/tmp/go");
    await world.becomes({ late: await world.addr("owner") });
  });

  test("is left out once that one is started anew, until it is itself", async () => {
    world.agent();
    await world.script("owner", IDLE, "--label", "hecd.enable=false");
    await guest("guest", "owner", SERVES);
    await world.becomes({ guest: await world.addr("owner") });
    await world.docker.run("restart", "-t", "0", world.full("owner"));
    await eventually("the reason", async () => (await world.reason("guest")) === "network-owner-away");
    expect(await world.keys()).toEqual({});
    await world.docker.run("restart", "-t", "0", world.full("guest"));
    await world.becomes({ guest: await world.addr("owner") });
  });

  test("stays while that one is paused, and gets no more work from the moment that one is told to stop", async () => {
    // An engine that tells nothing of a stop shows it in its lists.
    world.agent(TELLS_BEFORE_THE_END.isHere ? [] : ["--resync", "1s"]);
    await world.script("owner", `trap 'sleep 5; exit 0' TERM; while :; do sleep 0.1; done`);
    await guest("guest", "owner", SERVES);
    const addr = await world.addr("owner");
    await world.becomes({ owner: addr, guest: addr });
    await world.docker.run("pause", world.full("owner"));
    await world.becomes({ guest: addr });
    const body = await fetch(`http://${await world.docker.address(world.full("owner"))}:8080/`);
    expect(body.status).toBeLessThan(500);
    await world.docker.run("unpause", world.full("owner"));
    await world.becomes({ owner: addr, guest: addr });
    const stopped = world.docker.run("stop", "-t", "10", world.full("owner"));
    await world.becomes({}, 3_000);
    expect(await world.reason("guest")).toBe("draining");
    await stopped;
    await eventually("the reason", async () => (await world.reason("guest")) === "network-owner-away");
  });

  test("is told to be where an owner cannot be seen, which a filter may hide", async () => {
    await world.docker.script(world.full("hidden"), IDLE);
    const agent = world.agent();
    await guest("guest", "hidden", SERVES);
    await agent.said(/network-owner-away.*--filter/);
    expect(await world.keys()).toEqual({});
  });

  test("when it is drained, says that work still comes by the other one's key", async () => {
    world.agent();
    await world.web("owner");
    await guest("guest", "owner", IDLE);
    const addr = await world.addr("owner");
    await world.becomes({ owner: addr, guest: addr });
    const address = new URL((await world.ask("/state")).url).host;
    await fetch(`http://${address}/containers/${world.full("guest")}/drain`, {
      method: "POST",
      headers: { "x-hecd-order": "drain" },
    });
    await world.becomes({ owner: addr });
    const state = await (await world.ask("/state")).text();
    expect(state).toContain(`container guests-owner serves at the same address ${addr}`);
  });
});
