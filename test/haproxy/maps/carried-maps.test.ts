import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MapEntry, type ProxyMap, proxyMapOf } from "../../../src/haproxy/config/maps.js";
import {
  compareMaps,
  keysDifference,
  mapsChange,
  preparedVersion,
  questionsAfter,
  withVersion,
} from "../../../src/haproxy/maps/carried-maps.js";

function mapOf(text: string, converter = "map_beg"): ProxyMap {
  return proxyMapOf({ name: "c.a", text }, [{ converter, file: "c.a" }]);
}

const only = (map: ProxyMap): ReadonlyMap<string, ProxyMap> => new Map([[map.name, map]]);
const change = (before: ProxyMap, after: ProxyMap) => mapsChange(only(before), only(after));
/** So many entries that a few are not worth all of them. */
const MANY = Array.from({ length: 300 }, (_, at) => `m${at} x\n`).join("");

describe("the change of a carried map", () => {
  test.each([
    ["one more, wherever it stands", "a 1\nc 3\n", "a 1\nb 2\nc 3\n", ["add map c.a b 2"], ["b"]],
    ["another value", "a 1\n", "a 2\n", ["set map c.a a 2"], ["a"]],
    ["one less", "a 1\nb 2\n", "b 2\n", ["del map c.a a"], ["a"]],
    [
      "several of very many, what is new first",
      `a 1\nb 2\n${MANY}`,
      `${MANY}b 3\nc 4\n`,
      ["set map c.a b 3", "add map c.a c 4", "del map c.a a"],
      ["b", "c", "a"],
    ],
  ])("is a step for %s", (_, before, after, lines, keys) => {
    const map = mapOf(after);
    expect(change(mapOf(before), map)).toEqual({
      commands: [{ map, lines, keys, isWhole: false }],
      obstacle: undefined,
    });
  });

  test("is the whole map at once for several of few, so that no request sees a part of it", () => {
    const map = mapOf("a 2\nb 1\n");
    const lines = ["add map @? c.a a 2", "add map @? c.a b 1", "commit map @? c.a"];
    const expected = { map, lines, isWhole: true, keys: undefined };
    expect(change(mapOf("a 1\nb 2\n"), map).commands).toEqual([expected]);
    const versions = new Map([["c.a", "7"]]);
    expect(lines.map((line) => withVersion(line, versions))).toEqual([
      ...["add map @7 c.a a 2", "add map @7 c.a b 1", "commit map @7 c.a"],
    ]);
  });

  test("keeps the order where that counts", () => {
    const [before, after] = [mapOf("a 1\nc 3\n", "map_reg"), mapOf("a 1\nb 2\nc 3\n", "map_reg")];
    expect(change(before, after).commands).toMatchObject([{ isWhole: true, keys: undefined }]);
  });

  test.each([
    ["none, where only comments differ", mapOf("a 1\n"), mapOf("# no\na 1\n"), undefined],
    ["none, where only the order does", mapOf("a 1\nb 2\n"), mapOf("b 2\na 1\n"), undefined],
    ["a reload for a key that would end a command", mapOf("a 1\n"), mapOf("a 1\n/x;y 2\n"), /not of plain words/],
    ["a reload for lines that are no map's", mapOf("a 1\n"), mapOf(`${"a".repeat(5_000)} 1\n`), /not those of a map/],
    ["a reload where nothing is looked up", { ...mapOf("a 1\n"), isLookedUp: false }, mapOf("a 2\n"), /starts only/],
  ])("is %s", (_, before, after, obstacle) => {
    const found = change(before, after);
    expect(found.commands).toEqual([]);
    if (obstacle) expect(found.obstacle).toMatch(obstacle);
    else expect(found.obstacle).toBeUndefined();
  });

  test("steps over a key that is not of plain words where it stays", () => {
    expect(change(mapOf("/x;y 2\n"), mapOf("/x;y 2\na 1\nb 1\n")).commands[0]?.lines).toEqual([
      ...["add map c.a a 1", "add map c.a b 1"],
    ]);
  });

  /** What HAProxy has after commands. */
  function after(before: readonly MapEntry[], lines: readonly string[]): ReadonlyMap<string, string> {
    let now = new Map(before.map(({ key, value }) => [key, value]));
    const next = new Map<string, string>();
    for (const line of lines) {
      const [verb = "", , ...words] = line.split(" ");
      const isNext = words[0] === "@?";
      const [, key = "", value = ""] = isNext ? words.slice(1) : words;
      if (verb === "commit") now = new Map(next);
      else if (verb === "del") now.delete(key);
      else if (isNext) next.set(key, value);
      else {
        expect(now.has(key)).toBe(verb === "set");
        now.set(key, value);
      }
    }
    return now;
  }

  test("leads from any map to any other", () => {
    const keys = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"));
    const map = fc.tuple(keys, fc.boolean(), fc.constantFrom("1", "2")).map(([own, isLarge, value]) => {
      return mapOf(`${own.map((key) => `${key} ${value}\n`).join("")}${isLarge ? MANY : ""}`);
    });
    fc.assert(
      fc.property(map, map, (before, wanted) => {
        const lines = change(before, wanted).commands.flatMap((each) => each.lines);
        const entries = (wanted.entries ?? []).map(({ key, value }) => [key, value] as const);
        expect(after(before.entries ?? [], lines)).toEqual(new Map(entries));
      }),
    );
  });

  test("is never more than the commands that it means, whatever a line says", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const lines = change(mapOf("a 1\n"), mapOf(`a 1\n${text.replace(/\n/g, " ")}\n`)).commands.flatMap(
          (each) => each.lines,
        );
        for (const line of lines) expect(line).toMatch(/^(add|set|del|commit) map (@\? )?c\.a( [!-~]+){0,2}$/);
        for (const line of lines) expect(line).not.toMatch(/[;\n\\"'<>]/);
      }),
    );
  });
});

