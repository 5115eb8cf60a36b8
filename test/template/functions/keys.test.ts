import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareKeys } from "../../../src/core/text/key-order.js";
import { snapshotOf } from "../../../src/core/model/snapshot.js";
import { basePath, cleanPath, dirPath } from "../../../src/core/text/path.js";
import { globMatcher } from "../../../src/template/functions/glob.js";
import { Keys } from "../../../src/template/functions/keys.js";

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
const keys = fc.uniqueArray(key);

/** What `ask` says of every key by itself, in order. */
function ofEach(all: readonly string[], ask: (name: string) => readonly string[]): readonly string[] {
  return [...new Set(all.map(cleanPath).flatMap(ask))].sort(compareKeys);
}

const open = (all: readonly string[]) =>
  new Keys(
    snapshotOf(
      1n,
      all.map((one) => [one, ""] as const),
    ),
    "/",
  );

/** Whether a directory is this path or lies below it. */
const holds = (path: string, directory: string) =>
  directory === path || (path !== "/" && directory.startsWith(`${path}/`));

const firstPart = (rest: string) => rest.split("/")[0] ?? "";

describe("the keys of a snapshot", () => {
  test("are found by a pattern as if every single one had been looked at", () => {
    fc.assert(
      fc.property(keys, pattern, (all, wanted) => {
        const matches = globMatcher(wanted);
        const found = open(all).getAll(wanted);
        expect(found.map(({ key: name }) => name)).toEqual(ofEach(all, (name) => (matches(name) ? [name] : [])));
      }),
    );
  });

  test("are listed as if every single one had been looked at", () => {
    fc.assert(
      fc.property(keys, key, (all, wanted) => {
        const clean = cleanPath(wanted);
        const expected = ofEach(all, (name) => {
          if (name === wanted) return [basePath(name)];
          const rest = (name.startsWith(wanted) ? name.slice(wanted.length) : name).replace(/^\//, "");
          return holds(clean, dirPath(name)) ? [firstPart(rest)] : [];
        });
        expect(open(all).list(wanted)).toEqual(expected);
      }),
    );
  });

  test("have directories as if every single one had been looked at", () => {
    fc.assert(
      fc.property(keys, key, (all, wanted) => {
        const clean = cleanPath(wanted);
        const expected = ofEach(all, (name) => {
          const directory = dirPath(name);
          const isBelow = name.startsWith(wanted) && directory !== clean && holds(clean, directory);
          return isBelow ? [firstPart(directory.slice(clean.length + 1))] : [];
        });
        expect(open(all).listDirectories(wanted)).toEqual(expected);
      }),
    );
  });
});
