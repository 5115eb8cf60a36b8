import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Container } from "../../src/core/container.js";
import type { HecdEvent } from "../../src/core/event.js";
import { DockerContainers } from "../../src/edges/docker.js";
import { systemClock } from "../../src/flow/clock.js";
import { eventually } from "../support/eventually.js";
import { FakeDocker, idOf } from "../support/fake-docker.js";
import { ManualClock } from "../support/manual-clock.js";

const startedAt = "2026-01-02T03:04:05.000000001Z";
let docker: FakeDocker;
let ending: AbortController;
let states: (readonly Container[])[];
let events: HecdEvent[];
let over: Promise<unknown>;

beforeEach(async () => {
  docker = await FakeDocker.start();
  ending = new AbortController();
  states = [];
  events = [];
});

afterEach(async () => {
  ending.abort(new Error("the test is over"));
  await over;
  await docker[Symbol.asyncDispose]();
});

function run(number: number, changes: { status?: string; health?: string; name?: string } = {}): string {
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

function follow(clock = systemClock, settings: { quietMs?: number; resyncMs?: number } = {}): DockerContainers {
  const connection = { url: docker.url, tls: false, certPath: undefined };
  const containers = new DockerContainers({ connection, ...settings }, { clock, tell: (event) => events.push(event) });
  over = (async () => {
    for await (const state of containers.watch(ending.signal)) states.push(state);
  })().catch((error: unknown) => error);
  return containers;
}

/** What is known last: `name status health`. */
function known(): readonly string[] | undefined {
  return states
    .at(-1)
    ?.map(({ name, status, health }) => [name, status, ...(health === "none" ? [] : [health])].join(" "));
}

async function sees(...expected: string[]): Promise<void> {
  await eventually(`the state ${expected.join(", ")}`, () => {
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
    docker.tell("kill", id);
    await sees("web9 paused");
    docker.containers.delete(id);
    docker.tell("destroy", id);
    await sees();
  });

  test("gives no new state when an event has changed nothing", async () => {
    const id = run(1);
    const other = run(2);
    follow();
    await sees("web1 running", "web2 running");
    docker.tell("update", id);
    run(2, { status: "paused" });
    docker.tell("pause", other);
    await sees("web1 running", "web2 paused");
    expect(states).toHaveLength(2);
  });

  test("has lost a container at the word `die`, before it answers a look", async () => {
    const id = run(1);
    follow();
    await sees("web1 running");
    docker.intercept = (path) => path.includes(id);
    docker.tell("die", id);
    await sees("web1 exited");
  });

  test("has not lost a container that was started again after that `die`", async () => {
    const id = run(1);
    follow();
    await sees("web1 running");
    docker.tell("die", id, Date.parse(startedAt) - 1);
    docker.tell("start", id);
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
    docker.tell("update", id);
    await eventually("the look", () => waiting.length === 1);
    run(1, { status: "paused" });
    docker.tell("pause", id);
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
    docker.tell("update", id);
    docker.cut();
    await eventually(
      "a new connection",
      () => docker.requests.filter((request) => request === "GET /version").length > 1,
    );
    expect(known()).toEqual(["web1 running healthy"]);
    run(1, { health: "unhealthy" });
    docker.tell("health_status: unhealthy", id);
    await sees("web1 running unhealthy");
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
    docker.cut();
    await sees("web1 running", "web2 paused");
    expect(
      docker.requests.filter((request) => request.endsWith("/json") && !request.endsWith("containers/json")),
    ).toEqual([`GET /v1.41/containers/${idOf(2)}/json`]);
    expect(kinds()).toEqual(["docker-connected"]);
  });

  test("whose list lags behind what happened between two connections is asked for the events of that time", async () => {
    const id = run(1, { status: "paused" });
    follow();
    await sees("web1 paused");
    docker.tell("pause", id, 1_000_000);
    await eventually("the event", () => events.some(({ kind }) => kind === "docker-event"));
    docker.lagging = new Map(docker.containers);
    docker.cut();
    run(1);
    docker.tell("unpause", id, 1_000_001);
    await sees("web1 running");
    expect(events.filter(({ kind }) => kind === "docker-event")).toMatchObject([
      { action: "pause" },
      { action: "unpause" },
    ]);
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
    docker.tell("update", id);
    await sees("web1 running", "web2 running");
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

  test("an engine that accepts and says nothing is given up after two seconds", async () => {
    const clock = new ManualClock();
    docker.intercept = () => true;
    follow(clock);
    await eventually("the first request", () => docker.requests.length === 1);
    await clock.advance(2_000);
    await eventually("the outage", () => kinds().includes("docker-unreachable"));
    expect(events[0]).toMatchObject({ reason: expect.stringContaining("after 2000 ms") as string });
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
