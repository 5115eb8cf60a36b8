import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { snapshotOf } from "../../src/core/model/snapshot.js";
import { departuresBetween } from "../../src/core/registry/departures.js";
import {
  firstEnd,
  type HeldKeys,
  massesAmong,
  release,
  stillHeld,
  withDepartures,
  withHeld,
} from "../../src/renderer/held-keys.js";

const held: HeldKeys = new Map([
  ["/app/web/1", { was: "a", is: undefined, since: 100 }],
  ["/app/web/2", { was: "b", is: "nonsense", since: 200 }],
]);

describe("held keys", () => {
  test("stand in the newest state as they were, in their places, and all else as it is", () => {
    const newest = snapshotOf(7n, [
      ["/app/web/2", "nonsense"],
      ["/app/api/1", "c"],
    ]);
    const { revision, entries } = withHeld(newest, held);
    expect(revision).toBe(7n);
    expect([...entries]).toEqual([
      ["/app/api/1", "c"],
      ["/app/web/1", "a"],
      ["/app/web/2", "b"],
    ]);
  });

  test("leave the leases to what the store says", () => {
    const newest = snapshotOf(7n, [["/app/web/2", "nonsense"]], new Map([["/app/web/2", "b2"]]));
    expect(withHeld(newest, held).leases).toEqual(newest.leases);
  });

  test("are held no longer when there is news of them", () => {
    const same = snapshotOf(1n, [["/app/web/2", "nonsense"]]);
    expect(stillHeld(held, same)).toBe(held);
    const news = snapshotOf(1n, [
      ["/app/web/1", "a"],
      ["/app/web/2", "nonsense"],
    ]);
    expect([...stillHeld(held, news).keys()]).toEqual(["/app/web/2"]);
  });

  test("have their graces one by one, and what the store says at the end of each is believed", () => {
    expect(firstEnd(held, 1_000)).toBe(1_100);
    expect(firstEnd(new Map(), 1_000)).toBeUndefined();
    const released = release(held, snapshotOf(1n, [["/app/web/2", "nonsense"]]), 1_100, 1_000);
    expect([...released.held.keys()]).toEqual(["/app/web/2"]);
    expect(released.believed).toEqual(new Map([["/app/web/1", undefined]]));
  });
});

describe("the places of departures", () => {
  const before = snapshotOf(
    1n,
    [...["a", "b"].flatMap((place) => [1, 2, 3, 4, 5].map((n) => `/${place}/${n}`)), "/c/1"].map((key) => [key, "x"]),
  );

  test("count where the last key or most of them are gone", () => {
    const after = snapshotOf(
      1n,
      [...before.entries].filter(([key]) => !/^\/(a\/[123]|b\/[12]|c)/.test(key)),
    );
    const gone = departuresBetween(before, after);
    const keys = massesAmong(gone, gone, before).map(({ key }) => key);
    expect(keys).toEqual(["/a/1", "/a/2", "/a/3", "/c/1"]);
    const some = gone.filter(({ key }) => key === "/a/1" || key === "/b/1");
    expect(massesAmong(some, gone, before).map(({ key }) => key)).toEqual(["/a/1"]);
  });
});

describe("any two states", () => {
  const key = fc.constantFrom("/a/1", "/a/2", "/b/1", "/b/2");
  const state = fc
    .uniqueArray(fc.tuple(key, fc.constantFrom("x", "y")), { selector: ([name]) => name })
    .map((rows) => snapshotOf(1n, rows));

  test("become one another by what has departed, but for what is new", () => {
    fc.assert(
      fc.property(state, state, (before, after) => {
        const reached = withDepartures(before, departuresBetween(before, after));
        for (const [name, value] of reached.entries) expect(after.entries.get(name)).toBe(value);
      }),
    );
  });

  test("lose nothing to one another that is held", () => {
    fc.assert(
      fc.property(state, state, (before, after) => {
        const gone = departuresBetween(before, after).map(
          ({ key: name, was, is }) => [name, { was, is, since: 0 }] as const,
        );
        const kept = withHeld(after, new Map(gone));
        expect(departuresBetween(before, kept)).toEqual([]);
        for (const [name, value] of after.entries) {
          if (!before.entries.has(name)) expect(kept.entries.get(name)).toBe(value);
        }
      }),
    );
  });
});
