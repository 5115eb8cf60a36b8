import { describe, expect, test } from "vitest";
import { Confdir } from "../support/confd.js";
import { TestConsul } from "../support/consul.js";
import { eventually } from "../support/eventually.js";
import { FakeDocker, idOf } from "../support/fake-docker.js";
import { freePort } from "../support/free-port.js";
import { CONFD, Hecd, hecd } from "../support/hecd.js";
import { plant, PLANTED } from "../support/planted.js";
import { TestRedis } from "../support/redis.js";

/** A store that asks for a password, as the programs are told of it. */
interface Guarded extends AsyncDisposable {
  readonly url: string;
  readonly username?: string;
  readonly password: string;
}

const STORES: readonly (readonly [string, () => Promise<Guarded>])[] = [
  [
    "a Redis with one password for all",
    async () => {
      const password = plant();
      const redis = await TestRedis.start("--requirepass", password);
      return {
        url: `redis://${redis.endpoint}/0`,
        password,
        [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
      };
    },
  ],
  [
    "a Redis with users",
    async () => {
      const password = plant();
      const redis = await TestRedis.start();
      await redis.cli("acl", "setuser", "app", "on", `>${password}`, "~*", "&*", "+@all");
      await redis.cli("acl", "setuser", "default", "off");
      return {
        ...{ url: `redis://${redis.endpoint}/0`, username: "app", password },
        [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
      };
    },
  ],
  [
    "a Consul with a token",
    async () => {
      const password = plant();
      const consul = await TestConsul.start(password);
      return {
        url: `consul://${consul.endpoint}`,
        password,
        [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
      };
    },
  ],
];

/** The variables of a program that is given this password. */
function told({ url, username }: Guarded, password: string): Readonly<Record<string, string>> {
  return {
    ...{ HECD_STORE: url, HECD_STORE_PASSWORD: password, HECD_LOG_LEVEL: "debug" },
    ...(username !== undefined && { HECD_STORE_USERNAME: username }),
  };
}

describe.each(STORES)("the password of %s", (_, start) => {
  test.concurrent("is in no word of a command, whether it is right or refused", async () => {
    await using store = await start();
    await using confdir = await Confdir.make();
    await confdir.resource("one", "x");
    const words: string[] = [];
    for (const password of [plant(), store.password]) {
      const env = { ...told(store, password), HECD_AGENT: "off", HECD_RENDERER: "off" };
      const inFolder = ["--confdir", confdir.path];
      const commands = [["render", "--once", ...inFolder], ["doctor", ...inFolder], ["list"], ["explain", "web"]];
      const ended = await Promise.all(commands.map((command) => hecd(command, env)));
      words.push(...ended.flatMap(({ stdout, stderr }) => [stdout, stderr]));
      const [rendered, , listed] = ended;
      const isRight = password === store.password;
      expect([rendered?.code === 0, listed?.code === 0]).toEqual([isRight, isRight]);
    }
    expect(words.join("\n")).not.toMatch(PLANTED);
  });

  test.concurrent("is in nothing that daemons say and serve, refused again and again", async () => {
    await using store = await start();
    await using confdir = await Confdir.make();
    const started = confdir.at("started");
    await confdir.resource("one", "x", `reload_cmd = "cat /proc/self/environ /proc/$PPID/cmdline >> ${started}"`);
    await using docker = await FakeDocker.start();
    docker.containers.set(idOf(1), {
      name: "web",
      status: "running",
      startedAt: new Date().toISOString(),
      hostPort: 1,
    });
    const words: string[] = [];
    for (const password of [plant(), store.password]) {
      const env = told(store, password);
      const [here, there] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
      const about = ["--docker", docker.url, "--host-id", "host1", "--advertise", "192.0.2.1", "--probe", "off"];
      await using renderer = new Hecd(["render", "--confdir", confdir.path, "--listen", here], env);
      await using agent = new Hecd(["agent", ...about, "--listen", there, "--state-dir", "off"], env);
      const isRight = password === store.password;
      await renderer.said(isRight ? /"event":"applied"/ : /store-unreachable|store-refused|refuses/);
      await agent.said(isRight ? /"event":"registered"/ : /store-unreachable|store-refused|refuses/);
      for (const address of [here, there]) {
        for (const path of ["/state", "/metrics", "/readyz", "/"]) {
          words.push(await (await fetch(`http://${address}${path}`)).text());
        }
      }
      await Promise.all([renderer.stop(), agent.stop()]);
      words.push(renderer.log, agent.log);
    }
    words.push(await eventually("what the reload has seen", async () => confdir.read("started")));
    expect(words.join("\n")).not.toMatch(PLANTED);
  });
});

test("the password of a Redis is in no word of confd, whether it is right or refused", async () => {
  const right = plant();
  await using redis = await TestRedis.start("--requirepass", right);
  await using confdir = await Confdir.make();
  await confdir.resource("one", "x");
  for (const password of [plant(), right]) {
    const args = ["-backend", "redis", "-node", redis.endpoint, "-client-key", password, "-log-level", "debug"];
    const { code, stdout, stderr } = await new Hecd([...args, "-onetime", "-confdir", confdir.path], {}, CONFD).ended();
    expect(code === 0).toBe(password === right);
    expect(stdout + stderr).not.toMatch(PLANTED);
  }
});
