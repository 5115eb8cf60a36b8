import { describe, expect, test } from "vitest";
import { Agent } from "../../src/agent/agent.js";
import type { HecdEvent } from "../../src/core/events/event.js";
import type { Container } from "../../src/core/model/container.js";
import { DockerContainers } from "../../src/edges/docker/provider.js";
import { SocketProber } from "../../src/edges/host/prober.js";
import { Surroundings } from "../../src/edges/host/vicinity.js";
import { MemoryStore } from "../../src/edges/memory/store.js";
import { systemClock } from "../../src/flow/clock.js";
import { policy } from "../support/containers.js";
import { DockerCli, PrivateDocker } from "../support/docker.js";
import { ENDS_ITS_CONTAINERS, IS_PODMAN, needs, START_PERIOD } from "../support/engine-kind.js";
import { eventually } from "../support/eventually.js";
import { Followed } from "../support/followed.js";
import { SocketProxy } from "../support/socket-proxy.js";

const LABEL = "hecd-test.docker";

/** An agent on a store in memory, with every state that the keys have ever had; disposing it ends both. */
class RecordedAgent implements AsyncDisposable {
  readonly events: HecdEvent[] = [];
  readonly history: Record<string, string>[] = [];
  readonly #ending = new AbortController();
  readonly #agent: Agent;
  readonly #over: Promise<unknown>;

  private constructor(url: string) {
    const emit = (event: HecdEvent): void => void this.events.push(event);
    const { signal } = this.#ending;
    const store = new MemoryStore(emit);
    const surroundings = new Surroundings();
    const connection = { url, tls: false, certPath: undefined };
    this.#agent = new Agent(
      {
        containers: new DockerContainers({ connection }, { clock: systemClock, emit }),
        store,
        vicinity: () => surroundings.look(),
        prober: new SocketProber(systemClock),
        clock: systemClock,
        emit,
        address: async () => "10.0.0.5",
      },
      {
        session: { hostId: "node1", agent: "a", holder: { hostname: "node1", pid: 1, since: "" }, ttlSeconds: 30 },
        ...policy,
        probes: true,
        stopGraceMs: 120_000,
        resyncMs: 30_000,
        onConflict: "refuse",
        onExit: "release",
        ownContainer: undefined,
      },
    );
    const watching = (async () => {
      for await (const { entries } of store.watch(["/app"], signal)) this.history.push(Object.fromEntries(entries));
    })().catch(() => undefined);
    const running = this.#agent.run(signal).catch((error: unknown) => error);
    this.#over = Promise.all([watching, running]);
  }

  /** Starts one on the engine at `url` and resolves when it is ready. */
  static async start(url: string): Promise<RecordedAgent> {
    const recorded = new RecordedAgent(url);
    await eventually("the agent to be ready", () => recorded.#agent.waitingFor.length === 0);
    return recorded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error("the test is over"));
    await this.#over;
  }
}

/** The host's port of what listens at 8080 in a container. */
function hostPortOf(container: Container | undefined): number | undefined {
  const bindings = container?.ports.find(({ port }) => port === 8080)?.bindings;
  return bindings?.find(({ hostIp }) => hostIp === "0.0.0.0")?.hostPort;
}

