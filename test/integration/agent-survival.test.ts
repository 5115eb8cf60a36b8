import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as lasting } from "node:timers/promises";
import { describe, expect, test, type TestContext } from "vitest";
import { DockerCli } from "../support/docker.js";
import { ETCDCTL } from "../support/etcd-binary.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { Hecd } from "../support/hecd.js";
import { tempDir } from "../support/temp-dir.js";

/** As short as the setting may be. */
const TTL_MS = 5_000;

/** One Docker host and one etcd, and as many agents as a test likes; all of it ends with the test. */
class Host {
  readonly etcd: TestEtcd;
  readonly docker: DockerCli;
  readonly stateDir: string;
  readonly name: string;
  readonly #test: TestContext;

  private constructor(test: TestContext, etcd: TestEtcd, docker: DockerCli, folder: string, name: string) {
    this.#test = test;
    this.etcd = etcd;
    this.docker = docker;
    this.stateDir = join(folder, "state");
    this.name = name;
  }

  /** With containers `<name>-0` and on, of which no other test's agent knows. */
  static async start(test: TestContext, name: string, containers = 2): Promise<Host> {
    const folder = await tempDir();
    const [etcd, docker] = [await startEtcd(), new DockerCli()];
    test.onTestFinished(async () => {
      await docker[Symbol.asyncDispose]();
      await etcd[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    });
    const host = new Host(test, etcd, docker, folder.path, name);
    for (let n = 0; n < containers; n++) await host.web(`${name}-${n}`);
    return host;
  }

  /** Starts a web server that the agents of this test look at. */
  async web(container: string, service = this.name): Promise<void> {
    const labels = [`hecd.service=${service}`, `hecd.test=${this.name}`];
    await this.docker.web(container, ...labels.flatMap((label) => ["--label", label]));
  }

  agent(...args: readonly string[]): Hecd {
    const own = ["--host-id", "host1", "--state-dir", this.stateDir, "--ttl", "5s"];
    const common = ["--etcd", this.etcd.endpoint, "--advertise", "127.0.0.1", "--listen", "off"];
    const docker = ["--docker", this.docker.url, "--filter", `label=hecd.test=${this.name}`];
    const agent = new Hecd(["agent", ...docker, ...common, ...own, ...args]);
    this.ends(agent);
    return agent;
  }

  /** Has something end with the test. */
  ends(thing: AsyncDisposable): void {
    this.#test.onTestFinished(() => thing[Symbol.asyncDispose]());
  }

  /** The simple keys of this test's containers. */
  keys(): Promise<ReadonlyMap<string, string>> {
    return this.etcd.keys(`/app/${this.name}/`);
  }

  /** Both forms of all containers, as they stand; undefined while one is missing. */
  async registered(containers = 2): Promise<readonly (readonly [string, string])[] | undefined> {
    const records = await this.etcd.keys(`/hecd/v1/services/${this.name}/`);
    const all = [...(await this.keys()), ...records];
    return all.length === 2 * containers ? all : undefined;
  }

  /** How long it takes until all containers are registered as they were. */
  async backAs(before: readonly (readonly [string, string])[], withinMs: number): Promise<number> {
    const began = performance.now();
    await eventually(
      "all keys as they were",
      async () => {
        expect(await this.registered()).toEqual(before);
        return true;
      },
      withinMs,
      50,
    );
    return Math.round(performance.now() - began);
  }

  all(): Promise<readonly (readonly [string, string])[]> {
    return eventually("all containers to be registered", () => this.registered());
  }
}

/** Which of the keys of a host's test an independent client sees change, from now on until it is asked. */
async function watching(host: Host): Promise<() => Promise<readonly string[]>> {
  const { etcd } = host;
  const from = String((await etcd.revision()) + 1);
  const watches = ["/app", "/hecd/v1/services"].map((prefix) => {
    const args = ["--endpoints", etcd.endpoint, "watch", "--prefix", "--rev", from, `${prefix}/`];
    const env = { ...process.env, ETCDCTL_API: "3" };
    const child = spawn(ETCDCTL, args, { stdio: ["ignore", "pipe", "inherit"], env });
    host.ends({
      [Symbol.asyncDispose]: async () => void child.kill("SIGKILL"),
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
    return { end: `${prefix}/the-end`, said: () => said };
  });
  return async () => {
    const seen: string[] = [];
    for (const { end, said } of watches) {
      await etcd.put(end, "");
      await eventually("the watch to see the last change", () => said().includes(end));
      await etcd.ctl("del", end);
      seen.push(...said().split("\n"));
    }
    return seen.filter((line) => line.startsWith("/") && !line.endsWith("/the-end"));
  };
}

function report(what: string, ms: number): void {
  process.stdout.write(`    ${what}: ${ms} ms\n`);
}

describe.concurrent("an agent", () => {
  test("that is killed and started again within its lease changes nothing that a watch could see", async (context) => {
    const host = await Host.start(context, "kill");
    const first = host.agent("--ttl", "30s");
    const before = await host.all();
    const events = await watching(host);
    first.signal("SIGKILL");
    await first.ended();
    const began = performance.now();
    const second = host.agent("--ttl", "30s");
    await second.said(/"adopted":true/);
    report("killed and started again: in charge after", Math.round(performance.now() - began));
    // In charge, and not only there: it registers what is new, and only that.
    await host.web("kill-new", "kill-new");
    await second.said(/"event":"registered".*kill-new/);
    const changed = await events();
    expect(changed.filter((key) => key.includes("/kill-new/"))).toHaveLength(2);
    expect(changed.filter((key) => !key.includes("/kill-new/"))).toEqual([]);
    expect(await host.registered()).toEqual(before);
    expect(second.log).not.toMatch(/claim-held|store-unreachable/);
  });

  test("that was killed waits out the lease where it has no state folder, and says why", async (context) => {
    const host = await Host.start(context, "alone");
    const dir = ["--state-dir", "/dev/null/hecd", "--ttl", `${2 * TTL_MS}ms`]; // the second one has to come within it
    const first = host.agent(...dir);
    await first.said(/Cannot use the state folder \/dev\/null\/hecd/);
    const before = await host.all();
    first.signal("SIGKILL");
    await first.ended();
    const second = host.agent(...dir);
    await second.said(/claim-held/);
    await host.backAs(before, 4 * TTL_MS);
    await second.said(/"adopted":false/);
    expect(second.log.match(/Cannot use the state folder[^\n]*\n/g)).toHaveLength(1);
  });

  test("has all back within one lease time of etcd's return, after several lease times", async (context) => {
    const host = await Host.start(context, "away");
    const agent = host.agent();
    const before = await host.all();
    await host.etcd.kill();
    await agent.said(/session-lost/, 3 * TTL_MS);
    await lasting(2 * TTL_MS);
    await host.etcd.start();
    report("etcd away for three lease times: all back after", await host.backAs(before, TTL_MS));
    await agent.said(/session-opened.*session-opened/s);
  }, 60_000);

  test("has all back within one lease time of its own return, when it was frozen for longer than its lease", async (context) => {
    const host = await Host.start(context, "frozen");
    const agent = host.agent();
    const before = await host.all();
    agent.signal("SIGSTOP");
    await eventually("the keys to vanish", async () => (await host.keys()).size === 0, 3 * TTL_MS);
    agent.signal("SIGCONT");
    report("frozen beyond its lease: all back after", await host.backAs(before, TTL_MS));
    await agent.said(/Stood still for \d+\.\d s, and the lease ends after 5 s of that/);
    expect(agent.log.match(/session-lost/g)).toHaveLength(1);
  }, 60_000);

  test("has all back within one lease time of etcd's return without its data", async (context) => {
    const host = await Host.start(context, "wiped");
    const agent = host.agent("--ttl", "10s");
    const before = await host.all();
    await host.etcd.kill();
    await host.etcd.wipe();
    await host.etcd.start();
    report("etcd wiped: all back after", await host.backAs(before, 10_000));
    await agent.said(/session-lost/);
  }, 60_000);

  test("stops writing while another has its host, and waits for its turn", async (context) => {
    const host = await Host.start(context, "zombie");
    const first = host.agent("--state-dir", "off");
    await host.all();
    const second = host.agent("--state-dir", "off");
    await second.said(/claim-held/);
    first.signal("SIGSTOP");
    await second.said(/session-opened/, 4 * TTL_MS);
    const before = await host.all();
    const events = await watching(host);
    first.signal("SIGCONT");
    await first.said(/session-lost.*claim-held/s);
    await lasting(TTL_MS / 2); // time enough to do harm
    expect(await events()).toEqual([]);
    expect(await host.registered()).toEqual(before);
    expect((await second.stop()).code).toBe(0);
    await first.said(/session-lost.*"adopted":true/s);
    expect(await host.registered()).toEqual(before);
  }, 60_000);
});

describe.concurrent("a second agent of the same host", () => {
  test("says who is there, and takes over at once when that one is killed", async (context) => {
    const host = await Host.start(context, "second");
    const first = host.agent();
    const before = await host.all();
    const second = host.agent();
    await second.said(new RegExp(`claimed by process ${first.pid} on `));
    const events = await watching(host);
    first.signal("SIGKILL");
    await second.said(/"adopted":true/, TTL_MS / 2);
    expect(await events()).toEqual([]);
    expect(await host.registered()).toEqual(before);
  });

  test("ends with 78 when told not to wait: at once beside it, after two lease times elsewhere", async (context) => {
    const host = await Host.start(context, "exit");
    const first = host.agent();
    await host.all();
    const beside = await host.agent("--on-held", "exit").ended();
    expect(beside.code).toBe(78);
    expect(beside.stderr).toMatch(
      new RegExp(`hecd: Cannot have .*agent-host1.sock: .* process ${first.pid} on .*--host-id`),
    );
    const elsewhere = await host.agent("--on-held", "exit", "--state-dir", "off").ended();
    expect(elsewhere.code).toBe(78);
    expect(elsewhere.stderr).toMatch(new RegExp(`Cannot have /hecd/v1/agents/host1: .* process ${first.pid} on `));
  }, 60_000);
});

describe.concurrent("two hosts with a container of the same name", () => {
  test("refuse: the second has the key as soon as the first lets it go", async (context) => {
    const host = await Host.start(context, "names", 1);
    const first = host.agent("--on-exit", "revoke");
    await first.said(/"event":"registered".*names-0/);
    const second = host.agent("--host-id", "host2", "--advertise", "127.0.0.2");
    await second.said(/key-conflict.*names-0/);
    expect(await host.keys()).toEqual(new Map([["/app/names/names-0", expect.stringMatching(/^127\.0\.0\.1:/)]]));
    expect((await host.etcd.keys("/hecd/v1/services/names/")).size).toBe(2);
    expect((await first.stop()).code).toBe(0);
    await eventually(
      "the second to have the key",
      async () => [...(await host.keys()).values()].join().startsWith("127.0.0.2:"),
      1_000,
    );
  });

  test("suffix: both are servers, and registrator's keys, which have the host in them, stay as they are", async (context) => {
    const host = await Host.start(context, "both", 1);
    const layouts = ["--layout", "simple,json,registrator"];
    const first = host.agent(...layouts);
    await first.said(/"event":"registered".*both-0/);
    const second = host.agent("--host-id", "host2", "--advertise", "127.0.0.2", "--on-conflict", "suffix", ...layouts);
    await second.said(/"event":"registered".*both-0\.host2/);
    expect([...(await host.keys()).keys()]).toEqual(["/app/both/both-0", "/app/both/both-0.host2"]);
    const port = await host.docker.port("both-0");
    const all = [...(await host.etcd.keys("/services/"))];
    expect(Object.fromEntries(all.filter(([key]) => key.includes(":both-0:")))).toEqual({
      "/services/both/host1:both-0:8080": `127.0.0.1:${port}`,
      "/services/both/host2:both-0:8080": `127.0.0.2:${port}`,
    });
  });

  test("replace: what a script has left is written over, and the key goes with the container", async (context) => {
    const host = await Host.start(context, "script", 1);
    await host.etcd.put("/app/script/script-0", "192.0.2.9:80");
    const agent = host.agent("--on-conflict", "replace");
    await agent.said(/key-replaced.*192\.0\.2\.9:80/);
    expect([...(await host.keys()).values()]).toEqual([`127.0.0.1:${await host.docker.port("script-0")}`]);
    await host.docker.run("stop", "script-0");
    await eventually("the key to go", async () => (await host.keys()).size === 0);
  });
});
