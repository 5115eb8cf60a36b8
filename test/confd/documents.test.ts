import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entriesOfEnvironment } from "../../src/confd/environment.js";
import { beginsWithAny, flatten } from "../../src/confd/flatten.js";
import { linesOf, parseLogLevel } from "../../src/confd/log-lines.js";

describe("a document", () => {
  test.each([
    [{ a: { b: "x" } }, [["/a/b", "x"]]],
    [
      { a: ["x", ["y"]] },
      [
        ["/a/0", "x"],
        ["/a/1/0", "y"],
      ],
    ],
    [
      { a: null, b: {}, c: [], d: true, e: 12345678901234567890n },
      [
        ["/d", "true"],
        ["/e", "12345678901234567890"],
      ],
    ],
    [
      { a: 1.5, b: 1e21, c: 1e-7, d: -1.25e22, e: 0.1 },
      [
        ["/a", "1.5"],
        ["/b", "1000000000000000000000"],
        ["/c", "0.0000001"],
        ["/d", "-12500000000000000000000"],
        ["/e", "0.1"],
      ],
    ],
    [{ "/a/b/": { "../c": "x" } }, [["/a/c", "x"]]],
    [null, []],
  ])("becomes keys (%#)", (document, entries) => {
    expect(flatten(document)).toEqual(entries);
  });

  test("never shows a number with an exponent, and always the same number", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const text = flatten({ a: number })[0]?.[1] ?? "";
        expect(text).toMatch(/^-?\d+(\.\d+)?$/);
        expect(Number(text)).toBe(number);
      }),
    );
  });

  test("is asked for by any beginning of its keys", () => {
    expect(beginsWithAny("/foo", ["/fo"])).toBe(true);
    expect(beginsWithAny("/fo/x", ["/fo/*"])).toBe(true);
    expect(beginsWithAny("/f", ["/fo"])).toBe(false);
  });
});

test("the environment is asked for in capitals and answers in small letters", () => {
  const env = { MY_KEY: "1", MY_KEY_Sub: "2", my_key: "3", MYX: "4", OTHER: "5" };
  expect(entriesOfEnvironment(env, ["/my/key"])).toEqual([
    ["/my/key", "1"],
    ["/my/key/sub", "2"],
  ]);
  expect(entriesOfEnvironment(env, ["my"]).map(([key]) => key)).toEqual(["/myx", "/my/key", "/my/key/sub"]);
});

describe("a line of confd's log", () => {
  const said = (outcome: Parameters<typeof linesOf>[0], isNoop = false) =>
    linesOf(outcome, isNoop).map(({ level, message }) => `${level} ${message}`);

  test("says what people search for", () => {
    const differences = [{ what: "md5sum", has: "A", shouldBe: "B" }] as const;
    const event = { kind: "out-of-sync", resource: "r", dest: "/d", differences } as const;
    expect(said(event)).toEqual(["info /d has md5sum A should be B", "info Target config /d out of sync"]);
    expect(said(event, true)).toEqual(["info /d has md5sum A should be B"]);
    const applied = { kind: "applied", resource: "r", dest: "/d", tookMs: 1 } as const;
    expect(said({ ...applied, outcome: { kind: "applied", bytes: 1 } })).toEqual([
      "info Target config /d has been updated",
    ]);
    expect(said({ ...applied, outcome: { kind: "unchanged" } })).toEqual(["debug Target config /d in sync"]);
    expect(said({ ...applied, outcome: { kind: "rejected", output: "no", exitCode: 2 } })).toEqual([
      "error Config check failed: exit status 2",
    ]);
    expect(said({ ...applied, outcome: { kind: "would-change", diff: "" } }, true)).toEqual([
      "warning Noop mode enabled. /d will not be modified",
    ]);
    expect(said({ kind: "resources-loaded", resources: [] })).toEqual(["warning Found no templates"]);
  });

  test("shows commands as they are, per cent signs and all", () => {
    const event = { kind: "reloaded", by: "reload_cmd", succeeded: false, tookMs: 1, output: 'date +%s "x"' } as const;
    expect(said(event)).toEqual(['error "date +%s \\"x\\""']);
  });

  test.each([
    ["", "info"],
    ["warn", "warning"],
    ["WARNING", "warning"],
    ["panic", "fatal"],
    ["debug", "debug"],
    ["loud", undefined],
  ])("has the level %j", (name, level) => {
    expect(parseLogLevel(name)).toBe(level);
  });
});
