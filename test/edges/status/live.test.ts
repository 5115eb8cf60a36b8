import { get, type IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { askStatus } from "../../../src/edges/status/client.js";
import { followLive, type LiveMessage, type LiveWish } from "../../../src/edges/status/live-client.js";
import { MOST_READERS } from "../../../src/edges/status/readers.js";
import { openStatusServer } from "../../../src/edges/status/server.js";
import { ToldEvents } from "../../../src/edges/status/told-events.js";
import { systemClock } from "../../../src/flow/clock.js";
import { eventually } from "../../support/eventually.js";
import { ManualClock } from "../../support/manual-clock.js";

const forever = new AbortController().signal;

/** A daemon whose state is `world.state`. */
async function daemon(state: unknown = { n: 0 }, clock: ManualClock | typeof systemClock = systemClock) {
  const world = { waitingFor: [] as readonly string[], state };
  const told = new ToldEvents();
  const server = await openStatusServer("127.0.0.1:0", {
    status: () => ({ ...world }),
    metrics: async () => ({ contentType: "", body: "" }),
    live: { told, clock },
  });
  const address = new URL(server.url).host;
  return { world, told, address, server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** Reads what comes, in order, until it is disposed. */
function reader(address: string, wish: LiveWish = {}) {
  const messages: LiveMessage[] = [];
  const ending = new AbortController();
  const over = (async () => {
    for await (const message of followLive(address, wish, systemClock, ending.signal)) messages.push(message);
  })().catch((error: unknown) => error);
  return {
    messages,
    over,
    get states() {
      return messages.flatMap((message) => (message.kind === "state" ? [message.status.state] : []));
    },
    get told() {
      return messages.flatMap((message) => (message.kind === "told" ? [message.told] : []));
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await over;
    },
  };
}

const registered = (key: string) => ({ kind: "registered", key, value: "10.0.0.5:80" }) as const;

/** The answer to a request that is not read. */
function ask(address: string, headers: Record<string, string> = {}, path = "/live"): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(`http://${address}${path}`, { headers, agent: false }, resolve).once("error", reject);
  });
}

