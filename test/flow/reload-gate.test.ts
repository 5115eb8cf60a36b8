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
