import Handlebars from "handlebars";
import { describe, expect, test } from "vitest";
import { EACH_ITEM, eachItem, rememberItems } from "../../../src/template/handlebars/each.js";

/** A template as HECD compiles it, with one helper. */
function compile(source: string): (context: unknown) => string {
  const engine = Handlebars.create();
  const tree = engine.parse(source);
  rememberItems(tree, (name) => name === "shout");
  engine.registerHelper("shout", (word: unknown) => `${String(word)}!`);
  const { each } = engine.helpers;
  if (!each) throw new Error("Handlebars has no each");
  engine.registerHelper(EACH_ITEM, eachItem(each));
  return engine.compile(tree, { knownHelpers: { [EACH_ITEM]: true }, noEscape: true });
}

/** An item that counts how often its name was read. */
function item(name: string, rest: Readonly<Record<string, unknown>> = {}) {
  let reads = 0;
  return {
    ...rest,
    get name() {
      reads++;
      return name;
    },
    reads: () => reads,
  };
}

describe("a block for each item", () => {
  test.each([
    ["a field", "{{#each items}}<{{name}}>{{/each}}", "<a><b>"],
    ["a field by its path", "{{#each items}}<{{this.name}}>{{/each}}", "<a><b>"],
    ["a condition", "{{#each items}}{{#if up}}<{{name}}>{{else}}{{name}}{{/if}}{{! ok }}{{/each}}", "<a>b"],
    ["a block within", "{{#each items}}{{name}}{{#each tags}}<{{word}}>{{/each}}{{/each}}", "a<x>b"],
  ])("that reads nothing but the item is written once for %s", (_, source, expected) => {
    const items = [item("a", { up: true, tags: [{ word: "x" }] }), item("b", { up: false, tags: [] })];
    const render = compile(source);
    const texts = [render({ items }), render({ items }), render({ items: [...items].reverse() })];
    expect(texts.slice(0, 2)).toEqual([expected, expected]);
    expect(texts[2]).not.toBe(expected);
    expect(items.map(({ reads }) => reads())).toEqual([1, 1]);
  });

  test.each([
    ["the place", "{{#each items}}{{@index}}{{name}}{{/each}}", "0a1b", "0b1a"],
    ["the last one", "{{#each items}}{{name}}{{#unless @last}},{{/unless}}{{/each}}", "a,b", "b,a"],
    ["the outside", "{{#each items}}{{name}}{{../n}}{{/each}}", "a1b1", "b2a2"],
    ["the root", "{{#each items}}{{name}}{{@root.n}}{{/each}}", "a1b1", "b2a2"],
    ["a function", "{{#each items}}{{shout name}}{{/each}}", "a!b!", "b!a!"],
    ["names of its own", "{{#each items as |it|}}{{it.name}}{{/each}}", "ab", "ba"],
    ["a block with the outside", "{{#each items}}{{name}}{{#each tags}}{{../../n}}{{/each}}{{/each}}", "a1b", "ba2"],
  ])("that reads %s as well is written anew", (_, source, first, second) => {
    const items = [item("a", { tags: [{}] }), item("b", { tags: [] })];
    const render = compile(source);
    expect(render({ items, n: 1 })).toBe(first);
    expect(render({ items: [...items].reverse(), n: 2 })).toBe(second);
  });

  test("goes over what is no list of objects as Handlebars does", () => {
    const render = compile("{{#each items}}<{{this}}>{{else}}none{{/each}}");
    expect([["a", "b"], { x: 1, y: 2 }, new Set(["c"]), [], undefined].map((items) => render({ items }))).toEqual([
      "<a><b>",
      "<1><2>",
      "<c>",
      "none",
      "none",
    ]);
  });

  test("is told from another one with the same items", () => {
    const items = [item("a")];
    expect(compile("{{#each items}}<{{name}}>{{/each}}{{#each items}}[{{name}}]{{/each}}")({ items })).toBe("<a>[a]");
  });
});
