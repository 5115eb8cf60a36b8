import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Transaction, Write } from "../../../src/core/registry/plan.js";
import { roundsOf } from "../../../src/edges/leases/packing.js";

const LIMITS = { writes: 100, characters: 256 * 1024 };

const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), key: fc.string({ maxLength: 2 }), value: fc.string() }),
  fc.record({ kind: fc.constant("delete" as const), key: fc.string({ maxLength: 2 }) }),
);

const carriedOut = (writes: readonly Write[]): ReadonlyMap<string, string> => {
  const store = new Map<string, string>();
  for (const one of writes) {
    if (one.kind === "put") store.set(one.key, one.value);
    else store.delete(one.key);
  }
  return store;
};

describe("packing", () => {
  test("changes nothing about the outcome, and never writes a key twice in one round", () => {
    fc.assert(
      fc.property(fc.array(fc.array(write, { maxLength: 5 }), { maxLength: 120 }), (transactions) => {
        const rounds = roundsOf(transactions, LIMITS);
        expect(carriedOut(rounds.flat(2))).toEqual(carriedOut(transactions.flat()));
        for (const round of rounds) {
          const keys = round.flat().map(({ key }) => key);
          expect(new Set(keys).size).toBe(keys.length);
          for (const pack of round) expect(pack.length).toBeLessThanOrEqual(100);
        }
      }),
    );
  });

  const unit = (name: string, size: number, bytes = 1): Transaction =>
    Array.from({ length: size }, (_, n) => ({ kind: "put", key: `${name}/${n}`, value: "x".repeat(bytes) }));

  test("keeps each transaction whole", () => {
    const rounds = roundsOf(
      Array.from({ length: 60 }, (_, n) => unit(`u${n}`, 7)),
      LIMITS,
    );
    expect(rounds).toHaveLength(1);
    const units = (rounds[0] ?? []).map((pack) => new Set(pack.map(({ key }) => key.split("/")[0])));
    expect(units.map(({ size }) => size)).toEqual([14, 14, 14, 14, 4]);
  });

  test("splits only what the store would refuse as too many writes or too many bytes", () => {
    expect((roundsOf([unit("many", 250)], LIMITS)[0] ?? []).map((pack) => pack.length)).toEqual([100, 100, 50]);
    expect((roundsOf([unit("a", 1, 200_000), unit("b", 1, 200_000)], LIMITS)[0] ?? []).length).toBe(2);
  });
});