describe.concurrent("a container on a real Docker engine", () => {
  test("is seen through its whole life", async () => {
    await using cli = new DockerCli();
    await using sight = await Followed.start(cli.url);
    await cli.web("hecd-life", "--label", `${LABEL}=life`, "--label", "hecd.service=shop");
    // The mode that nobody has asked for has two names: "default" in older engines, "bridge" in newer ones.
    const networkMode = await cli.field("hecd-life", "HostConfig.NetworkMode");
    expect(["default", "bridge"]).toContain(networkMode);
    // Podman writes the registry before a name, and the tag behind it.
    const image = IS_PODMAN ? await cli.field("hecd-life", "Config.Image") : "hecd-test/web";
    await sight.sees("hecd-life", { status: "running", health: "none", networkMode, image });
    expect(sight.seen("hecd-life")?.labels).toMatchObject({ "hecd.service": "shop" });
    expect(hostPortOf(sight.seen("hecd-life"))).toBe(await cli.port("hecd-life"));

    await cli.run("pause", "hecd-life");
    await sight.sees("hecd-life", { status: "paused" });
    await cli.run("unpause", "hecd-life");
    await sight.sees("hecd-life", { status: "running" });
    await cli.run("rename", "hecd-life", "hecd-life-2");
    await sight.sees("hecd-life-2", { status: "running" });
    expect(sight.seen("hecd-life")).toBeUndefined();

    const before = sight.seen("hecd-life-2")?.startedAt;
    await cli.run("restart", "-t", "1", "hecd-life-2");
    await eventually("the new port", async () => {
      expect(sight.seen("hecd-life-2")).toMatchObject({ status: "running" });
      expect(sight.seen("hecd-life-2")?.startedAt).not.toBe(before);
      expect(hostPortOf(sight.seen("hecd-life-2"))).toBe(await cli.port("hecd-life-2"));
      return true;
    });

    await cli.run("stop", "-t", "1", "hecd-life-2");
    await sight.sees("hecd-life-2", { status: "exited" });
    await cli.run("start", "hecd-life-2");
    await sight.sees("hecd-life-2", { status: "running" });
    await cli.run("kill", "hecd-life-2");
    await sight.sees("hecd-life-2", { status: "exited" });
    await cli.run("start", "hecd-life-2");
    await sight.sees("hecd-life-2", { status: "running" });
    await cli.run("rm", "-f", "hecd-life-2");
    await sight.sees("hecd-life-2", undefined);
  });

  test("is seen to become healthy and unhealthy, and its probes make no noise", async () => {
    await using cli = new DockerCli();
    await using sight = await Followed.start(cli.url);
    const { events } = sight;
    const probe = ["--health-cmd", "test -e /tmp/well", "--health-interval", "200ms", "--health-retries", "2"];
    await cli.web("hecd-health", "--health-start-period", START_PERIOD, ...probe);
    await sight.sees("hecd-health", { status: "running", health: "starting" });
    await cli.run("exec", "hecd-health", "touch", "/tmp/well");
    await sight.sees("hecd-health", { health: "healthy" });
    await cli.run("exec", "hecd-health", "rm", "/tmp/well");
    await sight.sees("hecd-health", { health: "unhealthy" });
    const actions = events.flatMap((event) => (event.kind === "docker-event" ? [event.action] : []));
    expect(actions.filter((action) => action.startsWith("exec"))).toEqual([]);
  });

  test("is seen with all its ports, and without any when it has no network", async () => {
    await using cli = new DockerCli();
    await using sight = await Followed.start(cli.url);
    await cli.web("hecd-ports", "-p", "127.0.0.1::9090", "-p", "5353/udp");
    await sight.sees("hecd-ports", { status: "running" });
    expect(sight.seen("hecd-ports")?.ports).toMatchObject([
      { port: 5353, protocol: "udp" },
      { port: 8080, protocol: "tcp" },
      { port: 9090, protocol: "tcp", bindings: [{ hostIp: "127.0.0.1" }] },
    ]);
    await cli.web("hecd-none", "--network", "none");
    // Podman does not say there what the image exposes.
    const ports = IS_PODMAN ? [] : [{ port: 8080, protocol: "tcp" as const, bindings: [] }];
    await sight.sees("hecd-none", { networkMode: "none", ports });
  });

  test("may have labels of a hundred thousand characters, in several containers at once", async () => {
    await using cli = new DockerCli();
    await using sight = await Followed.start(cli.url);
    const { events } = sight;
    const big = `${LABEL}=${"ä".repeat(50_000)}`;
    await Promise.all(["1", "2", "3"].map((n) => cli.web(`hecd-big-${n}`, "--label", big)));
    for (const n of ["1", "2", "3"]) await sight.sees(`hecd-big-${n}`, { status: "running" });
    expect(events.some((event) => event.kind === "docker-event" && event.action === "unreadable")).toBe(false);
  });
});

