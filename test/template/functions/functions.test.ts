import { describe, expect, test } from "vitest";
import { snapshotOf } from "../../../src/core/model/snapshot.js";
import { argumentsOf } from "../../../src/template/functions/arguments.js";
import { FUNCTIONS } from "../../../src/template/functions/functions.js";
import { Keys } from "../../../src/template/functions/keys.js";
import { plainOf } from "../../../src/template/handlebars/plain.js";
import { scopeOf } from "../../../src/template/scope.js";

const ENV = { HOME: "/root", EMPTY: "" };

/** Calls a function by name over these keys, as Handlebars does. */
function call(entries: Record<string, string>, name: string, ...args: readonly unknown[]): unknown {
  const fn = FUNCTIONS.get(name);
  if (!fn) throw new Error(`There is no ${name}`);
  const scope = scopeOf({ snapshot: snapshotOf(1n, Object.entries(entries)), prefix: "/", env: ENV });
  return plainOf(fn.call(scope, argumentsOf(fn, args)));
}

/** The four keys of the article that HECD comes from. */
const SERVERS = {
  "/app/servers/backstabbing_rosalind": "192.168.1.22:49156",
  "/app/servers/cocky_morse": "192.168.1.22:49158",
  "/app/servers/goofy_goldstine": "192.168.1.22:49160",
  "/app/servers/prickly_blackwell": "192.168.1.22:49162",
};

describe("the functions of the article give what it shows", () => {
  test.each([
    ["base", ["/app/servers/prickly_blackwell"], "prickly_blackwell"],
    ["get", ["/app/servers/cocky_morse"], { key: "/app/servers/cocky_morse", value: "192.168.1.22:49158" }],
    ["gets", ["/app/servers/*"], Object.entries(SERVERS).map(([key, value]) => ({ key, value }))],
    ["getv", ["/app/servers/cocky_morse"], "192.168.1.22:49158"],
    ["getvs", ["/app/servers/*"], Object.values(SERVERS)],
    ["split", ["192.168.1.22:49158", ":"], ["192.168.1.22", "49158"]],
    ["ls", ["/app/servers/"], ["backstabbing_rosalind", "cocky_morse", "goofy_goldstine", "prickly_blackwell"]],
    ["lsdir", ["/app/"], ["servers"]],
  ])("%s %j", (name, args, expected) => {
    expect(call(SERVERS, name, ...args)).toEqual(expected);
  });
});

describe("the functions keep to confd's edges", () => {
  const deep = { "/a": "0", "/a/b/c": "1", "/a/b/d/e": "2", "/a/x": "", "/ab/y": "3", "/host1/z": "4" };

  test.each([
    ["exists", ["/a"], true],
    ["exists", ["/a/b"], false],
    ["exists", ["/a/x"], true],
    ["exists", ["/a/x/"], false],
    ["getv", ["/a/x"], ""],
    ["getv", ["/a/x", "default"], ""],
    ["getv", ["/none", "first", "second"], "first"],
    ["getv", ["/none", ""], ""],
    ["gets", ["/none/*"], []],
    ["getvs", ["/none/*"], []],
    ["getvs", ["/a*/?"], ["", "3"]],
    ["ls", ["/a"], ["a", "b", "x"]],
    ["ls", ["/a/"], ["b", "x"]],
    ["ls", ["/a/x"], ["x"]],
    ["ls", ["/a/b/../b"], ["a"]],
    ["ls", ["/none"], []],
    ["ls", ["/"], ["a"]],
    ["ls", [""], []],
    ["ls", ["a"], []],
    ["ls", ["//host1"], ["host1"]],
    ["lsdir", ["/a"], ["b"]],
    ["lsdir", ["/a/b"], ["d"]],
    ["lsdir", ["/a/b/d"], []],
    ["lsdir", ["/"], []],
    ["lsdir", ["/none"], []],
    ["lsdir", ["/a/./"], []],
    ["base", [""], "."],
    ["dir", ["/a//b/../c"], "/a"],
    ["dir", ["/a/b/"], "/a/b"],
    ["split", ["", ":"], [""]],
    ["split", ["", ""], []],
    ["split", ["a\u{1f433}", ""], ["a", "\u{1f433}"]],
    ["split", ["a,,b", ","], ["a", "", "b"]],
    ["join", [["a", "b"], "-"], "a-b"],
    ["join", [[], "-"], ""],
    ["json", ['{"a":1,"a":{"b":[2]}}'], { a: { b: [2] } }],
    ["json", ["null"], {}],
    ["getenv", ["HOME"], "/root"],
    ["getenv", ["HOME", "x"], "/root"],
    ["getenv", ["EMPTY", "x"], "x"],
    ["getenv", ["NONE", "x"], "x"],
    ["getenv", ["NONE"], ""],
  ])("%s %j is %j", (name, args, expected) => {
    expect(call(deep, name, ...args)).toEqual(expected);
  });

  test.each([
    ["get", ["/none"], "key does not exist: /none"],
    ["getv", ["/a/b"], "key does not exist: /a/b"],
    ["gets", ["/a["], "syntax error in pattern"],
    ["getvs", ["\\"], "syntax error in pattern"],
    ["json", ["[1]"], "json: cannot unmarshal array into Go value of type map[string]interface {}"],
    ["json", ["{} x"], "invalid character 'x' after top-level value"],
    ["join", ["a", "-"], "argument 1 must be a list of texts, not a text"],
    ["base", [undefined], "argument 1 must be a text, not a missing value"],
    ["base", [8080], "argument 1 must be a text, not a number"],
    ["base", [["/a"]], "argument 1 must be a text, not a list"],
    ["getv", ["/a", null], "argument 2 must be a text, not a missing value"],
    ["base", [], "wants 1 argument, got 0"],
    ["split", ["a"], "wants 2 arguments, got 1"],
    ["exists", ["/a", "/b"], "wants 1 argument, got 2"],
    ["getv", [], "wants 1 or more arguments, got 0"],
  ])("%s %j fails: %s", (name, args, message) => {
    expect(() => call(deep, name, ...args)).toThrow(message);
  });

  test("getvs sorts the values, gets the keys", () => {
    const entries = { "/k/a": "9", "/k/b": "10", "/k/c": "1" };
    expect(call(entries, "getvs", "/k/*")).toEqual(["1", "10", "9"]);
    expect(call(entries, "gets", "/k/*")).toMatchObject([{ value: "9" }, { value: "10" }, { value: "1" }]);
  });
});

