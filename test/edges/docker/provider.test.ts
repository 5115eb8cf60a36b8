import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HecdEvent } from "../../../src/core/events/event.js";
import type { Container } from "../../../src/core/model/container.js";
import type { Unseen } from "../../../src/core/model/unseen.js";
import { DockerContainers, type DockerSettings } from "../../../src/edges/docker/provider.js";
import { systemClock } from "../../../src/flow/clock.js";
import { eventually } from "../../support/eventually.js";
import { type FakeContainer, FakeDocker, idOf } from "../../support/fake-docker.js";
import { ManualClock, settled } from "../../support/manual-clock.js";

const startedAt = "2026-01-02T03:04:05.000000001Z";
let docker: FakeDocker;
let ending: AbortController;
let states: (readonly Container[])[];
let unseen: readonly Unseen[];
/** When the oldest event came in that led to each of these states. */
let heard: (number | undefined)[];
let events: HecdEvent[];
let over: Promise<unknown>;

beforeEach(async () => {
  docker = await FakeDocker.start();
  ending = new AbortController();
  states = [];
  unseen = [];
  heard = [];
  events = [];
});

afterEach(async () => {
  ending.abort(new Error("the test is over"));
  await over;
  await docker[Symbol.asyncDispose]();
});

function run(number: number, changes: Partial<FakeContainer> = {}): string {
  const id = idOf(number);
  docker.containers.set(id, {
    name: `web${number}`,
    status: "running",
    startedAt,
    hostPort: 32_000 + number,
    ...changes,
  });
  return id;
}

function follow(clock = systemClock, settings: Partial<DockerSettings> = {}): DockerContainers {
  const connection = { url: docker.url, tls: false, certPath: undefined };
  const containers = new DockerContainers({ connection, ...settings }, { clock, emit: (event) => events.push(event) });
  over = (async () => {
    for await (const state of containers.watch(ending.signal)) {
      states.push(state.containers);
      unseen = state.unseen;
      heard.push(state.heardAt);
    }
  })().catch((error: unknown) => error);
  return containers;
}

/** What is known last: `name status health stopping`. */
function known(): readonly string[] | undefined {
  return states
    .at(-1)
    ?.map(({ name, status, health, stopping }) =>
      [name, status, ...(health === "none" ? [] : [health]), ...(stopping ? ["stopping"] : [])].join(" "),
    );
}

async function sees(...expected: string[]): Promise<void> {
  await eventually(`the state ${expected.join(", ")}`, () => {
    expect(known()).toEqual(expected);
    return true;
  });
}

/** The same while the time of such a clock passes. */
async function seesInTime(clock: ManualClock, ...expected: string[]): Promise<void> {
  await eventually(`the state ${expected.join(", ")}`, async () => {
    await clock.advance(100);
    expect(known()).toEqual(expected);
    return true;
  });
}

function kinds(): readonly string[] {
  return events.map(({ kind }) => kind).filter((kind) => kind !== "docker-event");
}

