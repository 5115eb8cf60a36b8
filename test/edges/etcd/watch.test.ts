import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HecdEvent } from "../../../src/core/events/event.js";
import { EtcdRequests } from "../../../src/edges/etcd/requests.js";
import { etcdStore } from "../../../src/edges/etcd/store.js";
import { eventually } from "../../support/eventually.js";
import { ManualClock, settled } from "../../support/manual-clock.js";
import { fails, held } from "../../support/scripted-etcd-calls.js";
import { ScriptedEtcd } from "../../support/scripted-etcd.js";

/** Longer than any resync is away, and shorter than the second. */
const FIRST_RESYNC_MS = 6_000;
const EVERY_RESYNC_MS = 36_000;

let clock: ManualClock;
let etcd: ScriptedEtcd;
let told: HecdEvent[];
let ending: AbortController;
/** What the reader has seen: every state in order. */
let seen: Record<string, string>[];
let end: Promise<unknown>;

const last = (): Record<string, string> | undefined => seen.at(-1);
const events = (kind: HecdEvent["kind"]): readonly HecdEvent[] => told.filter((event) => event.kind === kind);

async function watch(...prefixes: readonly string[]): Promise<void> {
  const requests = new EtcdRequests(etcd, { clock, emit: (event) => told.push(event) });
  const store = etcdStore(requests);
  end = (async () => {
    for await (const { entries } of store.watch(prefixes, ending.signal)) seen.push(Object.fromEntries(entries));
  })().catch((error: unknown) => error);
  await settled();
}

beforeEach(() => {
  clock = new ManualClock();
  etcd = new ScriptedEtcd(clock);
  told = [];
  seen = [];
  ending = new AbortController();
  end = Promise.resolve();
});

afterEach(async () => {
  ending.abort(new Error("the test is over"));
  await end;
  await clock.advance(10_000); // what the fake itself still had to answer
  expect([clock.pending, etcd.openStreams]).toEqual([0, 0]);
});

describe("a watch of etcd", () => {
  test("begins with all there is below the prefix, and the prefix itself, and nothing beside it", async () => {
    etcd.putTogether({ "/a": "0", "/a/x": "1", "/a/y/z": "2", "/ab": "beside", "/b/x": "beside" });
    await watch("/a");
    expect(seen).toEqual([{ "/a": "0", "/a/x": "1", "/a/y/z": "2" }]);
  });

  test("begins with an empty state where there is nothing", async () => {
    await watch("/a");
    expect(seen).toEqual([{}]);
  });

  test("follows what is put and deleted, and gives the changes of one transaction together", async () => {
    await watch("/a");
    etcd.put("/a/x", "1");
    await settled();
    etcd.putTogether({ "/a/x": "2", "/a/y": "2", "/b/x": "beside" });
    await settled();
    etcd.delete("/a/x");
    await settled();
    expect(seen).toEqual([{}, { "/a/x": "1" }, { "/a/x": "2", "/a/y": "2" }, { "/a/y": "2" }]);
  });

  test("waits for the first state as long as etcd is away, and tells so once", async () => {
    etcd.put("/a/x", "1");
    etcd.become("refusing");
    await watch("/a");
    await clock.advance(5_000);
    expect(seen).toEqual([]);
    etcd.become("well");
    await clock.advance(1_000);
    expect(seen).toEqual([{ "/a/x": "1" }]);
    expect(told.map(({ kind }) => kind)).toEqual(["store-unreachable", "store-connected", "watch-resumed"]);
  });

  test("reads a store that is too large for one answer in pages, all at one revision", async () => {
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`/a/${n}`, String(n)]));
    etcd.putTogether(many);
    etcd.mostKeysPerAnswer = 2_000;
    etcd.script("range", (carryOut) => {
      etcd.put("/a/late", "written between two pages");
      return carryOut();
    });
    await watch("/a");
    await settled();
    expect(seen[0]).toEqual(many);
    expect(last()).toEqual({ ...many, "/a/late": "written between two pages" });
  });

  test("reads from the start again when etcd compacts the history between two pages", async () => {
    const many = Object.fromEntries(Array.from({ length: 20_001 }, (_, n) => [`/a/${n}`, String(n)]));
    etcd.putTogether(many);
    etcd.script("range", (carryOut) => {
      etcd.put("/a/0", "new");
      etcd.compact();
      return carryOut();
    });
    await watch("/a");
    expect(seen).toEqual([{ ...many, "/a/0": "new" }]);
  });
});