describe("plain data goes through the functions and comes out as plain data", () => {
  const pairs = [
    { key: "/bb", value: "1" },
    { key: "/a", value: "2" },
  ];

  test.each([
    ["sortKVByLength", [pairs], [pairs[1], pairs[0]]],
    ["reverse", [pairs], [pairs[1], pairs[0]]],
    ["reverse", [["a", "b"]], ["b", "a"]],
    ["reverse", [[1, 2]], [1, 2]],
    ["add", [1, 2], 3],
    ["seq", [1, 3], [1, 2, 3]],
    ["map", ["k", { deep: [1.5, null] }], { k: { deep: [1.5, undefined] } }],
    ["list", ["a", 1, true], ["a", 1, true]],
    ["append", [["a"], "é"], ["a", "é"]],
    ["hasKey", [{ a: null }, "a"], true],
    ["toJson", [{ b: 1, a: [81, 1.5, "é"] }], '{"a":[81,1.5,"é"],"b":1}'],
    ["toJson", [pairs[0]], '{"Key":"/bb","Value":"1"}'],
    ["join", [[], ","], ""],
    ["pluck", ["a", { a: 1 }, { b: 2 }], [1]],
    ["default", ["d", undefined], "d"],
    ["ternary", ["y", "n", false], "n"],
    ["split", ["é😀", ""], ["é", "😀"]],
    ["json", ['{"__proto__":1,"é":"ü"}'], JSON.parse('{"__proto__":1,"é":"ü"}')],
    ["add", [2 ** 53 - 1, 2 ** 53 - 1], 2 ** 54 - 2],
  ])("%s %j is %j", (name, args, expected) => {
    expect(call({}, name, ...args)).toEqual(expected);
  });

  test.each([
    ["add", [1.5, 1], "argument 1 must be a whole number, not a number"],
    ["add", ["1", 1], "argument 1 must be a whole number, not a text"],
    ["sortKVByLength", [["a"]], "argument 1 must be a list of pairs, not a list"],
    ["keys", [[1]], "argument 1 must be an object, not a list"],
    ["append", ["a", "b"], "argument 1 must be a list, not a text"],
    ["ternary", [1, 2, "true"], "argument 3 must be true or false, not a text"],
  ])("%s %j fails: %s", (name, args, message) => {
    expect(() => call({}, name, ...args)).toThrow(message);
  });
});

describe("the keys that templates see", () => {
  const keysOf = (entries: Record<string, string>, prefix: string) =>
    new Keys(snapshotOf(1n, Object.entries(entries)), prefix);

  test("have lost the prefix of their resource", () => {
    const keys = keysOf({ "/fo": "0", "/fo/a": "1", "/fo/b/c": "2" }, "/fo");
    expect([keys.getValue("/", []), keys.getValue("/a", []), keys.getValue("/b/c", [])]).toEqual(["0", "1", "2"]);
    expect(keys.exists("/fo/a")).toBe(false);
  });

  test("are written cleanly and still in order", () => {
    const keys = keysOf({ "/a//z": "1", "/a/./b": "2", "/a/y/": "3" }, "/");
    expect(keys.getAll("/a/*").map(({ key }) => key)).toEqual(["/a/b", "/a/y", "/a/z"]);
  });
});
