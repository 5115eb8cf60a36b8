import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { Confdir } from "../support/confd.js";
import { eventually } from "../support/eventually.js";
import { FakeDocker } from "../support/fake-docker.js";
import { freePort } from "../support/free-port.js";
import { Hecd } from "../support/hecd.js";
import { TestRedis } from "../support/redis.js";

const TTL_MS = 5_000;

function agentOn(docker: FakeDocker, store: string, ...args: readonly string[]): Hecd {
  return new Hecd([
    ...["agent", "--store", store, "--docker", docker.url, "--host-id", "host1", "--advertise", "192.0.2.1"],
    ...["--prefix", "/app/web", "--probe", "off", "--listen", "off", ...args],
  ]);
}

/** Starts a container that publishes a port. */
function start(docker: FakeDocker, name: string, hostPort: number): void {
  const id = name.repeat(64);
  docker.containers.set(id, { name, status: "running", startedAt: new Date(0).toISOString(), hostPort });
  docker.emit("start", id);
}

describe("hecd with its keys in Redis", () => {
  test("goes from a container to a file, and the keys of an agent that was killed end within its ttl", async () => {
    await using redis = await TestRedis.start();
    await using docker = await FakeDocker.start();
    start(docker, "a", 8_080);
    await using confdir = await Confdir.make();
    const lines = '{{range gets "/app/web/*"}}{{base .Key}} {{.Value}}\n{{end}}';
    await confdir.resource("servers", lines, "", ["/app/web"]);
    const store = `redis://${redis.endpoint}/2`;
    await using renderer = new Hecd([
      ...["render", "--confdir", confdir.path, "--store", store, "--listen", `127.0.0.1:${await freePort()}`],
    ]);
    await using agent = agentOn(docker, store, "--ttl", `${TTL_MS}ms`);
    await eventually("the server", async () => (await confdir.read("servers")) === "a 192.0.2.1:8080\n");
    start(docker, "b", 8_081);
    const both = "a 192.0.2.1:8080\nb 192.0.2.1:8081\n";
    await eventually("the other one", async () => (await confdir.read("servers")) === both);
    const listed = await new Hecd(["list", "--store", store, "--prefix", "/app/web", "--agent", "off"]).ended();
    expect(listed.stdout).toContain("192.0.2.1:8081");
    expect(await redis.cli("-n", "2", "exists", "/app/web/a")).toBe("1");
    agent.signal("SIGKILL");
    const killedAt = performance.now();
    await eventually("the end of the keys", async () => (await confdir.read("servers")) === "", 20_000);
    expect(performance.now() - killedAt).toBeLessThan(TTL_MS + 2_000);
    expect(renderer.log).not.toMatch(/"level":"(warn|error)"/);
  });

  test("leaves the keys to the next agent, or takes them along", async () => {
    await using redis = await TestRedis.start();
    await using docker = await FakeDocker.start();
    start(docker, "a", 8_080);
    const store = `redis://${redis.endpoint}`;
    const has = async (): Promise<boolean> => (await redis.keys("/app/web/")).size === 1;
    await using first = agentOn(docker, store, "--ttl", "1m");
    await eventually("the key", has);
    await first.stop();
    expect(await has()).toBe(true);
    await using second = agentOn(docker, store, "--ttl", "1m", "--on-exit", "revoke");
    await eventually("the lease to be taken over", () => second.log.includes('"adopted":true'));
    await second.stop();
    expect(await has()).toBe(false);
  });

  test("takes the password of a file, and never shows it", async () => {
    await using redis = await TestRedis.start("--requirepass", "s3cret-of-redis");
    await using confdir = await Confdir.make();
    await redis.cli("-a", "s3cret-of-redis", "set", "/app/web/a", "192.0.2.1:80");
    await confdir.resource("servers", '{{getv "/app/web/a"}}', "", ["/app/web"]);
    await writeFile(confdir.at("password"), "s3cret-of-redis\n");
    const args = ["render", "--once", "--confdir", confdir.path, "--store", `redis://${redis.endpoint}`];
    const refused = await new Hecd(args).ended();
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("NOAUTH")]);
    const done = await new Hecd([...args, "--store-password-file", confdir.at("password")]).ended();
    expect([done.code, done.stderr.includes("s3cret-of-redis")]).toEqual([0, false]);
    expect(await confdir.read("servers")).toBe("192.0.2.1:80");
  });

  test.each([
    ["mysql://h", /must be etcd:\/\//],
    ["redis://:password@h", /must not hold a password/],
    ["redis://h/x", /must be etcd:\/\//],
  ])("refuses %s", async (store, reason) => {
    const { code, stderr } = await new Hecd(["render", "--once", "--store", store]).ended();
    expect([code, stderr]).toEqual([64, expect.stringMatching(reason)]);
    expect(stderr).not.toContain("password@");
  });
});