describe("a watch of several prefixes", () => {
  test("gives a transaction in one piece, as the end of a lease is one", async () => {
    await watch("/a", "/b");
    const lease = etcd.lease(60);
    etcd.put("/a/x", "1", lease);
    etcd.put("/b/x", "1", lease);
    await clock.advance(20);
    etcd.endLease(lease);
    await settled();
    etcd.putTogether({ "/a/y": "1", "/b/y": "1", "/c/y": "beside" });
    await settled();
    expect(seen.slice(-3)).toEqual([{ "/a/x": "1", "/b/x": "1" }, {}, { "/a/y": "1", "/b/y": "1" }]);
  });

  test("waits a moment with a key that is gone from but one of them", async () => {
    etcd.put("/a/x", "1");
    await watch("/a", "/b");
    etcd.delete("/a/x");
    await clock.advance(19);
    expect(seen).toEqual([{ "/a/x": "1" }]);
    await clock.advance(1);
    expect(seen).toEqual([{ "/a/x": "1" }, {}]);
  });

  test("lists all of them together where the store is another one", async () => {
    etcd.putTogether({ "/a/x": "1", "/b/x": "1" });
    await watch("/a", "/b");
    etcd.replace(40n);
    etcd.putTogether({ "/a/x": "2", "/b/x": "2" });
    await clock.advance(2_000);
    expect(seen).toEqual([
      { "/a/x": "1", "/b/x": "1" },
      { "/a/x": "2", "/b/x": "2" },
    ]);
    expect(etcd.calls.filter((call) => call === "openWatch")).toHaveLength(2);
    expect(events("watch-resumed")).toEqual([expect.objectContaining({ prefix: "/a, /b" })]);
  });

  test("reads more of them than fit into one transaction, and still at one revision", async () => {
    const prefixes = Array.from({ length: 70 }, (_, n) => `/p${n}`);
    etcd.putTogether(Object.fromEntries(prefixes.map((prefix) => [`${prefix}/x`, "1"])));
    etcd.script(
      "txn",
      (carryOut) => carryOut(),
      (carryOut) => {
        etcd.put("/p69/late", "written between two requests");
        return carryOut();
      },
    );
    await watch(...prefixes);
    expect(Object.keys(seen[0] ?? {})).toHaveLength(70);
    await clock.advance(EVERY_RESYNC_MS);
    await eventually("the late key", () => Object.keys(last() ?? {}).length === 71); // many requests take many turns
  });

  test("goes on with all of them on one stream after a break, and gives what it has missed in one piece", async () => {
    await watch("/a", "/b");
    etcd.cut("14 UNAVAILABLE: Connection dropped");
    etcd.putTogether({ "/a/x": "1", "/b/x": "1" });
    await clock.advance(1_000);
    expect(seen).toEqual([{}, { "/a/x": "1", "/b/x": "1" }]);
    expect(etcd.openStreams).toBe(1);
  });
});

