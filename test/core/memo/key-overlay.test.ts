import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareKeys } from "../../../src/core/text/key-order.js";
import { withChanged } from "../../../src/core/memo/key-overlay.js";

const MANY = 1_200;
const keyAt = (at: number): string => `/app/web${at % 7}/c${at}`;
const inOrder = (entries: Iterable<readonly [string, string]>) => [...entries].sort(([a], [b]) => compareKeys(a, b));
const BASE = new Map(inOrder(Array.from({ length: MANY }, (_, at) => [keyAt(at), `10.0.0.${at % 250}:80`] as const)));

/** Keys that are there and keys that are not. */
const someKey = fc.oneof(
  fc.nat(MANY + 20).map(keyAt),
  fc.constantFrom("/a", "/z", "/app/web3", "/app/web3/c17x", "/app/\u{1f433}", "/app/\uffee"),
);
const someChanges = fc.array(fc.tuple(someKey, fc.option(fc.string(), { nil: undefined })), { maxLength: 40 });

describe("entries of many keys with some that have changed", () => {
  test("are what a copy with the same changes would be, change after change, however it is read", () => {
    fc.assert(
      fc.property(fc.array(someChanges, { maxLength: 12 }), (steps) => {
        let entries: ReadonlyMap<string, string> = BASE;
        const copy = new Map(BASE);
        for (const step of steps) {
          const changed = new Map(step);
          entries = withChanged(entries, changed);
          for (const [key, value] of changed) {
            if (value === undefined) copy.delete(key);
            else copy.set(key, value);
          }
        }
        const expected = inOrder(copy);
        expect([...entries]).toEqual(expected);
        expect([...entries.entries()]).toEqual(expected);
        expect([...entries.keys()]).toEqual(expected.map(([key]) => key));
        expect([...entries.values()]).toEqual(expected.map(([, value]) => value));
        const each: [string, string][] = [];
        entries.forEach((value, key) => each.push([key, value]));
        expect(each).toEqual(expected);
        expect(entries.size).toBe(expected.length);
        for (const key of steps.flat().map(([name]) => name)) {
          expect(entries.get(key)).toBe(copy.get(key));
          expect(entries.has(key)).toBe(copy.has(key));
        }
      }),
      { numRuns: 30 },
    );
  });

  test("leave the entries alone that they came of", () => {
    const one = withChanged(BASE, new Map([["/new", "1"]]));
    const other = withChanged(one, new Map([["/new", undefined]]));
    expect([BASE.has("/new"), one.get("/new"), other.has("/new")]).toEqual([false, "1", false]);
    expect(BASE.size).toBe(MANY);
  });

  test("cost no copy of the others", () => {
    const moved = (round: number) => new Map([[keyAt(round * 3), `10.1.0.${round}:80`]]);
    let entries: ReadonlyMap<string, string> = BASE;
    for (let round = 0; round < 200; round++) entries = withChanged(entries, moved(round));
    expect(entries).not.toBeInstanceOf(Map);
    for (let round = 200; round < 300; round++) entries = withChanged(entries, moved(round));
    expect(entries.get(keyAt(0))).toBe("10.1.0.0:80");
    expect(entries.size).toBe(MANY);
  });
});
