import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pathAbove, type Snapshot, snapshotOf } from "../../src/core/model/snapshot.js";
import { withSmallChanges } from "../../src/renderer/small-changes.js";

/** So many keys of each service, of which the first `changed` say something else in each `round`. */
function stateOf(
  services: Readonly<Record<string, readonly [count: number, changed: number]>>,
  round: number,
): Snapshot {
  const entries = Object.entries(services).flatMap(([name, [count, changed]]) =>
    Array.from({ length: count }, (_, at) => [`/app/${name}/s${at}`, at < changed ? String(round) : ""] as const),
  );
  return snapshotOf(BigInt(round), entries);
}

describe("a newer state without what is large", () => {
  test("is the newest itself where little has changed", () => {
    const [before, newest] = [1, 2].map((round) => stateOf({ large: [500, 99], small: [3, 3] }, round));
    expect(before && newest && withSmallChanges(before, newest)).toBe(newest);
  });

  test("has a service of which many keys have come, changed or gone as it was", () => {
    const before = stateOf({ grows: [10, 0], moves: [200, 200], shrinks: [300, 0], small: [3, 3] }, 1);
    const newest = stateOf({ grows: [110, 0], moves: [200, 200], shrinks: [200, 0], small: [2, 2] }, 2);
    const mixed = withSmallChanges(before, newest);
    const wanted = stateOf({ grows: [10, 0], moves: [200, 200], shrinks: [300, 0] }, 1);
    expect([...mixed.entries]).toEqual([...wanted.entries, ["/app/small/s0", "2"], ["/app/small/s1", "2"]]);
    expect(mixed.revision).toBe(2n);
  });

  test("has each service as it was or as it is, in order, and ends as the newest once nothing is large", () => {
    const size = fc.nat(300);
    const services = fc.record({ a: size, b: size, c: size });
    fc.assert(
      fc.property(services, services, ({ ...had }, { ...has }) => {
        const of = (sizes: Readonly<Record<string, number>>, round: number): Snapshot =>
          stateOf(Object.fromEntries(Object.entries(sizes).map(([name, count]) => [name, [count, count]])), round);
        const [before, newest] = [of(had, 1), of(has, 2)];
        const mixed = withSmallChanges(before, newest);
        const inPlace = ({ entries }: Snapshot, name: string) =>
          [...entries].filter(([key]) => pathAbove(key) === `/app/${name}`);
        for (const name of ["a", "b", "c"]) {
          expect([inPlace(before, name), inPlace(newest, name)]).toContainEqual(inPlace(mixed, name));
        }
        expect([...mixed.entries.keys()]).toEqual([...snapshotOf(2n, mixed.entries).entries.keys()]);
        expect(withSmallChanges(newest, newest)).toBe(newest);
      }),
      { numRuns: 50 },
    );
  });
});
