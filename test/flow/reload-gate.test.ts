import { describe, expect, test } from "vitest";
import { sleep } from "../../src/flow/clock.js";
import { ReloadGate, type Turn } from "../../src/flow/reload-gate.js";
import { ManualClock, settled } from "../support/manual-clock.js";

function start() {
  const clock = new ManualClock();
  const reloadGate = new ReloadGate(clock);
  const stop = new AbortController();
  const journal: string[] = [];
  const turns = new Map<string, Turn>();
  const enter = async (name: string, distanceMs = 0, signal = stop.signal): Promise<void> => {
    const turn = await reloadGate.enter(signal);
    const waitMs = turn.remaining(distanceMs);
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
