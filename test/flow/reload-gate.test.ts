import { describe, expect, test } from "vitest";
import { sleep } from "../../src/flow/clock.js";
import { ReloadGate, type ReloadPace, type Turn } from "../../src/flow/reload-gate.js";
import { ManualClock, settled } from "../support/manual-clock.js";

function start() {
  const clock = new ManualClock();
  const reloadGate = new ReloadGate(clock);
  const stop = new AbortController();
  const journal: string[] = [];
  const turns = new Map<string, Turn>();
  const enter = async (name: string, distanceMs = 0, signal = stop.signal): Promise<void> => {
    const turn = await reloadGate.enter(signal);
    const waitMs = turn.remaining({ burst: 1, intervalMs: distanceMs });
    if (waitMs > 0) await sleep(waitMs, clock, signal);
    journal.push(name);
    turns.set(name, turn);
  };
  const leave = async (name: string): Promise<void> => {
    turns.get(name)?.[Symbol.dispose]();
    await settled();
  };
  return { clock, stop, journal, turns, enter, leave };
}

describe("a lane", () => {
  test("lets one in at a time, in the order they came", async () => {
    const { journal, enter, leave } = start();
    const all = Promise.all([enter("a"), enter("b"), enter("c")]);
    await settled();
    expect(journal).toEqual(["a"]);
    await leave("a");
    expect(journal).toEqual(["a", "b"]);
    await leave("b");
    await all;
    expect(journal).toEqual(["a", "b", "c"]);
  });

  test("keeps the distance from the last mark, each its own", async () => {
    const { clock, journal, turns, enter, leave } = start();
    await enter("a");
    turns.get("a")?.mark();
    await leave("a");
    const entered = enter("b", 1_000);
    await clock.advance(999);
    expect(journal).toEqual(["a"]);
    await clock.advance(1);
    await entered;
    await leave("b");
    await enter("c", 1_000); // nothing was marked since
    expect(journal).toEqual(["a", "b", "c"]);
  });

  test("goes on when one that waits is called off", async () => {
    const { clock, stop, journal, turns, enter, leave } = start();
    await enter("a");
    turns.get("a")?.mark();
    const off = new AbortController();
    const waiting = expect(enter("b", 0, off.signal)).rejects.toThrow("off");
    const last = enter("c");
    off.abort(new Error("off"));
    await waiting;
    expect(journal).toEqual(["a"]);
    await leave("a");
    await last;
    expect(journal).toEqual(["a", "c"]);
    await leave("c");
    const distant = expect(enter("d", 1_000)).rejects.toThrow("stop");
    await settled();
    stop.abort(new Error("stop"));
    await distant;
    expect(clock.pending).toBe(0);
  });
});

describe("the pace of reloads", () => {
  /** Reloads as often as the pace allows, until so many have been made; resolves to when each was, in milliseconds. */
  async function timesOf(count: number, pace: ReloadPace, { withheld = 0, everyMs = 0 } = {}) {
    const clock = new ManualClock();
    const gate = new ReloadGate(clock);
    const times: number[] = [];
    for (let made = 0; made < count; made++) {
      using turn = await gate.enter(new AbortController().signal);
      await clock.advance(Math.max(0, made * everyMs - clock.now()));
      await clock.advance(turn.remaining(pace, withheld));
      expect(turn.remaining(pace, withheld)).toBe(0);
      turn.mark();
      times.push(clock.now());
    }
    return times;
  }

  test("allows some at once after quiet, and one for each interval then", async () => {
    expect(await timesOf(8, { burst: 5, intervalMs: 1_000 })).toEqual([0, 0, 0, 0, 0, 1_000, 2_000, 3_000]);
    expect(await timesOf(3, { burst: 1, intervalMs: 1_000 })).toEqual([0, 1_000, 2_000]);
    expect(await timesOf(3, { burst: 1, intervalMs: 0 })).toEqual([0, 0, 0]);
  });

  test("has changes half an interval apart wait only when they go on and on", async () => {
    const times = await timesOf(12, { burst: 5, intervalMs: 1_000 }, { everyMs: 500 });
    expect(times).toEqual([0, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 5_000, 6_000, 7_000]);
  });

  test("is that of all at once again after as many intervals", async () => {
    const clock = new ManualClock();
    const gate = new ReloadGate(clock);
    const pace = { burst: 3, intervalMs: 1_000 };
    const burst = async (): Promise<number> => {
      let made = 0;
      using turn = await gate.enter(new AbortController().signal);
      for (; turn.remaining(pace) === 0; made++) turn.mark();
      return made;
    };
    expect(await burst()).toBe(3);
    await clock.advance(2_000);
    expect(await burst()).toBe(2);
    await clock.advance(60_000);
    expect(await burst()).toBe(3);
  });

  test("keeps back what is not to be made at once, so that no reload comes earlier than at a steady pace", async () => {
    const pace = { burst: 5, intervalMs: 1_000 };
    expect(await timesOf(4, pace, { withheld: 5 })).toEqual([0, 1_000, 2_000, 3_000]);
    // A worker that is at work from the beginning has outlived one more of them each time.
    const clock = new ManualClock();
    const gate = new ReloadGate(clock);
    const times: number[] = [];
    for (let outlived = 0; outlived <= 6; outlived++) {
      using turn = await gate.enter(new AbortController().signal);
      await clock.advance(turn.remaining(pace, outlived));
      turn.mark();
      times.push(clock.now());
    }
    expect(times).toEqual([0, 0, 0, 2_000, 4_000, 5_000, 6_000]);
  });

  test("owes for reloads that did not wait, and never more than all at once", async () => {
    const gate = new ReloadGate(new ManualClock());
    const pace = { burst: 3, intervalMs: 1_000 };
    using turn = await gate.enter(new AbortController().signal);
    for (let made = 0; made < 200; made++) turn.mark();
    expect(turn.remaining(pace)).toBe(1_000);
    expect(turn.remaining(pace, 3)).toBe(3_000);
  });

  test("is each one's own where they are kept apart", async () => {
    const gate = new ReloadGate(new ManualClock());
    const pace = { burst: 1, intervalMs: 1_000 };
    {
      using turn = await gate.enter(new AbortController().signal, "one");
      turn.mark();
    }
    using turn = await gate.enter(new AbortController().signal, "another");
    expect(turn.remaining(pace)).toBe(0);
  });
});

