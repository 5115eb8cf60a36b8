import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Agent, type AgentSettings } from "../../src/agent/agent.js";
import type { HecdEvent } from "../../src/core/events/event.js";
import type { EnginePlace } from "../../src/core/host/vicinity.js";
import type { Container } from "../../src/core/model/container.js";
import type { Unseen } from "../../src/core/model/unseen.js";
import { MemoryStore } from "../../src/edges/memory/store.js";
import { Notifier } from "../../src/flow/notifier.js";
import type { Containers, EngineState, Prober, ProbeTarget, ProbeVerdict } from "../../src/ports.js";
import { container, inNetwork, policy, published, TOLD_TO_STOP, vicinity } from "../support/containers.js";
import { ManualClock, settled } from "../support/manual-clock.js";
import { someClock, UNTIMELY } from "../support/untimely.js";

/** A Docker engine that shows what the test tells it to. */
class FakeContainers implements Containers {
  connected = false;
  place: EnginePlace = "here";
  heardAt: number | undefined;
  unseen: readonly Unseen[] = [];
  /** How often it was asked to be followed. */
  watches = 0;
  #state: readonly Container[] | undefined;
  readonly #news = new Notifier();

  show(state: readonly Container[]): void {
    this.#state = state;
    this.#news.notify();
  }

  async *watch(signal: AbortSignal): AsyncGenerator<EngineState, never, undefined> {
    this.watches += 1;
    for (;;) {
      await this.#news.wait(signal);
      this.connected = true;
      if (this.#state) yield { containers: this.#state, unseen: this.unseen, heardAt: this.heardAt };
    }
  }
}

/** Finds what the test tells it to; everything listens until then. */
class FakeProber implements Prober {
  verdict: ProbeVerdict = "passed";
  readonly asked: string[] = [];

  async probe({ ip, port }: ProbeTarget): Promise<ProbeVerdict> {
    this.asked.push(`${ip}:${port}`);
    return this.verdict;
  }
}

class World implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly events: HecdEvent[] = [];
  readonly docker = new FakeContainers();
  readonly store: MemoryStore;
  readonly agent: Agent;
  readonly prober = new FakeProber();
  address: string | undefined | Promise<string> = "10.0.0.5";
  readonly #ending = new AbortController();
  readonly #over: Promise<unknown>;

  constructor(changes: Partial<AgentSettings> = {}, store?: MemoryStore, clock = new ManualClock()) {
    this.clock = clock;
    const emit = (event: HecdEvent): void => void this.events.push(event);
    this.store = store ?? new MemoryStore(emit);
    const parts = {
      containers: this.docker,
      store: this.store,
      clock: this.clock,
      emit,
      address: async () => this.address,
      prober: this.prober,
      vicinity: () => vicinity,
    };
    const session = {
      hostId: "node1",
      agent: `agent-${Math.random()}`,
      holder: { hostname: "node1", pid: 1, since: "2026-01-01T00:00:00Z" },
      ttlSeconds: 30,
    };
    this.agent = new Agent(parts, {
      session,
      ...policy,
      probes: true,
      stopGraceMs: 120_000,
      resyncMs: 30_000,
      onConflict: "refuse",
      onExit: "release",
      ownContainer: undefined,
      ...changes,
    });
    this.#over = this.agent.run(this.#ending.signal).catch((error: unknown) => error);
  }

  async show(...containers: readonly Container[]): Promise<void> {
    this.docker.show(containers);
    await settled();
  }

  /** The simple keys, as they stand in the store. */
  async keys(prefix = "/app"): Promise<Record<string, string>> {
    await settled();
    const { entries } = await this.store.read([prefix], new AbortController().signal);
    return Object.fromEntries(entries);
  }

  /** What was told of these kinds since the last time. */
  told(...kinds: readonly HecdEvent["kind"][]): readonly string[] {
    const events = this.events.splice(0).filter(({ kind }) => kinds.includes(kind));
    return events.map((event) => {
      const what = "key" in event ? event.key : "container" in event ? event.container : "";
      return `${event.kind} ${what}${"reason" in event ? ` ${event.reason}` : ""}`;
    });
  }

  async end(): Promise<unknown> {
    this.#ending.abort(new Error("stopped"));
    return this.#over;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    expect(this.clock.pending, "timers left").toBe(0);
  }
}

/** Of the container web1. */
const RECORD = "/hecd/v1/services/servers/node1:web1:8080";