describe("a watch whose stream breaks", () => {
  test.each([["14 UNAVAILABLE: Connection dropped"], [undefined]])(
    "goes on from the next revision and loses no change and repeats none (%j)",
    async (error) => {
      etcd.put("/a/x", "1");
      await watch("/a");
      etcd.put("/a/x", "2");
      await settled();
      const next = String(etcd.revision + 1n);
      etcd.cut(error);
      etcd.put("/a/x", "3");
      etcd.put("/a/y", "1");
      await clock.advance(1_000);
      // The exact key has had no change since the listing, so its watch goes on from there.
      expect(etcd.watches.from.slice(2)).toEqual(["3", next]);
      expect(seen.slice(0, 2)).toEqual([{ "/a/x": "1" }, { "/a/x": "2" }]);
      expect(last()).toEqual({ "/a/x": "3", "/a/y": "1" });
      etcd.delete("/a/y");
      await settled();
      expect(last()).toEqual({ "/a/x": "3" });
      expect(events("watch-resumed")).toEqual([expect.objectContaining({ how: "continued", prefix: "/a" })]);
    },
  );

  test("goes on from what etcd has said it has told of, where there were no changes", async () => {
    await watch("");
    for (let n = 0; n < 5; n++) etcd.put("beside", String(n));
    etcd.progress();
    await settled();
    etcd.compact();
    etcd.cut();
    await clock.advance(1_000);
    expect(etcd.watches.from.at(-1)).toBe(String(etcd.revision + 1n));
    expect(events("watch-resumed")).toEqual([expect.objectContaining({ how: "continued" })]);
  });

  test("does not take the present that etcd names on opening for what it has delivered", async () => {
    await watch("/a");
    etcd.cut();
    for (let n = 0; n < 10; n++) etcd.put(`/a/${n}`, "1");
    etcd.watches.revisionsPerAnswer = 3;
    etcd.watches.cutHistoryAfter = 2; // once, while it catches up
    await clock.advance(2_000);
    expect(Object.keys(last() ?? {})).toHaveLength(10);
    expect(etcd.watches.from.filter((from) => from === "8")).toHaveLength(1);
  });

  test("loses nothing of a revision of which it has got only the first pieces", async () => {
    await watch("/a");
    etcd.cut();
    etcd.watches.eventsPerPiece = 2;
    etcd.putTogether(Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`/a/${n}`, "1"])));
    etcd.watches.cutAfterPieces = 1;
    await clock.advance(2_000);
    expect(seen).toEqual([{}, { "/a/0": "1", "/a/1": "1", "/a/2": "1", "/a/3": "1", "/a/4": "1" }]);
  });

  test("lists again when etcd has compacted what it missed, and shows the deletion it was never told of", async () => {
    etcd.putTogether({ "/a/x": "1", "/a/y": "1" });
    await watch("/a");
    etcd.cut();
    etcd.delete("/a/x");
    etcd.put("/a/z", "1");
    etcd.compact();
    await clock.advance(2_000);
    expect(seen).toEqual([
      { "/a/x": "1", "/a/y": "1" },
      { "/a/y": "1", "/a/z": "1" },
    ]);
    const reason = "etcd has compacted the history";
    expect(events("watch-resumed")).toEqual([expect.objectContaining({ how: "listed", reason })]);
  });

  test("gets a new token where the old one has expired, and misses nothing", async () => {
    await watch("/a");
    etcd.cut();
    etcd.expireToken();
    etcd.script("txn", (carryOut) => {
      const answer = carryOut();
      etcd.expireToken(); // just after the request that was to renew it
      return answer;
    });
    etcd.put("/a/x", "1");
    await clock.advance(2_000);
    expect(seen).toEqual([{}, { "/a/x": "1" }]);
    expect(events("watch-resumed")).toEqual([expect.objectContaining({ how: "continued" })]);
  });

  test("is tried at ever longer intervals, of a second at most, while it breaks at once", async () => {
    await watch("/a");
    const broken = Array.from({ length: 1_000 }, () => fails("14 UNAVAILABLE: Connection dropped"));
    etcd.script("openWatch", ...broken);
    etcd.cut();
    await clock.advance(60_000);
    const tries = etcd.calls.filter((call) => call === "openWatch").length;
    expect(tries).toBeGreaterThanOrEqual(60);
    expect(tries).toBeLessThan(130);
  });
});

describe("a watch of a store that is wiped or replaced", () => {
  test.each([
    ["is younger", 1n],
    ["is as old", 2n],
    ["is older", 40n],
  ])("ends in what the other cluster holds, when that %s", async (_, revision) => {
    etcd.put("/a/x", "1");
    await watch("/a");
    etcd.replace(revision);
    etcd.put("/a/y", "2");
    await clock.advance(2_000);
    expect(seen).toEqual([{ "/a/x": "1" }, { "/a/y": "2" }]);
    expect(events("watch-resumed")).toEqual([expect.objectContaining({ how: "listed" })]);
    etcd.put("/a/z", "3");
    await settled();
    expect(last()).toEqual({ "/a/y": "2", "/a/z": "3" });
  });

  test("notices it with the next resync where its stream says nothing of it", async () => {
    etcd.put("/a/x", "1");
    await watch("/a");
    etcd.replace(1n, "silently");
    await clock.advance(FIRST_RESYNC_MS);
    expect(last()).toEqual({});
    etcd.put("/a/y", "2");
    await clock.advance(1_000);
    expect(last()).toEqual({ "/a/y": "2" });
    const reason = "etcd was wiped or restored";
    expect(events("watch-resumed")).toEqual([expect.objectContaining({ how: "listed", reason })]);
  });
});

