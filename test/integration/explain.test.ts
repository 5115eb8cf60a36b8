import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DockerCli, WEB_IMAGE } from "../support/docker.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { Hecd, hecd, type Ended } from "../support/hecd.js";

const docker = new DockerCli();
const name = (word: string): string => `explain-${process.pid}-${word}`;

let etcd: TestEtcd;
let agent: Hecd;
let address: string;

/** A command as a process of its own, which asks the agent of this test. */
const ask = (command: string, ...args: readonly string[]): Promise<Ended> =>
  hecd([command, "--agent", address, ...args]);

/** What `hecd explain` tells machines. */
async function explained(container: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await ask("explain", "--json", container, ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>; // our own form
}

const keys = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    [...(await etcd.keys("/app/servers/"))].map(([key, value]) => [key.slice("/app/servers/".length), value]),
  );

beforeAll(async () => {
  etcd = await startEtcd();
  address = `127.0.0.1:${await freePort()}`;
  agent = new Hecd([
    ...["agent", "--etcd", etcd.endpoint, "--advertise", "127.0.0.1"],
    ...["--host-id", "host1", "--listen", address],
  ]);
  await eventually("the agent to be ready", async () => (await fetch(`http://${address}/readyz`)).ok, 30_000);
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await docker[Symbol.asyncDispose]();
  await etcd[Symbol.asyncDispose]();
});

