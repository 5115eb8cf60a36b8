import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { type Instance, parseInstance } from "../../src/core/model/instance.js";
import { simpleKey } from "../../src/core/model/keys.js";
import { entriesFor } from "../../src/core/model/layouts.js";
import type { Write } from "../../src/core/registry/plan.js";
import { openEtcd } from "../../src/edges/etcd/store.js";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { systemClock } from "../../src/flow/clock.js";
import type { Session, Store } from "../../src/ports.js";
import { eventually, staysFor } from "../support/eventually.js";
import { Line } from "../support/line.js";
import { record } from "../support/records.js";

const { signal } = new AbortController();
const LAYOUTS = { prefix: "/app/servers", registratorPrefix: "/services", layouts: ["simple", "json"] } as const;

/** An agent without an engine: the session of a host, by which servers are registered as containers would be. */
class Host implements AsyncDisposable {
  readonly #store: Store;
  readonly #name: string;
  readonly session: Session;

  private constructor(store: Store, name: string, session: Session) {
    this.#store = store;
    this.#name = name;
    this.session = session;
  }

  static async start(endpoint: string, name: string, ttlSeconds = 30): Promise<Host> {
    const store = await openEtcd({ endpoints: [endpoint] }, { clock: systemClock, emit: () => undefined });
    const holder = { hostname: name, pid: 1, since: "2026-01-01T00:00:00Z" };
    return new Host(store, name, await store.openSession({ hostId: name, agent: name, holder, ttlSeconds }, signal));
  }

  async add(service: string, ...servers: readonly string[]): Promise<void> {
    await this.session.apply(
      servers.map((server) => this.#entriesOf(service, server).map(([key, value]) => ({ kind: "put", key, value }))),
      signal,
    );
  }

  /** What an agent does when a container has ended. */
  async end(service: string, ...servers: readonly string[]): Promise<void> {
    await this.session.apply(
      servers.map((server) => this.#entriesOf(service, server).map(([key]) => ({ kind: "delete", key }))),
      signal,
    );
  }

  /** What an agent does when a container is paused or told to end. */
  async drain(service: string, server: string, state: "maint" | "draining"): Promise<void> {
    const writes = entriesFor(this.#instanceOf(service, server, state), LAYOUTS).map(([key, value]): Write => ({
      kind: "put",
      key,
      value,
    }));
    const key = simpleKey(LAYOUTS.prefix, service, server);
    await this.session.apply([[...writes, { kind: "delete", key }]], signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }

  #entriesOf(service: string, server: string) {
    return entriesFor(this.#instanceOf(service, server, "up"), LAYOUTS);
  }

  #instanceOf(service: string, name: string, state: Instance["state"]): Instance {
    const port = 20_000 + (Number(name.split("-").at(-1)) || 0);
    const instance = parseInstance(record({ name, service, host: this.#name, port, state })[1]);
    if ("refused" in instance) throw new Error(instance.refused);
    return instance;
  }
}

/** How many servers of each backend serve, those with none among them. */
async function serving({ haproxy }: Line): Promise<Readonly<Record<string, number>>> {
  const state = await askSocket(haproxy.masterSocket, "@1 show servers state;@1 show backend", signal);
  const counts: Record<string, number> = {};
  for (const row of (state ?? "").split("\n")) {
    if (/^[a-z]+$/.test(row) && row !== "MASTER") counts[row] ??= 0;
    const [, backend = "", admin] = /^\d+ (\S+) \d+ \S+ \S+ \d+ (\d+) /.exec(row) ?? [];
    if (admin !== undefined) counts[backend] = (counts[backend] ?? 0) + ((Number(admin) & 1) === 0 ? 1 : 0);
  }
  return counts;
}

/** The time until a backend has so many servers that serve, in milliseconds. */
async function timeUntil(line: Line, backend: string, count: number): Promise<number> {
  const begunAt = performance.now();
  await eventually(`${count} servers of ${backend}`, async () => (await serving(line))[backend] === count, 20_000, 2);
  return performance.now() - begunAt;
}

const names = (service: string, count: number, from = 1): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${service}-${n + from}`);

describe("what an agent takes away that lives", () => {
  test.each(["maint", "draining"] as const)("is believed at once where it is the last server (%s)", async (state) => {
    await using line = await Line.start({ removalGrace: "10s", removalReloadDelay: "30s" });
    await using host = await Host.start(line.etcd.endpoint, "host1");
    line.renderer();
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      await host.add("web", "web-1");
      await timeUntil(line, "web", 1);
      await eventually("file", async () => (await readFile(line.haproxy.configPath, "utf8")).includes("server web-1"));
      await host.drain("web", "web-1", state);
      times.push(await timeUntil(line, "web", 0));
    }
    console.log(`${state}: ${times.map(Math.round).join(", ")} ms`);
    expect(Math.min(...times)).toBeLessThan(100);
    expect(Math.max(...times)).toBeLessThan(1_000);
  });

  test("is believed at once where it is all servers of a service, which is scaled to none", async () => {
    await using line = await Line.start({ removalGrace: "10s", removalReloadDelay: "30s" });
    await using host = await Host.start(line.etcd.endpoint, "host1");
    line.renderer();
    await host.add("web", ...names("web", 5));
    await timeUntil(line, "web", 5);
    await host.end("web", ...names("web", 5));
    const tookMs = await timeUntil(line, "web", 0);
    console.log(`scaled to none: ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(1_000);
  });