describe.concurrent("a connection to Docker", () => {
  const target = "/var/run/docker.sock";

  test("that falls silent while new ones work is replaced within 15 seconds, and no key is lost", async () => {
    await using cli = new DockerCli();
    await using proxy = await SocketProxy.start(target);
    await using agent = await RecordedAgent.start(`unix://${proxy.path}`);
    const { history } = agent;
    await cli.web("hecd-silent-1");
    await eventually("the key", () => history.at(-1)?.["/app/servers/hecd-silent-1"] !== undefined);
    proxy.silence("pass");
    const begunAt = performance.now();
    const mark = history.length;
    await cli.web("hecd-silent-2");
    await eventually("the second key", () => history.at(-1)?.["/app/servers/hecd-silent-2"] !== undefined, 15_000);
    expect(performance.now() - begunAt).toBeLessThan(15_000);
    for (const keys of history.slice(mark)) expect(keys).toHaveProperty("/app/servers/hecd-silent-1");
  });

  test("that falls silent altogether is given up, told of, and made again within 15 seconds of its return", async () => {
    await using cli = new DockerCli();
    await using proxy = await SocketProxy.start(target);
    await using agent = await RecordedAgent.start(`unix://${proxy.path}`);
    const { history, events } = agent;
    await cli.web("hecd-dark-1");
    await eventually("the key", () => history.at(-1)?.["/app/servers/hecd-dark-1"] !== undefined);
    proxy.silence();
    const mark = history.length;
    await cli.web("hecd-dark-2");
    await eventually("the outage", () => events.some(({ kind }) => kind === "docker-unreachable"), 15_000);
    proxy.heal();
    await eventually("the second key", () => history.at(-1)?.["/app/servers/hecd-dark-2"] !== undefined, 15_000);
    for (const keys of history.slice(mark)) expect(keys).toHaveProperty("/app/servers/hecd-dark-1");
  });

  test("that is cut again and again misses nothing", async () => {
    await using cli = new DockerCli();
    await using proxy = await SocketProxy.start(target);
    await using sight = await Followed.start(`unix://${proxy.path}`);
    await cli.web("hecd-cut");
    for (let round = 0; round < 5; round++) {
      proxy.cut();
      await cli.run(round % 2 === 0 ? "pause" : "unpause", "hecd-cut");
      await sight.sees("hecd-cut", { status: round % 2 === 0 ? "paused" : "running" });
    }
    await cli.run("unpause", "hecd-cut");
  });
});

describe.concurrent("a Docker engine that is restarted under the agent", () => {
  test("takes no key away when its containers live on, health included, and serves on", async () => {
    await using docker = await PrivateDocker.start("--live-restore");
    await using inside = new DockerCli(docker.url);
    await using agent = await RecordedAgent.start(docker.url);
    const { history, events } = agent;
    await inside.web("plain");
    await inside.web("probed", "--health-cmd", "true", "--health-interval", "3s");
    const both = ["/app/servers/plain", "/app/servers/probed"];
    await eventually("both keys", () => {
      expect(Object.keys(history.at(-1) ?? {})).toEqual(both);
      return true;
    });
    for (const how of ["SIGTERM", "SIGKILL"] as const) {
      const mark = history.length;
      await docker.stopEngine(how);
      await eventually("the outage", () => events.some(({ kind }) => kind === "docker-unreachable"));
      await docker.startEngine();
      const backAt = performance.now();
      await inside.web(`after-${how}`);
      await eventually("a key of the new time", () => history.at(-1)?.[`/app/servers/after-${how}`], 15_000);
      expect(performance.now() - backAt).toBeLessThan(15_000);
      for (const keys of history.slice(mark - 1)) expect(Object.keys(keys)).toEqual(expect.arrayContaining(both));
      events.length = 0;
    }
  });

  test("brings containers back at their new ports when they ended with it", async (context) => {
    needs(context, ENDS_ITS_CONTAINERS);
    await using docker = await PrivateDocker.start();
    await using inside = new DockerCli(docker.url);
    await using agent = await RecordedAgent.start(docker.url);
    const { history } = agent;
    await inside.web("always", "--restart", "always");
    await inside.web("once");
    await eventually("both keys", () => Object.keys(history.at(-1) ?? {}).length === 2);
    await docker.stopEngine();
    await docker.startEngine();
    const backAt = performance.now();
    await eventually(
      "the state of the engine",
      async () => {
        const port = await inside.port("always");
        expect(history.at(-1)).toEqual({ "/app/servers/always": `10.0.0.5:${port}` });
        return true;
      },
      15_000,
    );
    expect(performance.now() - backAt).toBeLessThan(15_000);
  });
});
