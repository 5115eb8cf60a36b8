import Handlebars from "handlebars";
import { Memo } from "../../core/memo/memo.js";
import { checkLength } from "./bounded.js";
import { blockParamsOf, EACH_ITEM, type HelperOf, Dependence } from "./dependence.js";

/** The helper that `rememberParts` puts around parts of a template. */
export const STEADY_PART = "steadyPart";

/**
 * Has every `{{#each}}` whose body reads nothing but the item and the environment go by `EACH_ITEM` instead.
 *
 * Such a body gives the same text for the same item in every rendering, so that of thousands of services only those
 * that have changed need be written anew. `helperOf` tells names that are calls from those that are fields.
 */
export function rememberItems(tree: hbs.AST.Program, helperOf: HelperOf): void {
  new Marking(helperOf).accept(tree);
}

/**
 * Makes the helper itself, for one template, from the environment of a rendering: what is no list, and what is in it
 * besides objects, goes the usual way.
 */
export function eachItem(each: Handlebars.HelperDelegate): (env: unknown) => Handlebars.HelperDelegate {
  const blocks = new Map<string, Memo<object, string>>();
  return (env) => {
    const beside = [env];
    return function (this: unknown, items: unknown, options: Handlebars.HelperOptions) {
      if (!Array.isArray(items) || items.length === 0) return each.call(this, items, options) as unknown;
      const texts = memoOf(blocks, placeOf(options));
      let all = "";
      for (const item of items as readonly unknown[]) {
        if (typeof item !== "object" || item === null) return each.call(this, items, options) as unknown;
        all += texts.of(item, () => inOnePiece(options.fn(item)), beside);
        checkLength(all.length, options);
      }
      return all;
    };
  };
}

/**
 * Has every part of a template that reads nothing but the environment go by `STEADY_PART`: most of a configuration is the
 * same for as long as its renderer runs.
 */
export function rememberParts(tree: hbs.AST.Program, helperOf: HelperOf): void {
  const dependence = Dependence.onEnvironment(helperOf);
  const body: hbs.AST.Statement[] = [];
  let part: hbs.AST.Statement[] = [];
  const end = (): void => {
    // A text alone is there already.
    body.push(...(part.every(({ type }) => type === "ContentStatement") ? part : [asBlock(part)]));
    part = [];
  };
  for (const statement of tree.body) {
    if (!dependence.holdsStatement(statement)) {
      end();
      body.push(statement);
    } else part.push(statement);
  }
  end();
  tree.body = body;
}

/** Statements as the body of a block of the helper, at the place of the first one. */
function asBlock(body: hbs.AST.Statement[]): hbs.AST.BlockStatement {
  const { loc } = body[0] ?? NOWHERE;
  const original = STEADY_PART;
  return {
    type: "BlockStatement",
    path: { type: "PathExpression", data: false, depth: 0, parts: [original], original, loc },
    ...{ params: [], loc, program: { type: "Program", body, blockParams: [], loc } },
    ...{ openStrip: NO_STRIP, inverseStrip: NO_STRIP, closeStrip: NO_STRIP },
  } as unknown as hbs.AST.BlockStatement; // its type asks for what is not there in a tree that was read
}

const NO_STRIP = { open: false, close: false };
const NOWHERE = { loc: { source: "", start: { line: 0, column: 0 }, end: { line: 0, column: 0 } } };

/** Makes that helper, for one template, from the environment of a rendering. */
export function steadyPart(): (env: object) => Handlebars.HelperDelegate {
  const parts = new Map<string, Memo<object, string>>();
  return (env) =>
    function (this: unknown, options: Handlebars.HelperOptions) {
      return memoOf(parts, placeOf(options)).of(env, () => inOnePiece(options.fn(this)));
    };
}

/**
 * What is put together of many pieces stays a chain of them, to be followed again in every rendering. Of a body that is
 * nothing but a number Handlebars gives the number.
 */
function inOnePiece(text: unknown): string {
  const whole = String(text);
  return Number.isNaN(whole.charCodeAt(0)) ? "" : whole; // V8 puts the pieces together for whoever asks for a letter
}

function memoOf(blocks: Map<string, Memo<object, string>>, place: string): Memo<object, string> {
  const texts = blocks.get(place) ?? new Memo<object, string>();
  blocks.set(place, texts);
  return texts;
}

/** Where in the template the block begins; Handlebars gives that to every helper, its types do not know of it. */
function placeOf(options: Handlebars.HelperOptions): string {
  const { line, column } = (options as unknown as { readonly loc: hbs.AST.SourceLocation }).loc.start;
  return `${line}:${column}`;
}

class Marking extends Handlebars.Visitor {
  readonly #dependence: Dependence;

  constructor(helperOf: HelperOf) {
    super();
    this.#dependence = Dependence.onItem(helperOf);
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    super.BlockStatement(block);
    const { path, program } = block;
    if (path.original !== "each" || blockParamsOf(program).length > 0 || !this.#dependence.holds(program)) return;
    block.path.original = EACH_ITEM;
    block.path.parts = [EACH_ITEM];
  }
}
