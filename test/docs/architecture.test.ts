import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { blocks, generatedPart, ROOT, rows, section, textOf } from "../support/documents.js";

const PAGE = "docs/architecture.md";

/** The text of every test. */
function testTexts(): string {
  const names = readdirSync(new URL("test", ROOT), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".ts") && !name.startsWith("docs/"))
    .map((name) => readFileSync(new URL(`test/${name}`, ROOT), "utf8"))
    .join("\n");
}

/** The folders below `src` that hold files, and the files that lie in none. */
function rooms(): readonly string[] {
  const names = readdirSync(new URL("src", ROOT), { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => name.endsWith(".ts"));
  return [...new Set(files.map((file) => `src/${file.includes("/") ? file.replace(/[^/]*$/, "") : file}`))];
}

describe("the page of the architecture", () => {
  test("draws the same two lines as the README", () => {
    expect(blocks(textOf(PAGE), "flow")).toEqual(blocks(textOf("README.md"), "flow"));
  });

  test("names every room, and none that is not there", () => {
    const [tree = ""] = blocks(section(PAGE, "Rooms"), "tree");
    const named = tree
      .split("\n")
      .map((line) => line.split(/\s+/)[0] ?? "")
      .filter(Boolean);
    expect(named.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
    expect(rooms().filter((room) => !named.includes(room))).toEqual([]);
  });

  test("numbers invariants that tests carry", () => {
    const numbers = [...section(PAGE, "Invariants").matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
    expect(numbers.length).toBeGreaterThan(10);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    const carried = [...testTexts().matchAll(/invariants? (\d[\d, and]*)/g)].flatMap(
      ([, list = ""]) => list.match(/\d+/g) ?? [],
    );
    expect(numbers.filter((number) => !carried.includes(String(number)))).toEqual([]);
  });
});

describe("the page for contributors", () => {
  test("answers every question by files that are there", () => {
    const answers = rows(section("CONTRIBUTING.md", "Where is what"));
    expect(answers.length).toBeGreaterThan(15);
    for (const [question = "", answer = ""] of answers) {
      expect(answer.match(/(src|test|tools)\/[\w./-]+/g) ?? [], question).not.toEqual([]);
    }
  });

  test("names files that are there, wherever it names one", () => {
    const paths = [...textOf("CONTRIBUTING.md").matchAll(/\b(?:src|test|tools|templates|deploy|docs)\/[\w./-]*\w\/?/g)];
    expect(paths.length).toBeGreaterThan(30);
    expect(paths.map(([path]) => path).filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
  });
});

describe("the page of the benchmarks", () => {
  test("has a place for what is measured, and the last result in it", () => {
    expect(rows(generatedPart(textOf("docs/benchmarks.md"), "bench")).length).toBeGreaterThan(10);
  });
});
