import Handlebars from "handlebars";
import type { Routing } from "../core/view/route-map.js";
import type { SteeredView } from "../core/view/steered-view.js";
import { HecdError } from "../errors.js";
import { argumentsOf } from "./functions/arguments.js";
import type { Scope, TemplateFunction } from "./functions/function.js";
import { FUNCTIONS } from "./functions/functions.js";
import { Memory } from "./functions/memory.js";
import { FunctionError } from "./go-values/function-error.js";
import { boundedEach, checkLength } from "./handlebars/bounded.js";
import { handlebarsError } from "./handlebars/error.js";
import { plainOf } from "./handlebars/plain.js";
import { EACH_ITEM, type Helper } from "./handlebars/dependence.js";
import { eachItem, rememberItems, rememberParts, STEADY_PART, steadyPart } from "./handlebars/remembered.js";
import { lookStrictly } from "./handlebars/strict.js";
import type { ReadPattern } from "./regexp/pattern.js";
import { scopeOf } from "./scope.js";
import { type Context, Sight } from "./sight.js";
import type { Template } from "./template.js";

/** Reads a Handlebars template; see `compileTemplate`. One that has regular expressions needs `patterns`. */
export function compileHandlebars(name: string, source: string, patterns?: ReadPattern): Template {
  const engine = Handlebars.create();
  lookStrictly(engine);
  const { each } = engine.helpers;
  if (each) engine.registerHelper("each", boundedEach(each));
  const [program, words] = quoting(name, () => {
    const tree = engine.parse(source);
    const named = wordsIn(tree);
    rememberItems(tree, helperOf);
    rememberParts(tree, helperOf);
    engine.precompile(tree, OPTIONS); // `compile` would find what is wrong at the first rendering only
    return [engine.compile<Context>(tree, OPTIONS), named];
  });
  const functions = [...FUNCTIONS].filter(([word]) => words.has(word));
  const rememberedEach = engine.helpers["each"] && eachItem(engine.helpers["each"]);
  const rememberedPart = steadyPart();
  const memory = new Memory();
  // Those of the last snapshot, from which the next one differs in few keys.
  let view: SteeredView | undefined;
  let routing: Routing | undefined;
  return {
    render(input) {
      const seen = new Sight(input, { view, routing }, words);
      const helpers = {
        ...helpersOf(name, functions, scopeOf(input, memory, patterns)),
        ...(rememberedEach && { [EACH_ITEM]: rememberedEach(input.env) }),
        [STEADY_PART]: rememberedPart(input.env),
        [TCP_SERVICES]: (...all: readonly unknown[]) => seen.tcpServices(all.slice(0, -1).map(String)),
      };
      const text = quoting(name, () => {
        const made = program(seen.context, { helpers });
        checkLength(made.length);
        return made;
      });
      view = seen.view ?? view;
      routing = seen.routing ?? routing;
      return { text, leftOut: seen.leftOut, ...seen.steering };
    },
  };
}

/**
 * The helper that gives the services of TCP: `(tcpServices NAMED ALLOWED BIND...)`, with the services that the environment
 * names, the ports that it allows, and where the template listens besides.
 */
const TCP_SERVICES = "tcpServices";

const OPTIONS = {
  // A configuration is no web page: `&` and `=` stay what they are.
  noEscape: true,
  // A name that is not there is an error, not a hole in the configuration.
  strict: true,
  knownHelpersOnly: true,
  // Handlebars' own `log` would write to our output.
  knownHelpers: {
    ...Object.fromEntries([...FUNCTIONS.keys()].map((name) => [name, true])),
    eq: true,
    log: false,
    [TCP_SERVICES]: true,
    [EACH_ITEM]: true,
    [STEADY_PART]: true,
  },
} as const;

/** All words in a template that may be names of functions. Handlebars wraps each helper anew in every rendering. */
function wordsIn(tree: hbs.AST.Program): ReadonlySet<string> {
  const words = new Set<string>();
  const visitor = new Handlebars.Visitor();
  visitor.PathExpression = ({ parts: [first] }) => {
    if (first !== undefined) words.add(first);
  };
  visitor.accept(tree);
  return words;
}

/** What a word calls in a template; undefined where it is no call. */
export function helperOf(word: string): Helper | undefined {
  if (word === "eq") return "steady";
  if (word === TCP_SERVICES) return "unsteady";
  const fn = FUNCTIONS.get(word);
  return fn && (fn.isSteady ? "steady" : "unsteady");
}

/** Functions as helpers over one scope, and `eq`, which Handlebars lacks. */
function helpersOf(
  template: string,
  functions: readonly (readonly [name: string, fn: TemplateFunction])[],
  scope: Scope,
): Record<string, (...args: readonly unknown[]) => unknown> {
  const helpers: Record<string, (...args: readonly unknown[]) => unknown> = {
    eq: (a, b) => a === b,
  };
  for (const [name, fn] of functions) {
    helpers[name] = function (this: unknown, ...all) {
      const args = all.slice(0, -1);
      // `{{keys}}` within something that has keys of its own means those.
      if (args.length === 0 && isObject(this) && Object.hasOwn(this, name)) return this[name];
      try {
        return plainOf(fn.call(scope, argumentsOf(fn, args)));
      } catch (error) {
        if (!(error instanceof FunctionError)) throw error;
        const fault = { code: "template-invalid", template, reason: `${name}: ${error.message}` } as const;
        const line = lineOfCall(all.at(-1));
        throw new HecdError(line === undefined ? fault : { ...fault, line }, { cause: error });
      }
    };
  }
  return helpers;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** The line of a helper's call, from the last argument that Handlebars gives to each; its types do not know of it. */
function lineOfCall(options: unknown): number | undefined {
  return (options as { readonly loc?: { readonly start: { readonly line: number } } } | undefined)?.loc?.start.line;
}

function quoting<T>(template: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw handlebarsError(template, error);
  }
}
