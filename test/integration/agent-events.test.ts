import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { needs, TELLS_BEFORE_THE_END } from "../support/engine-kind.js";
import { eventually } from "../support/eventually.js";
import { Line } from "../support/line.js";
import { required } from "../support/required.js";

const PREFIX = "/app/events";

let line: Line;
let names: string[] = [];

beforeAll(async () => {
  line = await Line.start();
  await line.agent("--prefix", PREFIX, "--resync", "60s").said(/docker-connected/);
});
afterEach(async () => {
  for (const name of names) await line.docker.run("rm", "-f", name).catch(() => undefined); // gone already
  names = [];
  await keys({});
});
afterAll(() => line[Symbol.asyncDispose]());

/** Starts a web server of this name. */
async function web(name: string, ...args: readonly string[]): Promise<string> {
  names.push(name);
  return line.docker.web(name, ...args);
}

const addr = async (name: string): Promise<string> => `127.0.0.1:${await line.docker.port(name)}`;

/** The simple keys of this file's containers, by name. */
async function present(): Promise<Readonly<Record<string, string>>> {
  const all = [...(await line.etcd.keys(`${PREFIX}/events-`))];
  return Object.fromEntries(all.map(([key, value]) => [key.slice(PREFIX.length + 1), value]));
}

async function keys(wanted: Readonly<Record<string, string>>): Promise<void> {
  await eventually(`the keys ${JSON.stringify(wanted)}`, async () => {
    expect(await present()).toEqual(wanted);
    return true;
  });
}

/** The state in the record of a container; undefined without a record. */
async function stateOf(name: string): Promise<string | undefined> {
  const records = await line.etcd.keys("/hecd/v1/services/events/");
  const text = [...records].find(([key]) => key.includes(`:${name}:`))?.[1];
  return text === undefined ? undefined : (JSON.parse(text) as { readonly state: string }).state;
}

/** Resolves when the agent has seen all that Docker has told up to now: it tells of events in their order. */
async function caughtUp(): Promise<void> {
  await web("events-marker");
  await eventually("the marker", async () => "events-marker" in (await present()));
  await line.docker.run("rm", "-f", "events-marker");
  await eventually("the marker to be gone", async () => !("events-marker" in (await present())));
}