describe("a reload that others may share", () => {
  /** Somebody who enters, reloads unless told otherwise, and leaves; resolves to what came of it. */
  function crowd() {
    const gate = new ReloadGate<string>(new ManualClock());
    const stop = new AbortController();
    const journal: string[] = [];
    const come = async (
      name: string,
      ends: readonly (string | Promise<string>)[] = ["proven"],
      signal = stop.signal,
    ) => {
      using turn = await gate.enter(signal);
      journal.push(`${name} writes`);
      const came: string[] = [];
      for (const end of ends) {
        const reload = async (): Promise<string> => {
          journal.push(`${name} reloads`);
          return end;
        };
        came.push(await turn.share(reload, signal));
      }
      return came;
    };
    return { stop, journal, come };
  }

  test("is one for all that wait for their turn", async () => {
    const { journal, come } = crowd();
    const ends = await Promise.all([come("a"), come("b"), come("c")]);
    expect(ends).toEqual([["proven"], ["proven"], ["proven"]]);
    expect(journal).toEqual(["a writes", "b writes", "c writes", "c reloads"]);
  });

  test("is made at once where nobody waits", async () => {
    const { journal, come } = crowd();
    expect(await come("a")).toEqual(["proven"]);
    expect(await come("b")).toEqual(["proven"]);
    expect(journal).toEqual(["a writes", "a reloads", "b writes", "b reloads"]);
  });

  test("is made by its own where those who waited make none", async () => {
    const { journal, come } = crowd();
    expect(await Promise.all([come("a"), come("b", [])])).toEqual([["proven"], []]);
    expect(journal).toEqual(["a writes", "b writes", "a reloads"]);
  });

  test("fails for all, and so does the next one serve all", async () => {
    const { journal, come } = crowd();
    const ends = await Promise.all([
      come("a", ["-", "proven"]),
      come("b", ["-", "proven"]),
      come("c", ["failed", "proven"]),
    ]);
    expect(ends).toEqual([
      ["failed", "proven"],
      ["failed", "proven"],
      ["failed", "proven"],
    ]);
    expect(journal.slice(3)).toEqual(["c reloads", "b reloads"]);
  });

  test("is waited for no longer than its signal lets it, and holds up nobody", async () => {
    const { journal, come } = crowd();
    const off = new AbortController();
    const called = expect(come("a", ["proven"], off.signal)).rejects.toThrow("off");
    const { promise: end, resolve } = deferred();
    const other = come("b", [end]);
    await settled();
    off.abort(new Error("off"));
    await called;
    resolve("failed");
    expect(await other).toEqual(["failed"]);
    expect(await come("c")).toEqual(["proven"]);
    expect(journal).toEqual(["a writes", "b writes", "b reloads", "c writes", "c reloads"]);
  });

  test("is made when the only one that waited is called off", async () => {
    const { journal, come } = crowd();
    const off = new AbortController();
    const first = come("a");
    const called = expect(come("b", ["proven"], off.signal)).rejects.toThrow("off");
    off.abort(new Error("off"));
    await called;
    expect(await first).toEqual(["proven"]);
    expect(journal).toEqual(["a writes", "a reloads"]);
  });
});

/** An end that comes when the test says so. */
function deferred(): { readonly promise: Promise<string>; readonly resolve: (end: string) => void } {
  let resolve: (end: string) => void = () => undefined;
  const promise = new Promise<string>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