describe.concurrent("hecd explain", () => {
  test("tells the keys of a container that is registered, by its name and by its id", async () => {
    const id = await docker.web(name("web"));
    await eventually("the key", async () => name("web") in (await keys()));
    const port = await docker.port(name("web"));
    const { code, stdout } = await ask("explain", name("web"));
    expect([code, stdout.split("\n")[0]]).toEqual([0, `${name("web")} is registered`]);
    expect(stdout).toContain(`  key        /app/servers/${name("web")} = 127.0.0.1:${port}\n`);
    const held = await etcd.keys("/");
    const { status, keys: told } = await explained(id.slice(0, 12));
    expect(status).toBe("registered");
    expect(Object.keys(told as object)).toHaveLength(2);
    for (const [key, value] of Object.entries(told as object)) expect(held.get(key)).toBe(value);
  });

  test.each([
    ["no-published-port", ["--publish-all=false"], "start it with -P or -p"],
    ["disabled", ["--label", "hecd.enable=false"], "hecd.enable"],
    ["invalid-label", ["--label", "hecd.weight=heavy"], "hecd.weight"],
    ["port-not-mapped", ["--label", "hecd.port=9999"], "9999"],
  ])("says of a container that is left out: %s", async (reason, args, advice) => {
    await docker.web(name(reason), ...args);
    const explanation = await eventually("the agent's word", async () => {
      const now = await explained(name(reason));
      return String(now["source"]).startsWith("the agent") && now["reason"] === reason ? now : undefined;
    });
    expect(explanation).toMatchObject({ status: "left-out", advice: expect.stringContaining(advice) as string });
    const { stdout } = await ask("explain", name(reason));
    expect(stdout).toMatch(`${name(reason)} is not registered (${reason}): `);
    // Without the agent the same code comes to the same answer.
    expect(await explained(name(reason), "--standalone")).toMatchObject({ status: "left-out", reason });
  });

  test("says of a paused container that it is paused", async () => {
    await docker.web(name("paused"));
    await docker.run("pause", name("paused"));
    await eventually("the pause", async () => (await explained(name("paused")))["reason"] === "paused");
    await docker.run("unpause", name("paused"));
  });

  test("names near containers for one that there is not", async () => {
    await docker.web(name("near"));
    await eventually("the key", async () => name("near") in (await keys()));
    const { code, stdout, stderr } = await ask("explain", name("near").slice(0, -1));
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`Cannot find a container with the name or id "${name("nea")}"; there is `);
    expect(stderr).toContain(name("near"));
  });

  test("says without an agent what one would do", async () => {
    await docker.web(name("alone"));
    const { code, stdout, stderr } = await hecd([
      ...["explain", name("alone"), "--agent", `127.0.0.1:${await freePort()}`, "--advertise", "192.0.2.7"],
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(`${name("alone")} would be registered`);
    expect(stdout).toContain(`/app/servers/${name("alone")} = 192.0.2.7:${await docker.port(name("alone"))}`);
    expect(stderr).toContain("No agent answers");
  });
});

describe.concurrent("hecd drain and hecd undrain", () => {
  test("take the simple key of a container away and give it back, while its record stays", async () => {
    await docker.web(name("drained"));
    const served = async (): Promise<boolean> => name("drained") in (await keys());
    await eventually("the key", served);
    expect(await ask("drain", name("drained"))).toMatchObject({ code: 0, stdout: `${name("drained")} is drained\n` });
    await eventually("the key to go", async () => !(await served()));
    const { status, advice, keys: left } = await explained(name("drained"));
    expect([status, advice]).toEqual(["draining", expect.stringContaining("hecd undrain")]);
    expect(Object.keys(left as object).join()).toMatch(/^\/hecd\/v1\/services\//);
    expect((await ask("undrain", name("drained"))).stdout).toBe(`${name("drained")} is undrained\n`);
    await eventually("the key to be back", served);
  });
});

describe.concurrent("hecd run and hecd stop", () => {
  test("start a container and wait until it is registered, drain it and stop it", async () => {
    docker.minds(name("run"));
    const flags = ["--name", name("run"), "--label", "hecd.test"];
    const run = await ask("run", "--etcd", etcd.endpoint, WEB_IMAGE, "--", ...flags);
    expect(run.stderr).toBe("");
    const port = await docker.port(name("run"));
    expect([run.code, run.stdout]).toEqual([
      0,
      `Launching ${WEB_IMAGE} on 127.0.0.1 ...\nAnnouncing to ${etcd.endpoint}...\n` +
        `${WEB_IMAGE} running on Port ${port} with name ${name("run")}\n`,
    ]);
    // It is registered by the time that the command ends.
    expect(await keys()).toMatchObject({ [name("run")]: `127.0.0.1:${port}` });

    const stop = await ask("stop", name("run"), "--drain-delay", "200ms");
    expect(stop.code, stop.stderr).toBe(0);
    expect(stop.stdout).toMatch(
      /^Stopping explain-[0-9]+-run\.\.\.\nFound container [0-9a-f]{12}\nDraining explain-[0-9]+-run\nStopped\.\n$/,
    );
    expect(await docker.field(name("run"), "State.Status")).toBe("exited");
    await eventually("the key to go", async () => !(name("run") in (await keys())));
    expect((await ask("stop", name("run"))).code).toBe(0);
  });

  test("drain the container for as long as its label says, while its record says so, before it is told to stop", async () => {
    const id = await docker.web(name("label"), "--label", "hecd.drain-delay=2s");
    const stateOf = async (): Promise<unknown> => {
      const [, record] =
        [...(await etcd.keys("/hecd/v1/services/"))].find(([key]) => key.includes(name("label"))) ?? [];
      return record === undefined ? "gone" : (JSON.parse(record) as { readonly state: unknown }).state;
    };
    await eventually("the record", async () => (await stateOf()) === "up");
    await using stop = new Hecd(["stop", name("label"), "--agent", address]);
    await eventually("the drain", async () => (await stateOf()) === "draining");
    const drainedAt = Date.now();
    expect(name("label") in (await keys())).toBe(false);
    expect(await docker.field(id, "State.Status")).toBe("running");
    expect(await stop.ended()).toMatchObject({ code: 0, stderr: "" });
    const finishedAt = Date.parse(await docker.field(id, "State.FinishedAt"));
    // Seen a little later than the wait began, and far from the five seconds of a container without the label.
    expect(finishedAt - drainedAt).toBeGreaterThan(1_000);
    expect(finishedAt - drainedAt).toBeLessThan(4_000);
    await eventually("the record to go", async () => (await stateOf()) === "gone");
  });

  test("drain the container until somebody presses Ctrl-C, and have it serve again then", async () => {
    const id = await docker.web(name("kept"));
    const served = async (): Promise<boolean> => name("kept") in (await keys());
    await eventually("the key", served);
    await using stop = new Hecd(["stop", name("kept"), "--agent", address, "--drain-delay", "1h"]);
    await eventually("the drain", async () => stop.printed.includes("Draining") && !(await served()));
    expect(await stop.stop("SIGINT")).toMatchObject({
      code: 1,
      stderr: `Called off: ${name("kept")} was not stopped\n${name("kept")} is undrained and serves again\n`,
    });
    await eventually("the key to be back", served);
    expect(await docker.field(id, "State.Status")).toBe("running");
  });

  test("say why a container that was started is not registered, and how it came by its end", async () => {
    docker.minds(name("out"));
    const options = ["--name", name("out"), "--label", "hecd.test", "--label", "hecd.enable=false"];
    const out = await ask("run", WEB_IMAGE, "--", ...options);
    expect([out.code, out.stderr]).toEqual([
      1,
      `hecd: ${name("out")} is not registered (disabled): Label hecd.enable keeps it out\n`,
    ]);
    // A health check that does not succeed keeps these two from being registered in the meantime.
    const unwell = ["--label", "hecd.test", "--health-cmd", "false", "--health-interval", "1h"];
    docker.minds(name("brief"));
    const brief = await ask("run", WEB_IMAGE, "--", "--name", name("brief"), ...unwell, "--", "true");
    expect([brief.code, brief.stderr]).toEqual([1, expect.stringContaining("(not-running): It is exited")]);
    docker.minds(name("slow"));
    const slow = await ask("run", WEB_IMAGE, "--wait", "1500ms", "--", "--name", name("slow"), ...unwell);
    expect([slow.code, slow.stderr]).toEqual([1, expect.stringContaining("(starting): Its HEALTHCHECK")]);
  });

  test("say that nobody registers the container where there is no agent", async () => {
    docker.minds(name("nobody"));
    const nowhere = `127.0.0.1:${await freePort()}`;
    const options = ["--name", name("nobody"), "--label", "hecd.test"];
    const { code, stdout, stderr } = await hecd(["run", "--agent", nowhere, WEB_IMAGE, "--", ...options]);
    expect(code).toBe(1);
    expect(stdout).toContain(
      `${WEB_IMAGE} running on Port ${await docker.port(name("nobody"))} with name ${name("nobody")}\n`,
    );
    expect(stderr).toContain("nobody registers the container until hecd agent runs");
  });

  test("pass on what Docker says of an image that there is not, and say so without Docker's command line", async () => {
    const gone = await ask("run", "hecd-test/none:gone", "--", "--pull", "never");
    expect([gone.code, gone.stderr]).toEqual([
      1,
      expect.stringMatching(/no such image: (docker\.io\/)?hecd-test\/none:gone/i),
    ]);
    const bare = await hecd(["run", "--agent", address, WEB_IMAGE], { PATH: "/nowhere" });
    expect([bare.code, bare.stderr]).toEqual([1, expect.stringContaining("there is no docker command here")]);
  });
});
