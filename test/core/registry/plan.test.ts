import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Entry, plan, type Transaction } from "../../../src/core/registry/plan.js";

const entries = fc
  .array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("1", "2"), fc.constantFrom("x", "y")))
  .map((rows): ReadonlyMap<string, Entry> => new Map(rows.map(([key, value, unit]) => [key, { value, unit }])));

function carryOut(transactions: readonly Transaction[], held: ReadonlyMap<string, Entry>): Record<string, string> {
  const result = new Map([...held].map(([key, { value }]) => [key, value]));
  for (const write of transactions.flat()) {
    if (write.kind === "put") result.set(write.key, write.value);
    else result.delete(write.key);
  }
  return Object.fromEntries(result);
}

describe("a plan", () => {
  test("carried out leads to what was desired", () => {
    fc.assert(
      fc.property(entries, entries, (desired, held) => {
        const wanted = Object.fromEntries([...desired].map(([key, { value }]) => [key, value]));
        expect(carryOut(plan(desired, held), held)).toEqual(wanted);
      }),
    );
  });

  test("writes nothing when all agree, and nothing twice", () => {
    fc.assert(
      fc.property(entries, entries, (desired, held) => {
        expect(plan(desired, desired)).toEqual([]);
        const keys = plan(desired, held)
          .flat()
          .map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  test("keeps the writes of a unit in one transaction, puts before deletes", () => {
    const held = new Map([
      ["/old", { value: "1", unit: "u" }],
      ["/other", { value: "1", unit: "v" }],
    ]);
    expect(plan(new Map([["/new", { value: "1", unit: "u" }]]), held)).toEqual([
      [
        { kind: "put", key: "/new", value: "1" },
        { kind: "delete", key: "/old" },
      ],
      [{ kind: "delete", key: "/other" }],
    ]);
  });
});
