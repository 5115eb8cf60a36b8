import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { CLASSIC_KEYS, describeConfdLayout } from "../confd-layout.js";
import { Confdir } from "../support/confd.js";
import { TestConsul } from "../support/consul.js";
import { startEtcd } from "../support/etcd.js";
import { TestRedis } from "../support/redis.js";
import { TestZooKeeper } from "../support/zookeeper.js";
import { tempDir } from "../support/temp-dir.js";

describeConfdLayout("etcd", async () => {
  const etcd = await startEtcd();
  await etcd.write(CLASSIC_KEYS);
  const put = (key: string, value: string) => etcd.write([[key, value]]);
  const args = ["-backend", "etcdv3", "-node", etcd.endpoint];
  return { args, put, [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose]() };
});

describeConfdLayout("a file", async () => {
  const folder = await tempDir();
  const keys = new Map(CLASSIC_KEYS);
  const path = `${folder.path}/keys.yml`;
  const write = () => writeFile(path, JSON.stringify(nested(keys)));
  await write();
  const put = async (key: string, value: string) => {
    keys.set(key, value);
    await write();
  };
  return { args: ["-backend", "file", "-file", path], put, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
});

describeConfdLayout("Redis", async () => {
  const redis = await TestRedis.start();
  for (const [key, value] of CLASSIC_KEYS) await redis.put(key, value);
  const args = ["-backend", "redis", "-node", redis.endpoint];
  return {
    args,
    put: (key, value) => redis.put(key, value),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
});

describeConfdLayout("a Redis with a password, a database of its own and -separator", async () => {
  const redis = await TestRedis.start("--requirepass", "secret");
  const own = ["-a", "secret", "--no-auth-warning", "-n", "4"];
  const put = async (key: string, value: string) => {
    await redis.cli(...own, "set", key.slice(1).replaceAll("/", ":"), value);
  };
  for (const [key, value] of CLASSIC_KEYS) await put(key, value);
  const access = ["-node", `${redis.endpoint}/4`, "-client-key", "secret", "-separator", ":"];
  return { args: ["-backend", "redis", ...access], put, [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose]() };
});

describeConfdLayout("ZooKeeper", async () => {
  const zooKeeper = await TestZooKeeper.start();
  for (const [key, value] of CLASSIC_KEYS) await zooKeeper.put(key, value);
  return {
    args: ["-backend", "zookeeper", "-node", zooKeeper.endpoint],
    put: (key, value) => zooKeeper.put(key, value),
    [Symbol.asyncDispose]: () => zooKeeper[Symbol.asyncDispose](),
  };
});

describeConfdLayout("Consul", async () => {
  const consul = await TestConsul.start("a-token");
  for (const [key, value] of CLASSIC_KEYS) await consul.put(key, value);
  return {
    args: ["-backend", "consul", "-node", consul.endpoint, "-auth-token", "a-token"],
    put: (key, value) => consul.put(key, value),
    [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
  };
});

describe("confd with keys in Redis", () => {
  test("takes the fields of a hash for keys, as both confds do", async () => {
    await using redis = await TestRedis.start();
    await redis.cli("hset", "/app", "a", "1", "b", "2");
    await using confdir = await Confdir.make();
    await confdir.resource("one", '{{range gets "/app/*"}}{{.Key}}={{.Value}} {{end}}');
    expect((await confdir.run(["redis", "--onetime", "--node", redis.endpoint])).code).toBe(0);
    expect(await confdir.read("one")).toBe("/app/a=1 /app/b=2 ");
  });

  test("ends with 1 where no Redis is, and where it is not let in, and leaves the file as it was", async () => {
    await using redis = await TestRedis.start("--requirepass", "secret");
    await using confdir = await Confdir.make();
    await confdir.resource("one", "new");
    await confdir.write("one", "old");
    for (const [node, reason] of [
      ["127.0.0.1:1", /Cannot reach Redis at 127\.0\.0\.1:1: .*ECONNREFUSED/],
      [redis.endpoint, /Redis at 127\.0\.0\.1:\d+ refused the request: NOAUTH/],
    ] as const) {
      const { code, stderr } = await confdir.run(["-onetime", "-backend", "redis", "-node", node]);
      expect(stderr).toMatch(reason);
      expect(code).toBe(1);
    }
    expect(await confdir.read("one")).toBe("old");
  });
});

/** A tree of keys as a document. */
function nested(keys: ReadonlyMap<string, string>): object {
  const root: Record<string, unknown> = {};
  for (const [key, value] of keys) {
    const parts = key.slice(1).split("/");
    const last = parts.pop() ?? "";
    let at = root;
    for (const part of parts) at = (at[part] ??= {}) as Record<string, unknown>; // no key is above another one
    at[last] = value;
  }
  return root;
}
