import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  blocksIn,
  carriedFiles,
  lookupsIn,
  mergedBlock,
  proxyMapOf,
  withOtherNames,
} from "../../../src/haproxy/config/maps.js";
import { modelOf } from "../../../src/haproxy/config/model.js";

describe("the files that a configuration carries", () => {
  test("are the lines right below their headings", () => {
    const text = "global\n#hecd:map c.b\n#| a 1\n#| # no\n#|\n#hecd:map c.a\nfrontend f\n  #hecd:map c.b \n#| c 3";
    expect(carriedFiles(text)).toEqual([
      { name: "c.a", text: "" },
      { name: "c.b", text: "a 1\n# no\nc 3\n" },
    ]);
  });

  test.each([
    ["in another folder", "#hecd:map ../c.a\n#| a 1\n"],
    ["that is hidden", "#hecd:map .c.a\n#| a 1\n"],
    ["of two words", "#hecd:map c.a b\n#| a 1\n"],
    ["behind something else", "global #hecd:map c.a\n#| a 1\n"],
    ["without a name", "#hecd:map \n#| a 1\n"],
  ])("are none %s", (_, text) => {
    expect(carriedFiles(text)).toEqual([]);
  });

  test("hold every text of lines", () => {
    const line = fc.string({ unit: "grapheme" }).map((text) => text.replace(/\n/g, ""));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = `global\n#hecd:map c.a\n${lines.map((each) => `#| ${each}\n`).join("")}defaults\n`;
        expect(carriedFiles(text)).toEqual([{ name: "c.a", text: lines.map((each) => `${each}\n`).join("") }]);
      }),
    );
  });

  test("are read under another name wherever they are looked up, and nowhere else", () => {
    const text = "#hecd:map c.a\n#| c.a x\n use_backend %[path,map(c.a)] if { path,map(c.a,no) -m str c.ab x.c.a }\n";
    expect(withOtherNames(text, new Map([["c.a", ".c.a1"]]))).toBe(
      "#hecd:map c.a\n#| .c.a1 x\n use_backend %[path,map(.c.a1)] if { path,map(.c.a1,no) -m str c.ab x.c.a }\n",
    );
  });
});

describe("a carried map", () => {
  test.each([
    ["map(c.a)", false],
    ["map_str(c.a,none)", false],
    ["map_beg(c.a)", false],
    ["map_ip_int(c.a)", false],
    ["map_int(c.a)", true],
    ["map_end(c.a)", true],
    ["map_reg_str(c.a)", true],
    ["map_sub(c.a)", true],
  ])("looked up by %s is searched from its beginning: %s", (converter, isOrdered) => {
    const file = { name: "c.a", text: "a 1\n" };
    expect(proxyMapOf(file, lookupsIn(` use_backend %[path,${converter}]`))).toEqual({
      ...file,
      ...{ entries: [{ key: "a", value: "1" }], isOrdered, isLookedUp: true },
    });
  });

  test("is no part of what a configuration says besides", () => {
    const text = (lines: string) => `global\n#hecd:map c.a\n${lines}frontend f\n use_backend %[path,map(c.a)]\n`;
    const before = modelOf(text("#| a 1\n"));
    const after = modelOf(text("#| a 2\n#| b 1\n"), before);
    expect(after.skeleton.map(({ meaning }) => meaning)).toEqual(before.skeleton.map(({ meaning }) => meaning));
    expect(after.maps.get("c.a")?.entries).toEqual([
      { key: "a", value: "2" },
      { key: "b", value: "1" },
    ]);
    expect(after).toEqual(modelOf(text("#| a 2\n#| b 1\n")));
  });
});

describe("a carried map that is much like the one before", () => {
  const line = fc.constantFrom("a 1", "aa 1", "b 1", "ab 2", "# no", "", " c  3 ", "a");
  const lines = fc.array(line, { maxLength: 6 });
  const textOf = (all: readonly string[]): string => all.map((each) => `${each}\n`).join("");
  const read = (text: string, previous?: string) =>
    proxyMapOf(
      { name: "c.a", text },
      [],
      previous === undefined ? undefined : proxyMapOf({ name: "c.a", text: previous }, []),
    );

  test("has the entries that it has by itself", () => {
    fc.assert(
      fc.property(lines, lines, lines, lines, (head, before, after, tail) => {
        const [was, is] = [before, after].map((middle) => textOf([...head, ...middle, ...tail]));
        expect(read(is ?? "", was)).toEqual(read(is ?? ""));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("lines that are kept", () => {
  const merged = (before: readonly string[], after: readonly string[]) =>
    mergedBlock(
      before.map((line) => `#| ${line}`),
      after.map((line) => `#| ${line}`),
      ({ value }) => value === "gone",
    )?.map((line) => line.slice(3));

  test.each([
    ["stay where they were", ["a x", "b gone", "c x"], ["a x", "c x"], ["a x", "b gone", "c x"]],
    ["make room for new ones", ["a gone", "c x"], ["b x", "c x", "d x"], ["a gone", "b x", "c x", "d x"]],
    ["give way to another value", ["a gone", "b gone"], ["b x"], ["a gone", "b x"]],
    ["are those alone that lead to what has gone", ["a y", "b gone"], [], ["b gone"]],
  ])("%s", (_, before, after, expected) => {
    expect(merged(before, after)).toEqual(expected);
  });

  test("are not where the others have another order", () => {
    expect(merged(["a x", "b x", "c gone"], ["b x", "a x"])).toBeUndefined();
  });

  test("are found below their heading", () => {
    expect([...blocksIn(["frontend f", "#hecd:map c.a", "#| a 1", "#| b 1", " bind :80"])]).toEqual([
      ["c.a", { start: 2, entries: ["#| a 1", "#| b 1"] }],
    ]);
  });
});
