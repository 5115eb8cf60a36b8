import { describe, expect, test } from "vitest";
import { type Snapshot, snapshotOf } from "../../src/core/model/snapshot.js";
import { Notifier } from "../../src/flow/notifier.js";
import type { Adjustment } from "../../src/ports.js";
import { follow } from "../../src/renderer/following.js";
import { ManualClock } from "../support/manual-clock.js";

const AGREES: Adjustment = { kind: "agrees" };

/** A store of two services, and an HAProxy that takes its time for what is large. */
class World {
  readonly clock = new ManualClock();
  /** What was brought in and when, as `300 small 2 large 0`. */
  readonly journal: string[] = [];
  /** What bringing states in comes to; it agrees when nothing is said. */
  adjustments: (Adjustment | Error)[] = [];
  largeTakesMs = 0;
  end: () => void = () => undefined;
  readonly stop = new AbortController();
  readonly #news = new Notifier();
  readonly #begun: Snapshot;
  #newest: Snapshot;
  #given: Snapshot;
  #large = 0;
  #over: Promise<void> | undefined;

  constructor() {
    this.#begun = this.#newest = this.#given = this.#stateOf(0, 0);
  }

  begin(last?: Adjustment): void {
    const end = new Promise<void>((resolve) => (this.end = resolve));
    this.#over = follow(end, {
      clock: this.clock,
      begun: this.#begun,
      last,
      newer: async (until, isAtOnce) => {
        while (this.#newest === this.#given && !isAtOnce)
          if (!(await this.#news.waitUntil(until, this.stop.signal))) return undefined;
        return (this.#given = this.#newest);
      },
      bringTo: (state) => this.#bringTo(state),
    });
  }

  show(small: number, large: number): void {
    this.#newest = this.#stateOf(small, large);
    this.#news.notify();
  }

  async [Symbol.asyncDispose]() {
    this.end();
    await this.clock.advance(10_000);
    await this.#over;
    expect(this.clock.pending).toBe(0);
  }

  async #bringTo({ entries }: Snapshot): Promise<Adjustment> {
    const large = Number(entries.get("/app/large/s0"));
    this.journal.push(`${this.clock.now()} small ${entries.get("/app/small/s") ?? ""} large ${large}`);
    if (large !== this.#large) await new Promise<void>((resolve) => this.clock.after(this.largeTakesMs, resolve));
    this.#large = large;
    const next = this.adjustments.shift() ?? AGREES;
    if (next instanceof Error) throw next;
    return next;
  }

  #stateOf(small: number, large: number): Snapshot {
    const many = Array.from({ length: 200 }, (_, at) => [`/app/large/s${at}`, String(large)] as const);
    return snapshotOf(1n, [...many, ["/app/small/s", String(small)]]);
  }
}

describe("while something takes its time, what runs", () => {
  test("is left alone where that is quick", async () => {
    await using world = new World();
    world.begin();
    world.show(1, 0);
    await world.clock.advance(199);
    world.end();
    await world.clock.advance(1_000);
    expect(world.journal).toEqual([]);
  });

  test("follows each newer state at once, until that has ended", async () => {
    await using world = new World();
    world.begin();
    await world.clock.advance(250);
    world.show(1, 0);
    await world.clock.advance(10);
    world.show(2, 0);
    await world.clock.advance(10);
    world.end();
    await world.clock.advance(10);
    world.show(3, 0);
    await world.clock.advance(1_000);
    expect(world.journal).toEqual(["250 small 1 large 0", "260 small 2 large 0"]);
  });

  test("has what is small first, and what is large in its time though nothing is new", async () => {
    await using world = new World();
    world.begin();
    world.show(1, 1);
    await world.clock.advance(500);
    world.show(2, 1);
    await world.clock.advance(2_000);
    expect(world.journal).toEqual(["200 small 1 large 0", "500 small 2 large 0", "1200 small 2 large 1"]);
  });

  test("waits for what is large for no more than a part of the time, however long that takes", async () => {
    await using world = new World();
    world.largeTakesMs = 1_000;
    world.begin();
    for (let round = 1; round <= 100; round++) {
      world.show(round, round);
      await world.clock.advance(100);
    }
    const large = world.journal.map((line) => Number(/large (\d+)/.exec(line)?.[1]));
    const bringing = large.filter((each, at) => each !== (large[at - 1] ?? 0)).length;
    expect(bringing).toBe(2);
    expect(world.journal.length).toBeGreaterThan(70);
  });

  test("goes on with the parts of what takes more than one, the newest state in between", async () => {
    await using world = new World();
    world.adjustments = [
      { kind: "partial", commands: 9 },
      { kind: "reload", reason: "", hasMore: true },
      { kind: "reload", reason: "" },
    ];
    world.begin({ kind: "reload", reason: "", hasMore: true });
    await world.clock.advance(300);
    expect(world.journal).toEqual(Array(3).fill("200 small 0 large 0"));
  });

  test("is followed no further when all is called off, and nobody hears of it twice", async () => {
    await using world = new World();
    world.begin();
    await world.clock.advance(300);
    world.stop.abort(new Error("stop"));
    await world.clock.advance(10);
    world.show(1, 0);
    await world.clock.advance(1_000);
    expect(world.journal).toEqual([]);
  });

  test("follows the next state where one has failed", async () => {
    await using world = new World();
    world.adjustments = [new Error("no answer")];
    world.begin();
    world.show(1, 0);
    await world.clock.advance(300);
    world.show(2, 0);
    await world.clock.advance(10);
    expect(world.journal).toEqual(["200 small 1 large 0", "300 small 2 large 0"]);
  });
});
