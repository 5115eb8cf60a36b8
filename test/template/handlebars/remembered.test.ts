import Handlebars from "handlebars";
import { describe, expect, test } from "vitest";
import { EACH_ITEM } from "../../../src/template/handlebars/dependence.js";
import {
  eachItem,
  rememberItems,
  rememberParts,
  STEADY_PART,
  steadyPart,
} from "../../../src/template/handlebars/remembered.js";

/** A template as HECD compiles it, with two helpers: `low` is steady. */
function compile(source: string): (context: unknown, env?: unknown) => string {
  const engine = Handlebars.create();
  const tree = engine.parse(source);
  rememberItems(tree, (name) => (({ shout: "unsteady", low: "steady" }) as const)[name]);
  engine.registerHelper("shout", (word: unknown) => `${String(word)}!`);
  engine.registerHelper("low", (word: unknown) => `${String(word)}.`);
  const { each } = engine.helpers;
  if (!each) throw new Error("Handlebars has no each");
  const remembered = eachItem(each);
  const render = engine.compile(tree, { knownHelpers: { [EACH_ITEM]: true }, noEscape: true });
  return (context, env) => render(context, { helpers: { [EACH_ITEM]: remembered(env) } });
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
    ["a steady function", '{{#each items}}{{low name}}{{#if (low "x")}},{{/if}}{{/each}}', "a.,b.,"],
    ["a part with a name", "{{#each items}}{{#with (low name) as |part|}}<{{part}}>{{/with}}{{/each}}", "<a.><b.>"],
    ["a number alone", "{{#each items}}{{#with name}}{{../id}}{{/with}}{{/each}}", "12"],
    [
      "two from a part",
      "{{#each items}}{{name}}{{#each tags as |tag at|}}{{tag.word}}{{at}}{{../id}}{{/each}}{{/each}}",
      "ax01b",
    ],
  ])("that reads nothing but the item is written once for %s", (_, source, expected) => {
    const items = [item("a", { id: 1, up: true, tags: [{ word: "x" }] }), item("b", { id: 2, up: false, tags: [] })];
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
    ["a function of a function", "{{#each items}}{{low (shout name)}}{{/each}}", "a!.b!.", "b!.a!."],
    [
      "the outside in a block about the same",
      "{{#each items}}{{#with this}}{{name}}{{../n}}{{/with}}{{/each}}",
      "a1b1",
      "b2a2",
    ],
    [
      "the outside by an alternative",
      "{{#each items}}{{name}}{{#with no}}{{else}}{{../n}}{{/with}}{{/each}}",
      "a1b1",
      "b2a2",
    ],
    [
      "the outside from blocks about the same text",
      "{{#each items}}{{#with name}}{{#with ../name}}{{this}}{{../../n}}{{/with}}{{/with}}{{/each}}",
      "a1b1",
      "b2a2",
    ],
    ["names of its own", "{{#each items as |it|}}{{it.name}}{{/each}}", "ab", "ba"],
    ["a block with the outside", "{{#each items}}{{name}}{{#each tags}}{{../../n}}{{/each}}{{/each}}", "a1b", "ba2"],
  ])("that reads %s as well is written anew", (_, source, first, second) => {
    const items = [item("a", { tags: [{}] }), item("b", { tags: [] })];
    const render = compile(source);
    expect(render({ items, n: 1 })).toBe(first);
    expect(render({ items: [...items].reverse(), n: 2 })).toBe(second);
  });

  test("is written anew in another environment", () => {
    const items = [item("a")];
    const render = compile("{{#each items}}{{name}}{{/each}}");
    for (const env of ["one", "one", "other", "other"]) render({ items }, env);
    expect(items.map(({ reads }) => reads())).toEqual([2]);
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

describe("a part of a template", () => {
  /** Renders with a helper that counts how often it was asked for a variable. */
  function parts(source: string) {
    const engine = Handlebars.create();
    const tree = engine.parse(source);
    const helperOf = (name: string) => (({ shout: "unsteady", env: "steady", list: "steady" }) as const)[name];
    rememberItems(tree, helperOf);
    rememberParts(tree, helperOf);
    let asked = 0;
    let present: Readonly<Record<string, string>> = {};
    const remembered = steadyPart();
    const { each } = engine.helpers;
    if (!each) throw new Error("Handlebars has no each");
    const items = eachItem(each);
    const helpers = {
      env: (name: string) => {
        asked++;
        return present[name] ?? "";
      },
      list: (...words: readonly unknown[]) => words.slice(0, -1),
      shout: (word: unknown) => `${String(word)}!`,
    };
    const render = engine.compile(tree, {
      knownHelpers: { [EACH_ITEM]: true, [STEADY_PART]: true, env: true, list: true, shout: true },
      ...{ knownHelpersOnly: true, strict: true, noEscape: true },
    });
    return {
      asked: () => asked,
      render: (context: unknown, env: Readonly<Record<string, string>>) => {
        present = env;
        const remembering = { [STEADY_PART]: remembered(env), [EACH_ITEM]: items(env) };
        return render(context, { helpers: { ...helpers, ...remembering } });
      },
    };
  }

  const ENV = { A: "a" };

  test.each([
    ["a call", '<{{env "A"}}>{{n}}', "<a>1", 1],
    ["a condition", '{{#if (env "A")}}yes {{env "A"}}{{else}}no{{/if}}{{n}}', "yes a1", 2],
    ["a list", '{{#each (list "x" "y")}}{{this}}{{env "A"}}{{/each}}{{n}}', "xaya1", 2],
    ["a name", '{{#with (env "A") as |a|}}{{a}}{{a}}{{/with}}{{n}}', "aa1", 1],
    ["lines of their own", 'one\n{{#if (env "B")}}\ntwo\n{{/if}}\nthree {{n}}', "one\nthree 1", 1],
    ["a part behind a field", '{{n}}{{env "A"}}\n{{! why }}{{n}}', "1a\n1", 1],
  ])("that reads nothing but the environment is written once for %s", (_, source, expected, asked) => {
    const { render, asked: count } = parts(source);
    expect([render({ n: 1 }, ENV), render({ n: 1 }, ENV)]).toEqual([expected, expected]);
    expect(count()).toBe(asked);
    expect(render({ n: 2 }, ENV)).toBe(expected.replaceAll("1", "2"));
  });

  test("is written anew in another environment", () => {
    const { render } = parts('{{env "A"}}{{n}}');
    expect([render({ n: 1 }, { A: "a" }), render({ n: 1 }, { A: "b" })]).toEqual(["a1", "b1"]);
  });

  test.each([
    ["a field", '{{env "A"}}{{#if (env "A")}}{{n}}{{/if}}', "a1", "a2"],
    ["a field of what is around", '{{#each (list "x")}}{{this}}{{../n}}{{/each}}', "x1", "x2"],
    ["itself", '{{#if (env "A")}}{{#with this}}{{n}}{{/with}}{{/if}}', "1", "2"],
    ["an alternative", "{{#each (list)}}{{else}}{{n}}{{/each}}", "1", "2"],
    ["the root", '{{#each (list "x")}}{{@root.n}}{{/each}}', "1", "2"],
    ["a function of more", "{{#if (shout n)}}{{shout n}}{{/if}}", "1!", "2!"],
  ])("that reads %s is written anew", (_, source, first, second) => {
    const { render } = parts(source);
    expect([render({ n: 1 }, ENV), render({ n: 2 }, ENV)]).toEqual([first, second]);
  });
});
