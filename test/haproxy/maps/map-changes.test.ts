import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MapEntry, mapEntriesOf } from "../../../src/haproxy/config/maps.js";
import { mapChange, type RunningMap, runningMapOf, shownMapEntries } from "../../../src/haproxy/maps/map-changes.js";

const entries = (text: string): readonly MapEntry[] => mapEntriesOf(text, "map") ?? [];
const MAP: RunningMap = { kind: "map", id: "#0" };

/** What a map is after commands, as HAProxy carries them out. */
function carriedOut(before: readonly MapEntry[], commands: readonly string[]): readonly MapEntry[] {
  let now = [...before];
  for (const command of commands) {
    const [verb = "", , , key = "", value = ""] = command.split(" ");
    if (verb === "add") now.push({ key, value });
    if (verb === "set") now = now.map((entry) => (entry.key === key ? { key, value } : entry));
    if (verb === "del") now = now.filter((entry) => entry.key !== key);
  }
  return now;
}

describe("the entries of a map", () => {
  test("are what HAProxy reads in its lines", () => {
    const text = "# no\n/docs https://x/manual#install\n/b  two  words \t\r\n\n \t\n  /c\n #/d e\n/a 1\n/a 2";
    expect(mapEntriesOf(text, "map")).toEqual([
      { key: "/docs", value: "https://x/manual#install" },
      { key: "/b", value: "two  words" },
      { key: "/c", value: "" },
      { key: "#/d", value: "e" },
      { key: "/a", value: "1" },
      { key: "/a", value: "2" },
    ]);
  });

  test("are its lines in a list", () => {
    const text = "# no\n 10.0.0.0/8\n\t\n/two words \r\n";
    const list = [
      { key: "10.0.0.0/8", value: "" },
      { key: "/two words ", value: "" },
    ];
    expect(mapEntriesOf(text, "acl")).toEqual(list);
    expect(shownMapEntries("0x56 10.0.0.0/8\n0x57 /two words \n\n", "acl")).toEqual(list);
  });

  test.each([
    ["a line that is too long for it", "a ".padEnd(5_000, "x")],
    ["a letter that ends its texts", "a \u0000b"],
  ])("are not certain with %s", (_, text) => {
    expect(mapEntriesOf(text, "map")).toBeUndefined();
  });

  test("are taken from what HAProxy shows", () => {
    expect(shownMapEntries("0x5638b4b0a1f0 /docs https://x#y z\n0x7f4bd9441280 /c \n\n", "map")).toEqual([
      { key: "/docs", value: "https://x#y z" },
      { key: "/c", value: "" },
    ]);
  });
});

describe("the name of a map", () => {
  const listing = (...files: readonly string[]): string =>
    `# id (file) description\n${files.map((file, id) => `${id} (${file}) pattern loaded from file '${file}' used by map at file 'c.cfg' line 10. curr_ver=0 next_ver=0 entry_cnt=7\n`).join("")}\n`;

  test("is its number among those that HAProxy shows", () => {
    expect(runningMapOf(listing("/etc/b.map", "/etc/a (1).map"), "map", "/etc/a (1).map")).toEqual({
      kind: "map",
      id: "#1",
    });
  });

  test("is not known of a file that is no map", () => {
    expect(runningMapOf(listing("/etc/b.map"), "map", "/etc/a.map")).toBeUndefined();
    expect(runningMapOf("1 () acl 'path' file 'c1.cfg' line 10. curr_ver=0\n", "map", "/etc/a.map")).toBeUndefined();
  });

  test("is not certain where the file may have another one besides", () => {
    expect(runningMapOf(listing("/etc/a.map", "maps/a.map"), "map", "/etc/a.map")).toEqual({
      obstacle: "HAProxy also reads maps/a.map, which may be the same file",
    });
  });
});

describe("the change of a map", () => {
  const BEFORE = entries("a 1\nb 2\nc 3\n");

  test.each([
    ["another value", "a 1\nb 9\nc 3\n", ["set map #0 b 9"]],
    ["one more at the end", "a 1\nb 2\nc 3\nd 4\n", ["add map #0 d 4"]],
    ["one less", "a 1\nc 3\n", ["del map #0 b"]],
    ["all of that, what is new first", "b 9\nc 3\nd 4\n", ["add map #0 d 4", "set map #0 b 9", "del map #0 a"]],
  ])("is a step for %s", (_, text, commands) => {
    // One of three entries may be cheaper anew; here they are many.
    const more = Array.from({ length: 5 }, (_, index) => ({ key: `m${index}`, value: "x" }));
    const change = mapChange(MAP, [...more, ...BEFORE], [...more, ...entries(text)]);
    expect(change).toEqual({ kind: "steps", commands });
  });

  test.each([
    ["an entry in the middle", "a 1\nx 0\nb 2\nc 3\n"],
    ["another order", "c 3\nb 2\na 1\n"],
    ["two of one key", "a 1\na 2\nb 2\nc 3\n"],
    ["none at all", ""],
  ])("is the whole map anew for %s", (_, text) => {
    const change = mapChange(MAP, BEFORE, entries(text));
    if (change.kind !== "whole") throw new Error(change.kind);
    const added = entries(text).map(({ key, value }) => `add map @7 #0 ${key} ${value}`);
    expect(change.commandsFor("7")).toEqual([...added, "commit map @7 #0"]);
  });

  test.each([
    ["a value of two words", "a 1 2\n"],
    ["no value", "a\n"],
    ["a key that stands for a place", " #a 1\n"],
    ["what would end a command", "a 1;2\n"],
    ["what would escape a blank", "a 1\\\n"],
    ["what would begin a payload", "a <<\n"],
  ])("is a reload for %s", (_, text) => {
    expect(mapChange(MAP, BEFORE, entries(text))).toMatchObject({ kind: "reload" });
  });

  test("is a reload where there are very many entries", () => {
    const many = Array.from({ length: 5_001 }, (_, index) => ({ key: `m${index}`, value: "x" }));
    expect(mapChange(MAP, [], many)).toEqual({ kind: "reload", reason: "it has 5001 entries" });
  });

  test("is one of patterns alone in a list", () => {
    const list = (text: string) => mapEntriesOf(text, "acl") ?? [];
    const acl: RunningMap = { kind: "acl", id: "#3" };
    expect(mapChange(acl, list("a\nb\nc\n"), list("a\nc\nd\n"))).toEqual({
      kind: "steps",
      commands: ["add acl #3 d", "del acl #3 b"],
    });
    const whole = mapChange(acl, list("a\nb\n"), list("b\na\n"));
    expect(whole.kind === "whole" && whole.commandsFor("1")).toEqual([
      "add acl @1 #3 b",
      "add acl @1 #3 a",
      "commit acl @1 #3",
    ]);
    expect(mapChange(acl, list("a\n"), list("two words\n"))).toMatchObject({ kind: "reload" });
  });

  test("is none where the entries are the same", () => {
    expect(mapChange(MAP, BEFORE, entries("# c\n a  1\nb 2\n\nc 3"))).toEqual({ kind: "none" });
  });

  test("leads from any map to any other, in its order", () => {
    const map = fc.array(fc.record({ key: fc.constantFrom("a", "b", "c", "d"), value: fc.constantFrom("1", "2") }));
    fc.assert(
      fc.property(map, map, (before, after) => {
        const change = mapChange(MAP, before, after);
        if (change.kind === "none") expect(before).toEqual(after);
        else if (change.kind === "steps") expect(carriedOut(before, change.commands)).toEqual(after);
        else expect(change.kind).toBe("whole");
      }),
    );
  });
});