describe("a watch that is told nothing", () => {
  test("is opened anew within five seconds where requests know of a change, as on a member that is cut off", async () => {
    await watch("/a", "/b");
    await clock.advance(FIRST_RESYNC_MS);
    etcd.watches.forget();
    etcd.put("/b/x", "1");
    await clock.advance(5_000); // long before the next resync
    expect(last()).toEqual({ "/b/x": "1" });
    const reason = "the member of etcd that was followed has fallen behind the others";
    expect(events("watch-resumed")).toEqual([expect.objectContaining({ how: "continued", reason })]);
  });

  test("is left alone where nothing has changed but what it does not follow", async () => {
    await watch("/a");
    etcd.put("/other", "1");
    await clock.advance(3_900);
    etcd.put("/a/x", "1");
    await clock.advance(5_000);
    expect(seen).toEqual([{}, { "/a/x": "1" }]);
    expect(etcd.calls.filter((call) => call === "openWatch")).toHaveLength(1);
  });

  test("says since when it has not been certain that it has everything", async () => {
    const store = etcdStore(new EtcdRequests(etcd, { clock, emit: () => undefined }));
    expect(store.staleMs).toBe(0);
    const states = store.watch(["/a"], ending.signal)[Symbol.asyncIterator]();
    await states.next();
    await clock.advance(20_000);
    expect(store.staleMs).toBeLessThan(4_000);
    etcd.become("silent");
    await clock.advance(40_000);
    expect(store.staleMs).toBeGreaterThan(39_000);
    etcd.become("well");
    await clock.advance(10_000);
    expect(store.staleMs).toBeLessThan(4_000);
    ending.abort(new Error("the test is over"));
    await expect(states.next()).rejects.toThrow("the test is over");
  });

  test("is given up when etcd does not accept it within five seconds, and opened anew", async () => {
    await watch("/a");
    etcd.watches.ignored = 1;
    etcd.cut();
    etcd.put("/a/x", "1");
    await clock.advance(3_900); // before the first resync
    expect(last()).toEqual({});
    const opened = etcd.calls.length;
    await clock.advance(1_500);
    expect(etcd.calls.slice(opened)).toContain("openWatch");
    expect(last()).toEqual({ "/a/x": "1" });
  });

  test("sees with the next resync what its half-open stream did not bring", async () => {
    etcd.put("/a/x", "1");
    await watch("/a");
    etcd.become("silent");
    etcd.put("/a/y", "1");
    etcd.delete("/a/x");
    await clock.advance(50_000);
    expect(seen).toEqual([{ "/a/x": "1" }]);
    etcd.become("well");
    await clock.advance(EVERY_RESYNC_MS + 2_000);
    expect(seen).toEqual([{ "/a/x": "1" }, { "/a/y": "1" }]);
  });

  test("gives no state while nothing has changed, however often it reads everything afresh", async () => {
    etcd.put("/a/x", "1");
    await watch("/a");
    const before = etcd.calls.length;
    await clock.advance(10 * EVERY_RESYNC_MS);
    expect(etcd.calls.length - before).toBeGreaterThan(9);
    expect(seen).toEqual([{ "/a/x": "1" }]);
    expect(events("watch-resumed")).toEqual([]);
  });
});

describe("the resync of a watch", () => {
  test("does not bring back the past when a change overtakes it", async () => {
    etcd.put("/a/x", "1");
    await watch("/a");
    const slow = held();
    etcd.script("txn", slow.outcome);
    await clock.advance(FIRST_RESYNC_MS);
    etcd.put("/a/y", "while it reads");
    await settled();
    slow.release();
    await clock.advance(1_000);
    expect(seen).toEqual([{ "/a/x": "1" }, { "/a/x": "1", "/a/y": "while it reads" }]);
    expect(events("watch-resumed")).toEqual([]);
    etcd.put("/a/x", "2");
    await settled();
    expect(last()).toEqual({ "/a/x": "2", "/a/y": "while it reads" });
  });

  test("tries again later where etcd does not answer it", async () => {
    await watch("/a");
    const dropped = fails("14 UNAVAILABLE: Connection dropped");
    etcd.script("txn", dropped, dropped, dropped);
    await clock.advance(FIRST_RESYNC_MS);
    etcd.put("/a/x", "1");
    await settled();
    expect(last()).toEqual({ "/a/x": "1" });
    etcd.watches.forget();
    etcd.delete("/a/x"); // which nothing but a resync can find
    await clock.advance(EVERY_RESYNC_MS);
    expect(last()).toEqual({});
  });
});

describe("a watch that is called off", () => {
  const reason = new Error("called off");

  test.each([["well"], ["refusing"], ["silent"]] as const)("ends at once when etcd is %s", async (reach) => {
    await watch("/a");
    etcd.become(reach);
    await clock.advance(3_000);
    ending.abort(reason);
    expect(await end).toBe(reason);
    await clock.advance(10_000);
    expect([clock.pending, etcd.openStreams]).toEqual([0, 0]);
  });

  test("ends at once while a stream is being opened, and leaves none open that comes later", async () => {
    const slow = held();
    etcd.script("openWatch", slow.outcome);
    await watch("/a");
    ending.abort(reason);
    expect(await end).toBe(reason);
    expect(clock.pending).toBe(0);
    slow.release();
    await settled();
    expect(etcd.openStreams).toBe(0);
  });
});

test("a watch takes the numbers that it is given, as a proxy of etcd gives its own", async () => {
  etcd.watches.firstId = 7;
  await watch("/a");
  etcd.put("/a", "1");
  await settled();
  etcd.put("/a/x", "1");
  await settled();
  expect(last()).toEqual({ "/a": "1", "/a/x": "1" });
});