describe("a Docker engine", () => {
  test("is asked by GET only, in the API version it offers itself", async () => {
    run(1);
    const containers = follow();
    await sees("web1 running");
    expect(docker.requests).toEqual([
      "GET /version",
      "GET /v1.41/events",
      "GET /v1.41/containers/json",
      `GET /v1.41/containers/${idOf(1)}/json`,
    ]);
    expect(containers.connected).toBe(true);
    expect(events).toContainEqual({ kind: "docker-connected", url: docker.url, version: "99.0", afterMs: 0 });
  });

  test("without containers has a state too: none", async () => {
    follow();
    await sees();
  });

  test("is looked at anew for each event, whatever the event says", async () => {
    const id = run(1);
    follow();
    await sees("web1 running");
    run(1, { status: "paused", name: "web9" });
    docker.emit("update", id);
    await sees("web9 paused");
    docker.containers.delete(id);
    docker.emit("destroy", id);
    await sees();
  });

  test("gives no new state when an event has changed nothing", async () => {
    const id = run(1);
    const other = run(2);
    follow();
    await sees("web1 running", "web2 running");
    docker.emit("update", id);
    run(2, { status: "paused" });
    docker.emit("pause", other);
    await sees("web1 running", "web2 paused");
    expect(states).toHaveLength(2);
  });

  test("has lost a container at the word `die`, before it answers a look", async () => {
    const id = run(1);
    follow();
    await sees("web1 running");
    docker.intercept = (path) => path.includes(id);
    docker.emit("die", id);
    await sees("web1 exited");
  });

  test("has not lost a container that was started again after that `die`", async () => {
    const id = run(1);
    follow();
    await sees("web1 running");
    docker.emit("die", id, Date.parse(startedAt) - 1);
    docker.emit("start", id);
    const looks = () => docker.requests.filter((request) => request.includes(id)).length;
    await eventually("the looks that follow", () => looks() >= 2);
    expect(known()).toEqual(["web1 running"]);
  });

  test("is looked at again when an event comes during a look", async () => {
    const id = run(1);
    follow();
    await sees("web1 running");
    const waiting: ServerResponse[] = [];
    docker.intercept = (path, response) => path.includes(id) && waiting.push(response) === 1;
    docker.emit("update", id);
    await eventually("the look", () => waiting.length === 1);
    run(1, { status: "paused" });
    docker.emit("pause", id);
    await eventually("the event", () =>
      events.some((event) => event.kind === "docker-event" && event.action === "pause"),
    );
    waiting[0]?.writeHead(500).end("{}");
    await sees("web1 paused");
  });

  test("keeps the health of a container when it begins to probe anew without a restart of it", async () => {
    const id = run(1, { health: "healthy" });
    follow();
    await sees("web1 running healthy");
    run(1, { health: "starting" });
    docker.emit("update", id);
    docker.cut();
    await eventually(
      "a new connection",
      () => docker.requests.filter((request) => request === "GET /version").length > 1,
    );
    expect(known()).toEqual(["web1 running healthy"]);
    run(1, { health: "unhealthy" });
    docker.emit("health_status: unhealthy", id);
    await sees("web1 running unhealthy");
  });
});

describe("a container that is sent a signal", () => {
  const kill = (id: string, signal: string, at = Date.now()) => {
    docker.emit("kill", id, at, { signal });
  };

  test("is ending at once when it is the stop signal, before the engine answers a look", async () => {
    const id = run(1);
    follow();
    await sees("web1 running");
    docker.intercept = (path) => path.includes(id);
    kill(id, "15");
    await sees("web1 running stopping");
    docker.emit("die", id);
    await sees("web1 exited");
  });

  test.each([
    [undefined, "SIGTERM"],
    ["SIGQUIT", "3"],
    ["SIGRTMIN+3", "37"],
    ["SIGQUIT", "9"],
  ])("is ending when its stop signal is %s and the signal is %s", async (stopSignal, signal) => {
    const id = run(1, stopSignal === undefined ? {} : { stopSignal });
    follow();
    await sees("web1 running");
    kill(id, signal);
    await sees("web1 running stopping");
  });

  test.each([
    [undefined, "1"],
    [undefined, "SIGUSR1"],
    ["SIGQUIT", "15"],
    [undefined, "nonsense"],
  ])(
    "is not when its stop signal is %s and the signal is %s, and is not even looked at",
    async (stopSignal, signal) => {
      const id = run(1, stopSignal === undefined ? {} : { stopSignal });
      const other = run(2);
      follow();
      await sees("web1 running", "web2 running");
      docker.requests.length = 0;
      kill(id, signal);
      run(2, { status: "paused" });
      docker.emit("pause", other);
      await sees("web1 running", "web2 paused");
      expect(docker.requests).toEqual([`GET /v1.41/containers/${other}/json`]);
    },
  );

  test("is ending for as long as it runs on: nobody tells how long it was given, and of each signal there is the time", async () => {
    const clock = new ManualClock();
    const id = run(1, { stopTimeout: 20 });
    follow(clock, { quietMs: 1_000_000, resyncMs: 1_000_000 });
    await sees("web1 running");
    const sentAt = Date.now();
    kill(id, "15", sentAt);
    await sees("web1 running stopping");
    expect(states.at(-1)?.[0]).toMatchObject({
      stopping: { sentAt: expect.closeTo(sentAt, 0) as number },
      stopTimeoutMs: 20_000,
    });
    await clock.advance(600_000);
    expect(known()).toEqual(["web1 running stopping"]);
    kill(id, "9", sentAt + 60_000);
    await eventually("the later signal", () => (states.at(-1)?.[0]?.stopping?.sentAt ?? 0) > sentAt + 59_000);
  });

  test("is ending no more when it has started again, nor by a signal of an earlier life", async () => {
    const id = run(1);
    follow();
    await sees("web1 running");
    kill(id, "15");
    await sees("web1 running stopping");
    run(1, { startedAt: new Date(Date.now() + 1_000).toISOString() });
    docker.emit("start", id);
    await sees("web1 running");
    kill(id, "15");
    run(1, { startedAt: new Date(Date.now() + 1_000).toISOString(), status: "paused" });
    docker.emit("pause", id);
    await sees("web1 paused");
  });

  test("before anybody listened is ending from the first state on, as far as the engine remembers", async () => {
    run(1);
    const [ancient, old] = [run(2), run(3)];
    kill(ancient, "15", Date.now() - 130_000);
    kill(old, "1", Date.now() - 110_000);
    kill(old, "15", Date.now() - 100_000);
    docker.emit("die", idOf(4));
    follow(undefined, { stopGraceMs: 120_000 });
    await sees("web1 running", "web2 running", "web3 running stopping");
    expect(states[0]?.map(({ stopping }) => stopping !== undefined)).toEqual([false, false, true]);
    expect(docker.requests.filter((request) => request.endsWith(`${idOf(4)}/json`))).toEqual([]);
  });

  test.each(["a refusal", "no end"])("is heard of all the same where the engine answers that with %s", async (how) => {
    const id = run(1);
    let asked = 0;
    docker.intercept = (path, response) => {
      if (path !== "/events" || ++asked !== 2) return false;
      if (how === "a refusal") response.writeHead(403).end("{}");
      else response.writeHead(200).flushHeaders();
      return true;
    };
    follow(undefined, { stopGraceMs: 120_000 });
    await sees("web1 running");
    kill(id, "15");
    await sees("web1 running stopping");
  });

  test("while it is looked at for the first time is ending when it is seen", async () => {
    follow();
    await sees();
    const waiting: ServerResponse[] = [];
    docker.intercept = (path, response) => path.includes("aaa") && waiting.push(response) === 1;
    const id = run(1);
    docker.emit("start", id);
    await eventually("the look", () => waiting.length === 1);
    kill(id, "15");
    await eventually("the event", () =>
      events.some((event) => event.kind === "docker-event" && event.action === "kill"),
    );
    waiting[0]?.writeHead(500).end("{}");
    await sees("web1 running stopping");
  });
});