describe("an event of Docker", () => {
  test("create registers nothing", async () => {
    names.push("events-a");
    await line.docker.run("create", "--name", "events-a", "-P", "hecd-test/web");
    await caughtUp();
    expect(await present()).toEqual({});
  });

  test("start registers the port that Docker has given, stop takes it away, and start again gives another", async () => {
    await web("events-a");
    await keys({ "events-a": await addr("events-a") });
    await line.docker.run("stop", "-t", "1", "events-a");
    await keys({});
    await line.docker.run("start", "events-a");
    await keys({ "events-a": await addr("events-a") });
  });

  test("health_status registers a container that is healthy, and drains one that no longer is", async () => {
    const probe = ["--health-cmd", "test -f /tmp/ok", "--health-interval", "300ms", "--health-retries", "1"];
    await web("events-a", ...probe);
    await caughtUp();
    expect(await present()).toEqual({});
    await line.docker.run("exec", "events-a", "touch", "/tmp/ok");
    await keys({ "events-a": await addr("events-a") });
    await line.docker.run("exec", "events-a", "rm", "/tmp/ok");
    await keys({});
    expect(await stateOf("events-a")).toBe("draining");
  });

  test("kill with the stop signal drains a container before its process has ended", async (context) => {
    needs(context, TELLS_BEFORE_THE_END);
    const slow = "httpd -f -p 8080 -h /www & trap 'sleep 3; exit 0' TERM; wait";
    names.push("events-a");
    await line.docker.run("run", "-d", "-P", "--name", "events-a", "hecd-test/web", "sh", "-c", slow);
    await keys({ "events-a": await addr("events-a") });
    await line.docker.run("kill", "--signal", "TERM", "events-a");
    await keys({});
    expect(await line.docker.field("events-a", "State.Status")).toBe("running");
    expect(await stateOf("events-a")).toBe("draining");
    await eventually("the record to go with the process", async () => (await stateOf("events-a")) === undefined);
  });

  test("kill with another signal changes nothing", async () => {
    await web("events-a");
    await keys({ "events-a": await addr("events-a") });
    const before = await line.etcd.revision();
    await line.docker.run("kill", "--signal", "WINCH", "events-a");
    await line.docker.run("exec", "events-a", "true");
    expect(await present()).toEqual({ "events-a": await addr("events-a") });
    expect(await line.etcd.revision()).toBe(before);
  });

  test("die takes away a container that was killed or crashed", async () => {
    await web("events-a");
    await web("events-b");
    await keys({ "events-a": await addr("events-a"), "events-b": await addr("events-b") });
    await line.docker.run("kill", "events-a");
    await line.docker.run("exec", "events-b", "kill", "-9", "1").catch(() => undefined); // PID 1 shields itself
    await line.docker.run("kill", "--signal", "KILL", "events-b").catch(() => undefined); // ended already
    await keys({});
    expect(await stateOf("events-a")).toBeUndefined();
  });

  test("restart leads to the new port under the same key", async () => {
    await web("events-a");
    await keys({ "events-a": await addr("events-a") });
    await line.docker.run("restart", "-t", "1", "events-a");
    await keys({ "events-a": await addr("events-a") });
  });

  test("pause takes the simple key away and leaves the record, unpause brings it back", async () => {
    await web("events-a");
    const wanted = { "events-a": await addr("events-a") };
    await keys(wanted);
    await line.docker.run("pause", "events-a");
    await keys({});
    expect(await stateOf("events-a")).toBe("maint");
    await line.docker.run("unpause", "events-a");
    await keys(wanted);
    expect(await stateOf("events-a")).toBe("up");
  });

  test("rename moves the key in one transaction", async () => {
    await web("events-a");
    await keys({ "events-a": await addr("events-a") });
    await line.docker.run("rename", "events-a", "events-b");
    names.push("events-b");
    await keys({ "events-b": await addr("events-b") });
    const [moved] = await line.etcd.pairs(`${PREFIX}/events-b`);
    const revision = required(moved, "key of events-b").writtenAt;
    const atOnce = await line.etcd.ctl("get", PREFIX, "--prefix", "--keys-only", `--rev=${revision}`);
    expect(atOnce.trim()).toBe(`${PREFIX}/events-b`);
  });

  test("update writes nothing", async () => {
    await web("events-a");
    await keys({ "events-a": await addr("events-a") });
    const before = await line.etcd.revision();
    await line.docker.update("events-a");
    await line.docker.run("exec", "events-a", "true"); // exec_create, exec_start, exec_die
    expect(await line.etcd.revision()).toBe(before);
  });

  test("network connect and disconnect write nothing while the published port stays", async () => {
    await line.docker.run("network", "create", "events-net");
    try {
      await web("events-a");
      await keys({ "events-a": await addr("events-a") });
      await line.docker.run("network", "connect", "events-net", "events-a");
      await caughtUp();
      await line.docker.run("network", "disconnect", "events-net", "events-a");
      await caughtUp();
      expect(await present()).toEqual({ "events-a": await addr("events-a") });
    } finally {
      await line.docker.run("rm", "-f", "events-a");
      await line.docker.run("network", "rm", "events-net");
    }
  });

  test("destroy of an old container leaves alone the new one of its name", async () => {
    const old = await web("events-a");
    await keys({ "events-a": await addr("events-a") });
    for (let round = 0; round < 3; round++) {
      await line.docker.run("rm", "-f", "events-a");
      const id = await web("events-a");
      expect(id).not.toBe(old);
      await caughtUp();
      await keys({ "events-a": await addr("events-a") });
    }
  });
});

test("labels that would add lines to a configuration keep their container out and are told", async () => {
  await web("events-a", "--label", "hecd.service=web\n server evil 10.0.0.1:80");
  await web("events-b", "--label", "hecd.http.host=a b");
  await caughtUp();
  expect(await present()).toEqual({});
  expect(await stateOf("events-a")).toBeUndefined();
});