  test("costs no reload where the service comes back, and one where it stays away", async () => {
    await using line = await Line.start({ removalGrace: "10s", removalReloadDelay: "3s" });
    await using host = await Host.start(line.etcd.endpoint, "host1");
    line.renderer();
    await host.add("web", "web-1");
    await host.add("api", "api-1");
    await timeUntil(line, "web", 1);
    await timeUntil(line, "api", 1);
    const before = await line.haproxy.reloads();
    for (let restart = 2; restart < 6; restart++) {
      await host.end("web", `web-${restart - 1}`);
      await timeUntil(line, "web", 0);
      await host.add("web", `web-${restart}`);
      await timeUntil(line, "web", 1);
    }
    expect(await line.haproxy.reloads()).toBe(before);
    await host.end("web", "web-5");
    await timeUntil(line, "web", 0);
    await eventually("file", async () => !(await readFile(line.haproxy.configPath, "utf8")).includes("server web-"));
    expect(await readFile(line.haproxy.configPath, "utf8")).toContain("backend web");
    await eventually("the reload", async () => !("web" in (await serving(line))), 10_000);
    expect(await line.haproxy.reloads()).toBe(before + 1);
    expect(await readFile(line.haproxy.configPath, "utf8")).not.toContain("backend web");
  });
});

describe.concurrent("what nobody meant", () => {
  test("is held where a host with most servers of a service is gone, and that service alone", async () => {
    await using line = await Line.start({ removalGrace: "3s", removalReloadDelay: "30s" });
    await using host1 = await Host.start(line.etcd.endpoint, "host1");
    await using host2 = await Host.start(line.etcd.endpoint, "host2");
    line.renderer();
    await host1.add("web", ...names("web", 6));
    await host2.add("web", ...names("web", 4, 11));
    await host1.add("api", "api-1");
    await host2.add("api", ...names("api", 4, 11));
    await timeUntil(line, "web", 10);
    await timeUntil(line, "api", 5);
    await host1.session.close("revoke", signal); // all that hung on the lease ends, its claim among it
    const begunAt = performance.now();
    await timeUntil(line, "api", 4); // one of five is no more than happens
    await host2.add("api", "api-20");
    expect(await timeUntil(line, "api", 5)).toBeLessThan(1_000);
    await host2.end("api", ...names("api", 4, 11), "api-20");
    expect(await timeUntil(line, "api", 0)).toBeLessThan(1_000);
    await staysFor("ten servers", 2_000, async () => (await serving(line))["web"] === 10);
    await timeUntil(line, "web", 4);
    expect(performance.now() - begunAt).toBeGreaterThan(2_900);
  });

  test("is held where etcd has lost its data", async () => {
    await using line = await Line.start({ removalGrace: "3s", removalReloadDelay: "30s" });
    await using host = await Host.start(line.etcd.endpoint, "host1");
    line.renderer();
    await host.add("web", ...names("web", 2));
    await timeUntil(line, "web", 2);
    await line.etcd.kill();
    await line.etcd.wipe();
    const begunAt = performance.now(); // an etcdctl that finds nobody tries again after 1 s: the renderer may see it first
    await line.etcd.start();
    expect([...(await line.etcd.keys("/app")).keys()]).toEqual([]);
    await timeUntil(line, "web", 0);
    expect(performance.now() - begunAt).toBeGreaterThan(2_900);
  });

  test("is held where somebody deletes keys of an agent whose records still say that they serve", async () => {
    await using line = await Line.start({ removalGrace: "3s" });
    await writeFile(
      `${line.confdir}/templates/haproxy.cfg.hbs`,
      `defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
listen web
  bind 127.0.0.1:${line.port}
{{#each (gets "/app/web/*")}}
  server {{base key}} {{value}}
{{/each}}
`,
    );
    await using host = await Host.start(line.etcd.endpoint, "host1");
    line.renderer();
    await host.add("web", ...names("web", 2));
    await timeUntil(line, "web", 2);
    await line.etcd.ctl("del", "--prefix", "/app");
    await staysFor("two servers", 2_500, async () => (await serving(line))["web"] === 2);
    await timeUntil(line, "web", 0);
  });
});