describe("an event", () => {
  const looksAt = (id: string) => docker.requests.filter((request) => request.includes(id)).length;

  test("of a start without a network yet is followed by one more look", async () => {
    follow();
    await sees();
    const id = run(1, { networks: [] });
    docker.emit("start", id);
    await sees("web1 running");
    run(1, { networks: ["bridge"] });
    await eventually("the address", () => states.at(-1)?.[0]?.networks["bridge"]?.ipv4 === "172.17.0.2");
    expect(looksAt(id)).toBe(2);
  });

  test("of a lack of memory is told, and nothing else", async () => {
    const id = run(1);
    const other = run(2);
    follow();
    await sees("web1 running", "web2 running");
    docker.requests.length = 0;
    docker.emit("oom", id);
    run(2, { status: "paused" });
    docker.emit("pause", other);
    await sees("web1 running", "web2 paused");
    expect(looksAt(id)).toBe(0);
    expect(events).toContainEqual({ kind: "docker-event", action: "oom", container: "web1" });
  });
});

describe("filters", () => {
  test("decide which containers there are, by label, name and network", async () => {
    run(1, { labels: { app: "shop" } });
    run(2, { labels: { app: "blog" } });
    run(3, { labels: { app: "shop" }, networks: ["other"] });
    run(4, { labels: { app: "shop" }, name: "db4" });
    follow(systemClock, { filters: ["label=app=shop", "network=bridge", "network=host", "name=web"] });
    await sees("web1 running");
    expect(docker.requests.filter((request) => request.endsWith("containers/json"))).toHaveLength(1);
  });

  test("let a container in that comes to fit, and out that no longer does", async () => {
    const id = run(1, { networks: ["other"] });
    follow(systemClock, { filters: ["network=bridge"] });
    await sees();
    run(1, { networks: ["other", "bridge"] });
    docker.emit("connect", id);
    await sees("web1 running");
    run(1, { networks: ["other"] });
    docker.emit("disconnect", id);
    await sees();
  });

  test("keep a stranger's events from changing anything", async () => {
    run(1, { labels: { mine: "" } });
    follow(systemClock, { filters: ["label=mine"] });
    await sees("web1 running");
    docker.emit("start", run(2));
    docker.emit("kill", idOf(2), Date.now(), { signal: "15" });
    run(1, { labels: { mine: "" }, status: "paused" });
    docker.emit("pause", idOf(1));
    await sees("web1 paused");
    expect(states).toHaveLength(2);
  });

  test("that the engine does not know are told with its words", async () => {
    docker.intercept = (path, response) => {
      if (path !== "/containers/json") return false;
      response.writeHead(400).end('{"message":"Invalid filter \'publish\'"}');
      return true;
    };
    follow(systemClock, { filters: ["publish=80"] });
    await eventually("the outage", () => kinds().includes("docker-unreachable"));
    expect(events[0]).toMatchObject({ reason: expect.stringContaining("Invalid filter 'publish'") as string });
  });
});