describe("what a map is read back by", () => {
  const [steps] = change(mapOf("a 1\nb 2\n"), mapOf("a 1\n")).commands;
  const [set] = change(mapOf("a 1\n"), mapOf("a 2\n")).commands;
  const shown = (key: string, value: string) =>
    `type=beg, case=sensitive, found=yes, idx=tree, key="${key}", value="${value}", type="str"\n\n`;

  test("are its keys, where few were touched", () => {
    expect(steps && questionsAfter(steps)).toEqual(["get map c.a b"]);
  });

  test.each([
    ["gone, and a shorter one is found", steps, shown("a", "1"), undefined],
    ["gone, and nothing is", steps, "type=beg, case=sensitive, found=no\n\n", undefined],
    ["still there", steps, shown("b", "2"), "c.a has other entries (of b)"],
    ["as wanted, for two lookups", set, shown("a", "2") + shown("a", "2"), undefined],
    ["of another value", set, shown("a", "1"), "c.a has other entries (of a)"],
    ["missing", set, "type=beg, case=sensitive, found=no\n\n", "c.a has other entries (of a)"],
    ["of two values", set, shown("a", "2") + shown("a", "1"), "c.a has other entries (of a)"],
  ])("tell one that is %s", (_, commands, answers, difference) => {
    if (!commands) throw new Error("no commands");
    expect(keysDifference(commands, answers)).toBe(difference);
  });

  test.each([
    ["the same in another order", "b 2\na 1\n", []],
    [
      "another value, one missing, one more",
      "a 9\nc 1\n",
      ["c.a has other entries (2 missing or different, 1 in no file)"],
    ],
    ["nothing", "", ["c.a has other entries (2 missing or different, 0 in no file)"]],
  ])("is all of it elsewhere: %s", (_, running, differences) => {
    const map = mapOf("a 1\nb 2\n");
    const found = compareMaps(only(map), new Map([["c.a", mapOf(running).entries]]));
    expect(found.differences).toEqual(differences);
    // What runs is led back from there.
    const back = mapsChange(found.actual, only(map));
    expect(back.commands).toHaveLength(differences.length);
  });

  test("is a reload where HAProxy has no such map", () => {
    const map = mapOf("a 1\n");
    const { differences, actual } = compareMaps(only(map), new Map([["c.a", undefined]]));
    expect(differences).toEqual(["c.a is no map of HAProxy"]);
    expect(mapsChange(actual, only(map)).obstacle).toBe("c.a: its lines are not those of a map");
  });

  test("is the number of the version that was prepared", () => {
    expect(preparedVersion("New version created: 12\n\n")).toBe("12");
    expect(preparedVersion("Unknown map identifier. Please use #<id> or <file>.\n")).toBeUndefined();
  });
});