describe("the agent", () => {
  test("registers what runs, by a simple key and a record, and takes away what has ended", async () => {
    await using world = new World();
    await world.show(container("web1"), container("web2", { ports: [published(8080, 32_769)] }));
    expect(await world.keys()).toEqual({
      "/app/servers/web1": "10.0.0.5:32768",
      "/app/servers/web2": "10.0.0.5:32769",
    });
    expect(Object.keys(await world.keys("/hecd/v1/services"))).toEqual([
      "/hecd/v1/services/servers/node1:web1:8080",
      "/hecd/v1/services/servers/node1:web2:8080",
    ]);
    await world.show(container("web1"), container("web2", { status: "exited", ports: [] }));
    expect(await world.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
    expect(Object.keys(await world.keys("/hecd/v1/services"))).toHaveLength(1);
    expect(world.told("registered", "deregistered")).toEqual([
      "registered /app/servers/web1",
      "registered /app/servers/web2",
      "deregistered /app/servers/web2",
    ]);
  });

  test("follows a rename, a pause and a new port", async () => {
    await using world = new World();
    const web = container("web1");
    await world.show(web);
    await world.show({ ...web, name: "web9" });
    expect(await world.keys()).toEqual({ "/app/servers/web9": "10.0.0.5:32768" });
    await world.show({ ...web, name: "web9", status: "paused" });
    expect(await world.keys()).toEqual({});
    await world.show({ ...web, name: "web9", ports: [published(8080, 40_000)] });
    expect(await world.keys()).toEqual({ "/app/servers/web9": "10.0.0.5:40000" });
  });

  test("registers a container when it listens and not before, by its own address and port", async () => {
    await using world = new World();
    world.prober.verdict = "refused";
    await world.show(container("web1"));
    await world.clock.advance(100);
    expect(await world.keys()).toEqual({});
    expect(new Set(world.prober.asked)).toEqual(new Set(["172.17.0.2:8080"]));
    expect(world.told("skipped")).toEqual([]);
    await world.clock.advance(11_000);
    expect(world.told("probe-waits")).toEqual(["probe-waits web1"]);
    world.prober.verdict = "passed";
    await world.clock.advance(1_000);
    expect(await world.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
  });

  test("probes also what was there before it knew its own address", async () => {
    await using world = new World();
    let answer: (ip: string) => void = () => undefined;
    world.address = new Promise((resolve) => {
      answer = resolve;
    });
    world.prober.verdict = "refused";
    await world.show(container("web1"));
    answer("10.0.0.5");
    expect(await world.keys()).toEqual({});
    world.prober.verdict = "passed";
    await world.clock.advance(100);
    expect(await world.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
  });

  test("keeps a container that gets another address, and checks it there from then on", async () => {
    await using world = new World();
    const web = container("web1");
    await world.show(web);
    world.prober.verdict = "refused";
    await world.show({ ...web, networks: { other: inNetwork("172.18.0.2") } });
    expect(world.prober.asked.at(-1)).toBe("172.18.0.2:8080");
    expect(Object.keys(await world.keys())).toHaveLength(1);
    await world.clock.advance(11_000);
    expect(await world.keys()).toEqual({});
  });

  test("takes the simple key of a container that is being stopped or paused, and leaves the record to say so", async () => {
    await using world = new World();
    const web = container("web1");
    const state = async () => JSON.parse((await world.keys("/hecd/v1/services"))[RECORD] ?? "{}") as unknown;
    await world.show(web);
    expect(await state()).toMatchObject({ state: "up" });
    await world.show({ ...web, stopping: TOLD_TO_STOP });
    expect(await world.keys()).toEqual({});
    expect(await state()).toMatchObject({ state: "draining" });
    await world.show({ ...web, status: "paused" });
    expect(await state()).toMatchObject({ state: "maint" });
  });

  test("drains a container on order until it is undrained or starts anew", async () => {
    await using world = new World();
    const web = container("web1");
    await world.show(web);
    expect([world.agent.drain("web1"), world.agent.drain("web2")]).toEqual(["drained", "unknown"]);
    expect(await world.keys()).toEqual({});
    expect(JSON.parse((await world.keys("/hecd/v1/services"))[RECORD] ?? "{}")).toMatchObject({ drained: true });
    expect(world.agent.undrain(web.id)).toBe("undrained");
    expect(Object.keys(await world.keys())).toHaveLength(1);
    world.agent.drain("web1");
    await world.show({ ...web, startedAt: "2026-02-02T03:04:05Z" });
    expect(Object.keys(await world.keys())).toHaveLength(1);
  });

  test("has a service in maintenance on order, with containers that start later, for the next agent too", async () => {
    await using world = new World();
    const [one, two] = [container("web1"), container("web2", { ports: [published(8080, 32_769)] })];
    await world.show(one);
    expect(world.agent.drainService("shop")).toBe("unknown");
    expect(world.agent.drainService("servers")).toBe("in maintenance");
    await world.show({ ...one, startedAt: "2026-02-02T03:04:05Z" }, two);
    const records = async (of: World) =>
      Object.values(await of.keys("/hecd/v1/services")).map((text) => JSON.parse(text) as unknown);
    const closed = { state: "draining", maintenance: true };
    expect([await world.keys(), await records(world)]).toMatchObject([{}, [closed, closed]]);
    await world.end();
    await using next = new World({}, world.store);
    await next.show({ ...one, startedAt: "2026-03-02T03:04:05Z" }, two);
    expect([await next.keys(), await records(next)]).toMatchObject([{}, [closed, closed]]);
    expect([next.agent.undrainService("servers"), next.agent.undrainService("shop")]).toEqual([
      "in service",
      "unknown",
    ]);
    expect(Object.keys(await next.keys())).toHaveLength(2);
  });

  test("believes what an earlier agent has registered and drained, without a probe and without a write", async () => {
    await using world = new World();
    const two = container("web2", { ports: [published(8080, 32_769)] });
    await world.show(container("web1"), two);
    world.agent.drain("web2");
    await settled();
    await world.end();
    const { revision } = await world.store.read(["/hecd/v1/services", "/app"], new AbortController().signal);
    await using next = new World({}, world.store);
    next.prober.verdict = "refused";
    await next.show(container("web1"), two);
    expect(await next.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
    expect(next.told("registered", "deregistered")).toEqual([]);
    expect(revision).toBeGreaterThan(0n);
  });

  test("keeps a container out that crashes over and over, until it has stayed up", async () => {
    await using world = new World();
    const web = container("web1");
    await world.show(web);
    for (let crash = 1; crash <= 3; crash++) {
      await world.show({ ...web, startedAt: `2026-02-02T03:04:0${crash}Z`, restartCount: crash });
    }
    expect(await world.keys()).toEqual({});
    await world.clock.advance(9_999);
    expect(await world.keys()).toEqual({});
    await world.clock.advance(1);
    expect(Object.keys(await world.keys())).toEqual(["/app/servers/web1"]);
  });

  test("writes nothing when nothing has changed", async () => {
    await using world = new World();
    await world.show(container("web1"));
    const { revision } = await world.store.read(["/"], new AbortController().signal);
    await world.show(container("web1"));
    await world.clock.advance(120_000);
    expect((await world.store.read(["/"], new AbortController().signal)).revision).toBe(revision);
  });

  test("leaves what it holds of a container that cannot be looked at, and tells why once", async () => {
    await using world = new World();
    const [web1, web2] = [container("web1"), container("web2", { ports: [published(8080, 32_769)] })];
    await world.show(web1, web2);
    const keys = await world.keys("/");
    const because = { reason: "no-answer", advice: "Docker does not answer" } as const;
    world.docker.unseen = [{ id: web1.id, name: "web1", isUp: true, because }];
    world.told();
    await world.show(web2); // as an agent knows it that has just been started
    await world.show(web2);
    expect(await world.keys("/")).toEqual(keys);
    expect(world.agent.state.containers).toContainEqual({ name: "web1", id: web1.id, decision: because });
    expect(world.told("skipped", "deregistered")).toEqual(["skipped web1 no-answer"]);
    world.docker.unseen = [];
    await world.show(web2);
    expect(await world.keys()).toEqual({ "/app/servers/web2": "10.0.0.5:32769" });
  });

  test("registers everything anew when its lease was lost, without asking Docker again", async () => {
    await using world = new World();
    await world.show(container("web1"));
    world.store.expireSessions();
    expect(await world.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
    expect(world.docker.watches).toBe(1);
    expect(world.told("session-opened", "registered")).toHaveLength(4);
  });

  test("puts back what somebody else has deleted, within one period", async () => {
    await using world = new World();
    await world.show(container("web1"));
    world.store.delete("/app/servers/web1");
    expect(await world.keys()).toEqual({});
    await world.clock.advance(30_000);
    expect(await world.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
  });

  test("audits in time also when Docker never rests", async () => {
    await using world = new World();
    await world.show(container("web1"));
    world.store.delete("/app/servers/web1");
    for (let second = 0; second < 31; second++) {
      await world.show(container("web1"), container(`busy${second}`));
      await world.clock.advance(1_000);
    }
    expect(await world.keys()).toHaveProperty("/app/servers/web1");
  });

  test("audits in time whether timers wake early or late", async () => {
    await fc.assert(
      fc.asyncProperty(someClock, async (clock) => {
        await using world = new World({}, undefined, clock);
        await world.show(container("web1"));
        for (let audit = 0; audit < 3; audit++) {
          world.store.delete("/app/servers/web1");
          await clock.advance(30_000 + 2 * UNTIMELY.lateMs);
          expect(await world.keys()).toHaveProperty("/app/servers/web1");
        }
      }),
      { numRuns: 20 },
    );
  });

  test("serves a container again after a stop that it has outlived, and knows of the stop after a restart", async () => {
    await using first = new World({ stopGraceMs: 60_000 });
    const told = container("web1", { stopping: TOLD_TO_STOP });
    await first.show(container("web1"));
    await first.show(told);
    expect(await first.keys()).toEqual({});
    expect(JSON.parse((await first.keys("/hecd/v1/services"))[RECORD] ?? "{}")).toMatchObject({ stopping: true });
    await first.end();
    await using next = new World({ stopGraceMs: 60_000 }, first.store);
    await next.show(container("web1"));
    expect(await next.keys()).toEqual({});
    await next.clock.advance(68_999);
    expect(await next.keys()).toEqual({});
    await next.clock.advance(1);
    expect(Object.keys(await next.keys())).toHaveLength(1);
    expect(JSON.parse((await next.keys("/hecd/v1/services"))[RECORD] ?? "{}")).not.toHaveProperty("stopping");
    expect(next.told("stop-outlived")).toEqual(["stop-outlived web1"]);
  });

  test("undrains a container that was told to stop once its grace is over", async () => {
    await using world = new World({ stopGraceMs: 60_000 });
    world.prober.verdict = "refused";
    const told = container("web1", { health: "healthy", stopping: TOLD_TO_STOP });
    await world.show(told);
    world.agent.undrain("web1");
    expect(await world.keys()).toEqual({});
    await world.clock.advance(60_000);
    world.agent.undrain("web1");
    expect(Object.keys(await world.keys())).toHaveLength(1);
  });

  test("never takes a key that is somebody else's, says so once, and has it when it becomes free", async () => {
    await using world = new World();
    world.store.put("/app/servers/web1", "192.0.2.99:80");
    await world.show(container("web1"));
    await world.clock.advance(60_000);
    expect(await world.keys()).toEqual({ "/app/servers/web1": "192.0.2.99:80" });
    expect(Object.keys(await world.keys("/hecd/v1/services"))).toHaveLength(1);
    expect(world.told("key-conflict", "registered")).toEqual(["key-conflict /app/servers/web1"]);
    expect(world.agent.state.conflicts).toMatchObject([{ key: "/app/servers/web1", held: "192.0.2.99:80" }]);
    world.store.delete("/app/servers/web1");
    expect(await world.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
    expect(world.agent.state.conflicts).toEqual([]);
  });

  test("leaves a key to whoever wrote the same into it, and writes its own when that one goes", async () => {
    await using world = new World();
    world.store.put("/app/servers/web1", "10.0.0.5:32768");
    await world.show(container("web1"));
    const contested = (): unknown => world.events.findLast(({ kind }) => kind === "contested");
    expect(contested()).toMatchObject({ agreeing: 1, differing: 0 });
    expect(world.agent.state.registered).not.toHaveProperty("/app/servers/web1");
    world.store.delete("/app/servers/web1");
    expect(await world.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
    expect(contested()).toMatchObject({ agreeing: 0, differing: 0 });
    expect(world.told("key-conflict", "registered")).toEqual(["registered /app/servers/web1"]);
  });

  test("minds the keys of others with its next lease, too", async () => {
    await using world = new World();
    world.store.put("/app/servers/web1", "192.0.2.99:80");
    await world.show(container("web1"));
    world.store.expireSessions();
    await settled();
    world.store.delete("/app/servers/web1");
    expect(await world.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
  });

  test("registers beside a key of somebody else by another name, and keeps that, when told to", async () => {
    await using world = new World({ onConflict: "suffix" });
    world.store.put("/app/servers/web1", "192.0.2.99:80");
    await world.show(container("web1"));
    const both = { "/app/servers/web1": "192.0.2.99:80", "/app/servers/web1.node1": "10.0.0.5:32768" };
    expect(await world.keys()).toEqual(both);
    const [record = ""] = Object.values(await world.keys("/hecd/v1/services"));
    expect(JSON.parse(record)).toMatchObject({ id: "node1:web1:8080", name: "web1.node1" });
    expect(world.told("key-conflict", "registered")).toEqual([
      "registered /app/servers/web1.node1",
      "key-conflict /app/servers/web1",
    ]);
    const { revision } = await world.store.read(["/"], new AbortController().signal);
    await world.clock.advance(60_000);
    expect((await world.store.read(["/"], new AbortController().signal)).revision).toBe(revision);
    world.store.delete("/app/servers/web1");
    await world.clock.advance(60_000);
    expect(await world.keys()).toEqual({ "/app/servers/web1.node1": "10.0.0.5:32768" });
    await world.show();
    expect(await world.keys()).toEqual({});
    await world.show(container("web1"));
    expect(await world.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
  });

  test("writes over a key that nobody keeps alive, and tells what it held, when told to", async () => {
    await using world = new World({ onConflict: "replace" });
    world.store.put("/app/servers/web1", "192.0.2.99:80");
    await world.show(container("web1"));
    expect(await world.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
    expect(world.events.find(({ kind }) => kind === "key-replaced")).toMatchObject({ held: "192.0.2.99:80" });
    expect(world.told("key-conflict", "registered")).toEqual(["registered /app/servers/web1"]);
    await world.show();
    expect(await world.keys()).toEqual({});
  });

  test.each(["refuse", "suffix", "replace"] as const)(
    "comes to rest beside another agent with a container of the same name (%s)",
    async (onConflict) => {
      await using first = new World({ onConflict });
      await first.show(container("web1"));
      const holder = { hostname: "node2", pid: 2, since: "2026-01-01T00:00:00Z" };
      const session = { hostId: "node2", agent: "another", holder, ttlSeconds: 30 };
      await using second = new World({ onConflict, session }, first.store);
      second.address = "10.0.0.6";
      await second.show(container("web1"));
      const expected = { "/app/servers/web1": "10.0.0.5:32768" };
      const beside = onConflict === "suffix" ? { "/app/servers/web1.node2": "10.0.0.6:32768" } : {};
      expect(await first.keys()).toEqual({ ...expected, ...beside });
      const { revision } = await first.store.read(["/"], new AbortController().signal);
      for (const { clock } of [first, second, first, second]) await clock.advance(60_000);
      expect((await first.store.read(["/"], new AbortController().signal)).revision).toBe(revision);
    },
  );

  test("tells why a container is left out, and again only when the reason is another", async () => {
    await using world = new World();
    const hidden = container("hidden", { ports: [] });
    await world.show(hidden, container("gone", { status: "exited" }));
    await world.show(hidden, container("web1"));
    await world.show({ ...hidden, labels: { "hecd.enable": "false" } });
    expect(world.told("skipped")).toEqual(["skipped hidden no-published-port", "skipped hidden disabled"]);
    expect(world.agent.state.containers).toMatchObject([{ name: "hidden", decision: { reason: "disabled" } }]);
  });

  test("moves all keys when the address of the host changes", async () => {
    await using world = new World();
    await world.show(container("web1"));
    world.address = "10.0.0.6";
    await world.clock.advance(30_000);
    expect(await world.keys()).toEqual({ "/app/servers/web1": "10.0.0.6:32768" });
  });

  test("takes the one network that it shares with a container, from the moment at which it does, and probes there", async () => {
    const agent = container("agent", { networks: { logs: inNetwork("172.22.0.1") }, ports: [] });
    await using world = new World({ network: "auto", ownContainer: agent.id });
    world.docker.place = "elsewhere";
    const web = container("web1", { networks: { back: inNetwork("172.20.0.2"), front: inNetwork("172.21.0.2") } });
    await world.show(agent, web);
    expect(await world.keys()).toEqual({});
    expect(world.told("skipped")).toContain("skipped web1 ambiguous-network");
    await world.show({ ...agent, networks: { front: inNetwork("172.21.0.1") } }, web);
    expect(await world.keys()).toEqual({ "/app/servers/web1": "172.21.0.2:8080" });
    expect(world.prober.asked).toEqual(["172.21.0.2:8080"]);
    const { containers } = world.agent.state;
    expect(containers.find(({ name }) => name === "web1")?.decision).not.toHaveProperty("notes");
    world.told();
    await world.show({ ...agent, health: "healthy", networks: { front: inNetwork("172.21.0.1") } }, web);
    expect(await world.keys()).toEqual({ "/app/servers/web1": "172.21.0.2:8080" });
    expect(world.told("registered", "deregistered", "skipped")).toEqual([]);
    expect(world.prober.asked).toHaveLength(1);
  });

  test("tells once that nothing leads from it to the only network that auto can mean", async () => {
    await using world = new World({ network: "auto" });
    const web = container("web1", { networks: { lan: { ipv4: "192.168.7.2", ipv6: undefined } } });
    await world.show(web);
    expect(await world.keys()).toEqual({ "/app/servers/web1": "192.168.7.2:8080" });
    await world.show({ ...web });
    const advices = world.events.flatMap((event) =>
      event.kind === "advice" ? [`${event.about}: ${event.advice}`] : [],
    );
    expect(advices).toEqual([
      expect.stringMatching(/^Container web1: It is registered in network lan, .*nothing leads there/),
      expect.stringMatching(/^Container web1: Its port 8080 cannot be probed and counts as ready: /),
    ]);
  });

  test("says how long an event has waited for its keys, that of a state which no event led to aside", async () => {
    await using world = new World();
    await world.clock.advance(5_000);
    await world.show(container("web1"));
    world.docker.heardAt = 4_000;
    await world.show(container("web1", { status: "exited" }));
    world.docker.heardAt = undefined;
    await world.show(container("web1"));
    const lags = world.events.flatMap((event) => (event.kind === "reconciled" ? [event.lagMs] : []));
    expect(lags.length).toBeGreaterThan(2);
    expect(lags.filter((lag) => lag !== undefined)).toEqual([1_000]);
  });

  test("is ready once Docker answers, a lease is held and both were compared; and says what it waits for", async () => {
    await using world = new World();
    await settled();
    expect(world.agent.waitingFor).toEqual(["Docker", "a comparison of Docker and store"]);
    await world.show(container("web1"));
    expect(world.agent.waitingFor).toEqual([]);
    expect(world.agent.state).toMatchObject({ host: "node1", address: "10.0.0.5" });
    world.docker.connected = false;
    expect(world.agent.waitingFor).toEqual(["Docker"]);
    expect(await world.keys()).toHaveProperty("/app/servers/web1");
  });
});

describe("an agent that is stopped", () => {
  test("leaves its keys to the next one, who changes nothing in them", async () => {
    const first = new World();
    await first.show(container("web1"));
    expect(await first.end()).toMatchObject({ message: "stopped" });
    expect(await first.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
    await using second = new World({}, first.store);
    // Docker has not spoken yet, which is no reason to take anything away.
    await second.clock.advance(60_000);
    expect(await second.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
    await second.show(container("web1"));
    expect(await second.keys()).toEqual({ "/app/servers/web1": "10.0.0.5:32768" });
    expect(second.told("registered", "deregistered")).toEqual([]);
    expect(first.clock.pending).toBe(0);
  });

  test("leaves no container behind that ended while no agent was there", async () => {
    const first = new World();
    await first.show(container("web1"), container("web2"));
    await first.end();
    await using second = new World({}, first.store);
    await second.show(container("web2"));
    expect(await second.keys()).toEqual({ "/app/servers/web2": "10.0.0.5:32768" });
    expect(Object.keys(await second.keys("/hecd/v1/services"))).toHaveLength(1);
  });

  test("removes its keys when it is told to revoke", async () => {
    const world = new World({ onExit: "revoke" });
    await world.show(container("web1"));
    await world.end();
    expect(await world.keys()).toEqual({});
    expect(await world.keys("/hecd")).toEqual({});
    expect(world.clock.pending).toBe(0);
  });

  test("still takes away what has ended in the same moment", async () => {
    const world = new World();
    await world.show(container("web1"), container("web2"));
    world.docker.show([container("web2")]);
    await world.end();
    expect(await world.keys()).toEqual({ "/app/servers/web2": "10.0.0.5:32768" });
  });

  test("does so when nothing has begun yet", async () => {
    const world = new World();
    expect(await world.end()).toMatchObject({ message: "stopped" });
    expect(world.clock.pending).toBe(0);
  });
});