describe("an engine of another age", () => {
  test.each([
    ["1.24", "1.12"],
    ["1.41", "1.12"],
    ["1.52", "1.44"],
  ])("that speaks API %s and refuses what is older than %s is understood", async (newest, oldest) => {
    docker.api = { newest, oldest };
    const id = run(1, { stopSignal: "SIGTERM" });
    follow();
    await sees("web1 running");
    expect(states.at(-1)?.[0]).toMatchObject({
      networks: { bridge: { ipv4: "172.17.0.2", ipv6: undefined } },
      ports: [{ port: 80, bindings: [{ hostIp: "0.0.0.0", hostPort: 32_001 }] }],
    });
    docker.emit("kill", id, Date.now(), { signal: "15" });
    await sees("web1 running stopping");
    expect(docker.requests.filter((request) => !request.startsWith(`GET /v${newest}/`))).toEqual(["GET /version"]);
  });
});

describe("an engine that fails", () => {
  test("is waited for, told once, and read as a whole when it is there", async () => {
    await docker.stop();
    const containers = follow();
    await eventually("the outage", () => kinds().includes("docker-unreachable"));
    expect(containers.connected).toBe(false);
    run(1);
    await docker.listen();
    await sees("web1 running");
    expect(kinds()).toEqual(["docker-unreachable", "docker-connected"]);
    expect(events[0]).toMatchObject({ reason: expect.stringContaining("there is no socket") as string, lastedMs: 0 });
  });

  test("loses no container by going away, and what changed meanwhile is seen when it is back", async () => {
    run(1);
    run(2);
    const containers = follow();
    await sees("web1 running", "web2 running");
    await docker.stop();
    await eventually("the outage", () => !containers.connected);
    expect(states).toHaveLength(1);
    docker.containers.delete(idOf(2));
    run(3);
    await docker.listen();
    await sees("web1 running", "web3 running");
  });

  test("that ends its events is connected again at once, which is nothing to tell, and only changes are looked at", async () => {
    run(1);
    run(2);
    follow();
    await sees("web1 running", "web2 running");
    run(2, { status: "paused" });
    docker.requests.length = 0;
    docker.endEvents();
    await sees("web1 running", "web2 paused");
    expect(
      docker.requests.filter((request) => request.endsWith("/json") && !request.endsWith("containers/json")),
    ).toEqual([`GET /v1.41/containers/${idOf(2)}/json`]);
    expect(kinds()).toEqual(["docker-connected"]);
  });

  test("that was killed is looked at as a whole: a list may show a container that was started again as before", async () => {
    const id = run(1);
    follow();
    await sees("web1 running");
    const again = "2026-01-02T03:04:06.000000001Z";
    run(1, { startedAt: again });
    docker.cut();
    await eventually("the new run", () => states.at(-1)?.[0]?.startedAt === again);
    expect(docker.requests.filter((request) => request.endsWith(`${id}/json`))).toHaveLength(2);
  });

  test("that has told of nothing yet is asked for all that happened since its first stream began", async () => {
    const id = run(1);
    follow(systemClock, { stopGraceMs: 60_000 });
    await sees("web1 running");
    docker.endEvents();
    // The new engine stops what it finds and starts it again, and says so before anybody listens.
    run(1, { startedAt: new Date().toISOString() });
    const at = Date.parse(docker.containers.get(id)?.startedAt ?? "");
    docker.emit("kill", id, at - 2, { signal: "15" });
    docker.emit("die", id, at - 1);
    docker.emit("start", id, at);
    await eventually("the new run", () => states.at(-1)?.[0]?.startedAt === new Date(at).toISOString());
    expect(known()).toEqual(["web1 running"]);
  });

  test("whose list lags behind what happened between two connections is asked for the events of that time", async () => {
    const id = run(1, { status: "paused" });
    follow();
    await sees("web1 paused");
    docker.emit("pause", id, 1_000_000);
    await eventually("the event", () => events.some(({ kind }) => kind === "docker-event"));
    docker.lagging = new Map(docker.containers);
    docker.cut();
    run(1);
    docker.emit("unpause", id, 1_000_001);
    await sees("web1 running");
    expect(events.filter(({ kind }) => kind === "docker-event")).toMatchObject([
      { action: "pause" },
      { action: "unpause" },
    ]);
  });

  test("says of each state when the oldest event came in that has led to it", async () => {
    const id = run(1);
    const clock = new ManualClock();
    follow(clock);
    await sees("web1 running");
    expect(heard).toEqual([undefined]);
    const held: ServerResponse[] = [];
    docker.intercept = (path, response) => path.includes(id) && held.push(response) > 0;
    await clock.advance(1_000);
    docker.emit("update", id);
    await eventually("the first look", () => held.length === 1);
    await clock.advance(500);
    run(1, { status: "paused" });
    docker.emit("pause", id);
    await eventually("the event", () =>
      events.some((event) => event.kind === "docker-event" && event.action === "pause"),
    );
    docker.intercept = () => false;
    await clock.advance(500);
    held[0]?.writeHead(500).end();
    await clock.advance(100);
    await sees("web1 paused");
    expect(heard.at(-1)).toBe(1_000);
  });

  test("that cannot list is away, not empty", async () => {
    run(1);
    follow();
    await sees("web1 running");
    docker.intercept = (path, response) => {
      if (path !== "/containers/json") return false;
      response.writeHead(500).end('{"message":"out of order"}');
      return true;
    };
    docker.cut();
    await eventually("the outage", () => kinds().includes("docker-unreachable"));
    expect(events.at(-1)).toMatchObject({ reason: expect.stringContaining("out of order") as string });
    expect(known()).toEqual(["web1 running"]);
  });

  test("that leaves containers out of its list is not believed: only a look says that they are gone", async () => {
    run(1);
    follow();
    await sees("web1 running");
    docker.intercept = (path, response) => {
      if (path !== "/containers/json") return false;
      response.writeHead(200).end("[]");
      return true;
    };
    docker.requests.length = 0;
    docker.cut();
    await eventually("the look", () => docker.requests.some((request) => request.includes(idOf(1))));
    expect(known()).toEqual(["web1 running"]);
    expect(states).toHaveLength(1);
  });

  test("that cannot answer for one container still answers for the others", async () => {
    run(1);
    const id = run(2);
    docker.intercept = (path, response) => {
      if (!path.includes(id)) return false;
      response.writeHead(500).end("{}");
      return true;
    };
    follow();
    await sees("web1 running");
    docker.intercept = () => false;
    docker.emit("update", id);
    await sees("web1 running", "web2 running");
  });
});