describe("what is told live", () => {
  test("begins with the present state and goes on with each that differs", async () => {
    await using agent = await daemon();
    await using live = reader(agent.address);
    await eventually("the first state", () => live.states.length === 1);
    agent.world.state = { n: 1 };
    agent.told.tell(registered("/app/web/a"));
    await eventually("the next state", () => live.states.length === 2, 900);
    expect(live.states).toEqual([{ n: 0 }, { n: 1 }]);
    expect(live.told).toMatchObject([{ level: "info", message: "Registered /app/web/a = 10.0.0.5:80" }]);
    expect(live.told[0]?.event).toEqual(registered("/app/web/a"));
  });

  test("has a state that changed without a word within a second or so, and none that only grew older", async () => {
    await using agent = await daemon({ resources: [{ agoMs: 1 }] });
    await using live = reader(agent.address);
    await eventually("the first state", () => live.states.length === 1);
    agent.world.state = { resources: [{ agoMs: 2_000 }] };
    agent.told.tell(registered("/app/web/a"));
    await eventually("the event", () => live.told.length === 1);
    agent.world.waitingFor = ["Docker"];
    await eventually("the next state", () => live.states.length === 2, 2_500);
    expect(live.messages.at(-1)).toMatchObject({ status: { ready: false, waitingFor: ["Docker"] } });
  });

  test("makes few states of many events, and the last one is the newest", async () => {
    const clock = new ManualClock();
    await using agent = await daemon({ n: 0 }, clock);
    await using live = reader(agent.address);
    await eventually("the first state", () => live.states.length === 1);
    for (let n = 1; n <= 1_000; n++) {
      agent.world.state = { n };
      agent.told.tell(registered(`/app/web/${n}`));
      await clock.advance(1);
    }
    await clock.advance(250);
    await eventually("the newest state", () => live.states.some((state) => JSON.stringify(state) === '{"n":1000}'));
    expect(live.states.length).toBeLessThanOrEqual(6);
    await eventually("every event", () => live.told.length === 1_000);
  });

  test("is of one kind alone where that is asked for", async () => {
    await using agent = await daemon();
    await using states = reader(agent.address, { of: "state" });
    await using events = reader(agent.address, { of: "told" });
    await using all = reader(agent.address);
    await eventually("the first states", () => states.states.length === 1 && all.states.length === 1);
    agent.world.state = { n: 1 };
    agent.told.tell(registered("/app/web/a"));
    await eventually("the event", () => events.told.length === 1 && all.states.length === 2);
    expect([states.told, events.states]).toEqual([[], []]);
  });

  test("begins with the last events where that is asked for, and with those that a reader has missed", async () => {
    await using agent = await daemon();
    for (const name of ["a", "b", "c"]) agent.told.tell(registered(`/app/web/${name}`));
    agent.told.tell({ kind: "lease-renewed", lease: "1", ttlSeconds: 30 });
    const keysOf = (live: { told: readonly { event: object }[] }) => live.told.map(({ event }) => ({ ...event }));
    await using late = reader(agent.address, { of: "told", recent: 2 });
    await eventually("two events", () => late.told.length === 2);
    expect(keysOf(late)).toMatchObject([{ key: "/app/web/b" }, { key: "/app/web/c" }]);
    await using back = reader(agent.address, { of: "told", after: late.told[0]?.id });
    await eventually("the one that was missed", () => back.told.length === 1);
    expect(keysOf(back)).toMatchObject([{ key: "/app/web/c" }]);
    await using stranger = reader(agent.address, { of: "told", after: "ffffffff-9" });
    await eventually("all of another process", () => stranger.told.length === 3);
  });

  test("turns readers away when there are too many, and takes one again when another has gone", async () => {
    await using agent = await daemon();
    const readers = await Promise.all(Array.from({ length: MOST_READERS }, () => ask(agent.address)));
    expect(readers.map(({ statusCode }) => statusCode)).toEqual(readers.map(() => 200));
    const refused = await ask(agent.address);
    expect([refused.statusCode, refused.headers["retry-after"]]).toEqual([503, "10"]);
    await expect(followLive(agent.address, {}, systemClock, forever).next()).rejects.toThrow(
      `There are ${MOST_READERS} readers already`,
    );
    readers[0]?.destroy();
    await eventually("a place", async () => {
      const again = await ask(agent.address);
      again.destroy();
      return again.statusCode === 200;
    });
    for (const each of readers) each.destroy();
  });

  test("is not kept for a reader that takes nothing", async () => {
    const clock = new ManualClock();
    await using agent = await daemon({ text: "x".repeat(8_000_000) }, clock);
    const stuck = await ask(agent.address); // paused: nobody listens for its data
    const gone = new Promise((resolve) => stuck.once("close", resolve).once("error", () => undefined));
    await clock.advance(30_000);
    stuck.resume();
    await gone;
    expect(stuck.complete).toBe(false);
    expect((await askStatus(agent.address, systemClock, forever)).ready).toBe(true);
  });

  test("gives a reader that is behind the newest state alone", async () => {
    const clock = new ManualClock();
    await using agent = await daemon({ n: 0, text: "x".repeat(8_000_000) }, clock);
    const slow = await ask(agent.address);
    for (let n = 1; n <= 5; n++) {
      agent.world.state = { n };
      await clock.advance(1_000);
    }
    let text = "";
    slow.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    await eventually("the newest state", () => text.includes('"state":{"n":5}'));
    expect(text.match(/event: state/g)).toHaveLength(2);
    slow.destroy();
  });

  test("tells a reader from time to time that somebody is there, and leaves no timer when the last one has gone", async () => {
    const clock = new ManualClock();
    await using agent = await daemon({ n: 0 }, clock);
    const live = await ask(agent.address);
    let text = "";
    live.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    await clock.advance(20_000);
    await eventually("two signs of life", () => text.match(/^: $/gm)?.length === 2);
    live.destroy();
    await eventually("no timer", () => clock.pending === 0);
  });

  test("ends with the daemon", async () => {
    const agent = await daemon();
    await using live = reader(agent.address);
    await eventually("the first state", () => live.states.length === 1);
    await agent.server[Symbol.asyncDispose]();
    expect(await live.over).toBeInstanceOf(Error);
  });

  test("is answered by no name of a stranger, who may have led a browser here", async () => {
    await using agent = await daemon();
    expect((await ask(agent.address, { host: "evil.example:9180" })).statusCode).toBe(403);
    const asked = await ask(agent.address, { host: "localhost:9180" });
    expect([asked.statusCode, asked.headers["content-type"]]).toEqual([200, "text/event-stream; charset=utf-8"]);
    expect(asked.headers["access-control-allow-origin"]).toBeUndefined();
    asked.destroy();
  });

  test("is not taken for a daemon's when it falls silent", async () => {
    const clock = new ManualClock();
    await using agent = await daemon({ n: 0 }, clock); // its own clock stands still, and so it tells nothing
    const patience = new ManualClock();
    const live = followLive(agent.address, {}, patience, forever);
    expect((await live.next()).value).toMatchObject({ kind: "state" });
    const next = live.next().catch((error: unknown) => error);
    await patience.advance(25_000);
    expect(String(await next)).toContain(`Gave up waiting for a word of ${agent.address} after 25000 ms`);
  });
});
