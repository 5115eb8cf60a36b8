import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareKeys, snapshotOf } from "../../src/core/snapshot.js";
import { Keys } from "../../src/template/keys.js";

const part = fc.constantFrom("a", "ab", "a-b", "b", "\u{1f433}", "\uffee", ".", "..", "");
const path = fc.array(part, { maxLength: 4 }).map((parts) => parts.join("/"));
const key = fc.oneof(
  path,
  path.map((rest) => `/${rest}`),
);
const pattern = fc.oneof(
  key,
  fc.tuple(key, fc.constantFrom("*", "/*", "?", "/a*", "[a-b]", "\\a")).map(([begin, end]) => begin + end),
);
const prefix = fc.constantFrom("/", "/a", "/a/");
const entries = fc.uniqueArray(key).map((all) => all.map((one) => [one, `value of ${one}`] as const));

/** What `ask` says of the keys taken one by one, in order. */
function oneByOne<T>(all: readonly (readonly [string, string])[], cut: string, ask: (keys: Keys) => readonly T[]) {
  return all.flatMap((one) => ask(new Keys(snapshotOf(1n, [one]), cut)));
}

describe("the keys of a snapshot", () => {
  test("are found as if every single one had been looked at", () => {
    fc.assert(
      fc.property(entries, prefix, pattern, (all, cut, wanted) => {
        const names = oneByOne(all, cut, (keys) => keys.getAll(wanted)).map(({ key: name }) => name);
        const found = new Keys(snapshotOf(1n, all), cut).getAll(wanted).map(({ key: name }) => name);
        expect(found).toEqual([...new Set(names)].sort(compareKeys));
      }),
    );
  });

  test.each(["list", "listDirectories"] as const)(
    "give the names of %s as if every single one had been looked at",
    (ask) => {
      fc.assert(
        fc.property(entries, prefix, key, (all, cut, wanted) => {
          const names = oneByOne(all, cut, (keys) => keys[ask](wanted));
          expect(new Keys(snapshotOf(1n, all), cut)[ask](wanted)).toEqual([...new Set(names)].sort(compareKeys));
        }),
      );
    },
  );
});