describe("containers that cannot be looked at", () => {
  const hang = (...ids: readonly string[]) => {
    docker.intercept = (path) => ids.some((id) => path.includes(id));
  };
  const reasons = () => unseen.map(({ name, because }) => `${name} ${because?.reason ?? "not yet"}`);

  test("hold up no other, however many they are, and are told with their reason", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    const clock = new ManualClock();
    hang(...Array.from({ length: 40 }, (_, index) => run(100 + index)));
    for (let number = 1; number <= 3; number++) run(number);
    follow(clock);
    await eventually("the others", async () => {
      await clock.advance(100);
      expect(known()).toEqual(["web1 running", "web2 running", "web3 running"]);
      return true;
    });
    expect(clock.now()).toBeLessThan(5_000);
    expect(new Set(unseen.map(({ because }) => because))).toEqual(new Set([undefined]));
    await eventually("the reasons", async () => {
      await clock.advance(1_000);
      expect(reasons().filter((each) => each.endsWith(" no-answer"))).toHaveLength(40);
      return true;
    });
    await settled();
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  test("are unreadable where what is said of them is, and are seen as soon as it is not", async () => {
    const id = run(1);
    docker.intercept = (path, response) => {
      if (!path.includes(id)) return false;
      response.writeHead(200).end('{"Id":"x","Config":{"Env":["PASSWORD=hunter2"]}}');
      return true;
    };
    const clock = new ManualClock();
    follow(clock);
    await eventually("the reason", async () => {
      await clock.advance(100);
      return reasons()[0] === "web1 unreadable";
    });
    expect(unseen[0]?.because?.advice).toContain("Id Invalid string");
    expect(JSON.stringify([unseen, events])).not.toContain("hunter2");
    docker.intercept = () => false;
    docker.emit("update", id);
    await seesInTime(clock, "web1 running");
    expect(unseen).toEqual([]);
  });

  test("keep the state in which they were last seen, and say so", async () => {
    const id = run(1);
    const clock = new ManualClock();
    follow(clock);
    await seesInTime(clock, "web1 running");
    docker.intercept = (path, response) => {
      if (!path.includes(id)) return false;
      response.writeHead(500).end('{"message":"out of order"}');
      return true;
    };
    docker.emit("update", id);
    await eventually("the reason", async () => {
      await clock.advance(100);
      return unseen[0]?.because?.advice.includes("out of order");
    });
    expect(known()).toEqual(["web1 running"]);
    docker.containers.delete(id);
    docker.intercept = () => false;
    docker.emit("destroy", id);
    await seesInTime(clock);
    expect(unseen).toEqual([]);
  });
});

describe("in the course of time", () => {
  test("a silent stream is replaced, and what it kept to itself is seen", async () => {
    run(1);
    follow(systemClock, { quietMs: 100 });
    await sees("web1 running");
    run(1, { status: "paused" });
    await sees("web1 paused");
    expect(docker.streams).toBe(1);
    expect(kinds()).toEqual(["docker-connected"]);
  });

  test("a first look at everything may take longer than a stream may be silent", async () => {
    run(1);
    let refusals = 2; // each of which makes a look wait before it is tried again
    docker.intercept = (path, response) => {
      if (!path.endsWith(`${idOf(1)}/json`) || refusals-- <= 0) return false;
      response.writeHead(500).end("{}");
      return true;
    };
    follow(systemClock, { quietMs: 100 });
    await sees("web1 running");
    expect(kinds()).toEqual(["docker-connected"]);
  });

  test("an engine that accepts and says nothing is given up after five seconds", async () => {
    const clock = new ManualClock();
    docker.intercept = () => true;
    follow(clock);
    await eventually("the first request", () => docker.requests.length === 1);
    await clock.advance(5_000);
    await eventually("the outage", () => kinds().includes("docker-unreachable"));
    expect(events[0]).toMatchObject({ reason: expect.stringContaining("after 5000 ms") as string });
  });

  test("what no event told is found by the next list, and a list without news looks at nothing", async () => {
    run(1);
    follow(systemClock, { resyncMs: 100 });
    await sees("web1 running");
    docker.requests.length = 0;
    await eventually("two lists", () => docker.requests.length >= 2);
    expect(new Set(docker.requests)).toEqual(new Set(["GET /v1.41/containers/json"]));
    run(1, { status: "paused" });
    await sees("web1 paused");
  });

  test("a list that lacks most containers must stand for two seconds before it is believed", async () => {
    const clock = new ManualClock();
    for (let number = 1; number <= 5; number++) run(number);
    follow(clock);
    await eventually("the first state", () => states.length === 1);
    docker.containers.clear();
    docker.requests.length = 0;
    docker.cut();
    await eventually("the list", async () => {
      await clock.advance(1); // the first wait before a new connection is none at all
      return docker.requests.includes("GET /v1.41/containers/json");
    });
    expect(known()).toHaveLength(5);
    await eventually("the second list", async () => {
      await clock.advance(500);
      expect(known()).toEqual([]);
      return true;
    });
    expect(docker.requests.filter((request) => request.endsWith("containers/json"))).toHaveLength(2);
  });

  test("nothing is left when it ends", async () => {
    const clock = new ManualClock();
    run(1);
    const containers = follow(clock);
    await eventually("the first state", () => states.length === 1);
    ending.abort(new Error("the test is over"));
    expect(await over).toBe(ending.signal.reason);
    await eventually("the end of the stream", () => docker.streams === 0);
    await eventually("the end of all timers", () => clock.pending === 0);
    expect(containers.connected).toBe(false);
  });
});

describe("a Podman", () => {
  beforeEach(() => {
    docker.isPodman = true;
  });

  test("that tells of a health before it stores it is looked at again a moment later", async () => {
    const id = run(1, { health: "healthy" });
    follow();
    await sees("web1 running healthy");
    docker.emit("health_status", id);
    await eventually("the first look", () => docker.requests.filter((path) => path.includes(id)).length >= 2);
    run(1, { health: "unhealthy" });
    await sees("web1 running unhealthy");
  });

  test("says nothing of health in its list, so a container that has one is looked at for each list", async () => {
    run(1, { health: "healthy" });
    const silent = run(2);
    follow(systemClock, { resyncMs: 50 });
    await sees("web1 running healthy", "web2 running");
    run(1, { health: "unhealthy" });
    await sees("web1 running unhealthy", "web2 running");
    expect(docker.requests.filter((path) => path.includes(silent))).toHaveLength(1);
  });

  test.each([
    ["4.3 and 5.4", { status: "stopping", running: false }],
    ["5.8 and 6.1", { status: "running", running: false }],
  ])("%s has a container stopping from the look at it on", async (_, state) => {
    const id = run(1);
    follow();
    await sees("web1 running");
    run(1, state);
    docker.emit("update", id);
    await sees("web1 running stopping");
  });

  test("of version 4 says `died` and `remove`, and has lost the container by that", async () => {
    const id = run(1);
    follow();
    await sees("web1 running");
    run(1, { status: "exited" });
    docker.emit("died", id);
    await sees("web1 exited");
    docker.containers.delete(id);
    docker.emit("remove", id);
    await sees();
  });

  test.each<[string, (response: ServerResponse) => void]>([
    [
      "refuses them",
      (response) => {
        const message = 'cannot read events with the "none" backend';
        response.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify({ message }));
      },
    ],
    ["ends them at once", (response) => response.writeHead(200).end()],
  ])("that keeps no events and %s is followed by lists alone, and that is told", async (_, answer) => {
    docker.intercept = (path, response) => {
      if (path !== "/events") return false;
      answer(response);
      return true;
    };
    run(1);
    follow(systemClock, { resyncMs: 50 });
    await sees("web1 running");
    run(2);
    await sees("web1 running", "web2 running");
    expect(kinds()).toEqual(expect.arrayContaining(["docker-connected", "advice"]));
    expect(kinds().filter((kind) => kind === "advice")).toHaveLength(1);
  });

  test("whose stream of events is cut before it has said anything is asked for it anew", async () => {
    run(1);
    follow();
    await sees("web1 running");
    docker.cut();
    docker.emit("start", run(2));
    await sees("web1 running", "web2 running");
    expect(kinds()).not.toContain("advice");
  });

  test("that lacks a filter is not asked with it, and the filter is named", async () => {
    follow(systemClock, { filters: ["publish=8080"] });
    await eventually("the outage", () => kinds().includes("docker-unreachable"));
    const [told] = events.flatMap((event) => (event.kind === "docker-unreachable" ? [event.reason] : []));
    expect(told).toBe("Podman has no filter publish; use label, name or network instead (--filter publish=8080)");
    expect(docker.requests.filter((path) => path.endsWith("/containers/json"))).toEqual([]);
  });

  test.each([
    ["internal", { Driver: "bridge", Internal: true }, 0],
    ["macvlan", { Driver: "macvlan", Internal: false }, 0],
    ["open", { Driver: "bridge", Internal: false }, 1],
    ["unknown", undefined, 1],
  ])("has nothing published in a network that is %s to the host", async (_, network, bindings) => {
    docker.intercept = (path, response) => {
      if (path !== "/networks/shop") return false;
      response.writeHead(network ? 200 : 403, { "content-type": "application/json" });
      response.end(JSON.stringify(network ?? { message: "forbidden" }));
      return true;
    };
    run(1, { networks: ["shop"] });
    follow();
    await sees("web1 running");
    expect(states.at(-1)?.[0]?.ports.flatMap((port) => port.bindings)).toHaveLength(bindings);
  });
});
