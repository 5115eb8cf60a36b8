import { readFile } from "node:fs/promises";
import v8 from "node:v8";
import vm from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  copyOf,
  cut,
  defaultsOf,
  isConfiguration,
  needsMaster,
  parseConfiguration,
  printConfiguration,
} from "../../../src/haproxy/config/config.js";
import { goldenCases } from "../../support/golden.js";

const line = fc.oneof(
  fc.constantFrom(
    "global",
    "defaults",
    "defaults d from e",
    "backend b from d",
    "  server s 1.2.3.4:5 # c",
    ".if 1",
    "",
  ),
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("\\", '"', "'", " ", "#", "$", "x", "\t", "\r") }),
);

describe("a configuration", () => {
  test("is printed letter by letter as it was read, whatever it is", () => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines.join("\n");
        expect(printConfiguration(parseConfiguration(text))).toBe(text);
      }),
    );
  });

  test("is printed as it was read when it is a stock one", async () => {
    for (const { expected } of await goldenCases()) {
      const text = await readFile(expected, "utf8");
      expect(printConfiguration(parseConfiguration(text))).toBe(text);
    }
  });

  test("is cut into the same sections whatever was cut before it", () => {
    const few = fc.constantFrom("global", "backend b", "backend c", "  server s 1.2.3.4:5", ".if 1", "");
    const text = fc.array(fc.oneof({ weight: 5, arbitrary: few }, line), { maxLength: 12 });
    fc.assert(
      fc.property(text, text, text, text, (before, middle, another, after) => {
        const previous = cut([...before, ...middle, ...after].join("\n"));
        const next = [...before, ...another, ...after].join("\n");
        expect(cut(next, previous)).toEqual(cut(next));
        expect(cut(next, cut(next))).toEqual(cut(next));
      }),
      { numRuns: 2_000 },
    );
  });

  test("keeps no more of a text in memory than what was copied of it", () => {
    v8.setFlagsFromString("--expose-gc");
    const collect = vm.runInNewContext("gc") as () => void; // the only name that the flag gives it
    const texts = Array.from({ length: 50 }, (_, at) => copyOf(`${"x".repeat(2_000_000)}${at}`.slice(5, 1_000)));
    collect();
    const before = process.memoryUsage().heapUsed;
    texts.push(...Array.from({ length: 50 }, (_, at) => copyOf(`${"y".repeat(2_000_000)}${at}`.slice(5, 1_000))));
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
    expect(new Set(texts)).toEqual(new Set(["x".repeat(995), "y".repeat(995)]));
  });

  test("is cut into the same sections wherever some of them come, go and change", () => {
    const lines = fc.array(fc.constantFrom("  mode http", "  server s 1.2.3.4:5", "", "#backend a"), { maxLength: 2 });
    const section = fc.tuple(fc.constantFrom("backend a", "backend ab", "listen a", "frontend f"), lines);
    const state = fc.array(section, { maxLength: 12 });
    const edit = fc.tuple(fc.nat(12), fc.nat(2), fc.array(section, { maxLength: 2 }));
    fc.assert(
      fc.property(state, fc.array(edit, { maxLength: 4 }), (sections, edits) => {
        const textOf = (all: typeof sections): string => all.flatMap(([heading, own]) => [heading, ...own]).join("\n");
        const next = [...sections];
        for (const [at, gone, come] of edits) next.splice(at, gone, ...come);
        expect(cut(textOf(next), cut(textOf(sections)))).toEqual(cut(textOf(next)));
      }),
      { numRuns: 2_000 },
    );
  });

  test("keeps the very same strings of the sections around those that differ", () => {
    const sections = Array.from({ length: 9 }, (_, index) => `backend b${index}\n  server s 1.2.3.4:5`);
    const previous = cut(sections.join("\n"));
    const changed = sections.toSpliced(7, 0, "backend new").toSpliced(4, 1).with(1, "backend b1\n  server t 1.2.3.4:5");
    const { texts } = cut(changed.join("\n"), previous);
    expect(texts).toEqual(changed);
    const isKept = texts.map((own) => previous.texts.some((each) => Object.is(own, each)));
    expect(isKept.flatMap((is, index) => (is ? [] : [index]))).toEqual([1, 6]);
  });

  test("keeps the very same strings of the sections around the one that differs", () => {
    const text = Array.from({ length: 5 }, (_, index) => `backend b${index}\n  server s 1.2.3.4:5`).join("\n");
    const previous = cut(text);
    const { texts } = cut(text.replace("b2\n  server s", "b2\n  server t"), previous);
    expect(texts.map((own, index) => Object.is(own, previous.texts[index]))).toEqual([true, true, false, true, true]);
  });

  test("knows which defaults reach a section", () => {
    const configuration = parseConfiguration(
      "defaults a\ndefaults b from a\nbackend x\nbackend y from a\nbackend z from none\ndefaults\nlisten l",
    );
    const chains = configuration.sections
      .filter(({ kind }) => kind !== "defaults")
      .map((section) => [section.name, defaultsOf(section, configuration).map(({ name }) => name)]);
    expect(chains).toEqual([
      ["x", ["a", "b"]],
      ["y", ["a"]],
      ["z", []],
      ["l", [""]],
    ]);
  });
});

describe("a text", () => {
  test.each([
    ["with a heading first", "\n# by hand\n  global # x\n  daemon\n"],
    ["with a condition first", ".if version_atleast(2.6)\nglobal\n.endif\n"],
    ["with a heading in quotes", '"defaults"\n'],
    ["with a name and where it comes from", "listen web from base\n"],
    ["with defaults of defaults", "defaults from base\n"],
  ])("is a configuration: one %s", (_, text) => {
    expect(isConfiguration(text)).toBe(true);
  });

  test.each([
    ["nothing", ""],
    ["comments", "# global\n"],
    ["a map", ".example.com b1\nglobal b2\n"],
    ["a page", "HTTP/1.0 503 Service Unavailable\r\n\r\nlisten here\nbackend is away\n"],
    ["another page", "listen to this: all is well\n"],
    ["a map of words", "backend /etc/x\n"],
    ["a script", "core.register_service('x', 'http', function(applet)\nend)\n"],
    ["what stands before a heading", "mode http\nbackend b\n"],
  ])("is none: %s", (_, text) => {
    expect(isConfiguration(text)).toBe(false);
  });

  test("needs a master where it has programs to start", () => {
    expect(needsMaster("global\nprogram x\n  command sleep 1\n")).toBe(true);
    expect(needsMaster("global\n  # program x\nbackend program\n")).toBe(false);
  });
});
