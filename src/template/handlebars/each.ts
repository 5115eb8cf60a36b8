import Handlebars from "handlebars";
import { Memo } from "../../core/memo/memo.js";

/** The helper that `rememberItems` puts in the place of `each`. */
export const EACH_ITEM = "eachItem";

/** What a name calls: what hangs on its arguments and the environment alone, or on more. */
export type Helper = "steady" | "unsteady";

/**
 * Has every `{{#each}}` whose body reads nothing but the item and the environment go by `EACH_ITEM` instead.
 *
 * Such a body gives the same text for the same item in every rendering, so that of thousands of services only those
 * that have changed need be written anew. `helperOf` tells names that are calls from those that are fields.
 */
export function rememberItems(tree: hbs.AST.Program, helperOf: (name: string) => Helper | undefined): void {
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
      }
      return all;
    };
  };
}

/**
 * What is put together of many pieces stays a chain of them, to be followed again in every rendering. Of a body that is
 * nothing but a number Handlebars gives the number.
 */
function inOnePiece(text: unknown): string {
  return Buffer.from(String(text)).toString();
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

/** What Handlebars' type says of it promises more than there is. */
interface Body {
  readonly body: readonly hbs.AST.Statement[];
  readonly blockParams?: readonly string[];
}

/** Where in the body of an item something stands. */
interface Place {
  /** Whether it is in a block that is about a part of the item, and `..` is the item or a part of it, too. */
  readonly isDeeper: boolean;
  /** The names that blocks around it have given to parts of the item. */
  readonly names: readonly string[];
}

const OUTERMOST: Place = { isDeeper: false, names: [] };

class Marking extends Handlebars.Visitor {
  readonly #helperOf: (name: string) => Helper | undefined;

  constructor(helperOf: (name: string) => Helper | undefined) {
    super();
    this.#helperOf = helperOf;
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    super.BlockStatement(block);
    const { path, program } = block;
    if (path.original !== "each" || blockParamsOf(program).length > 0 || !this.#readsItemOnly(program, OUTERMOST))
      return;
    block.path.original = EACH_ITEM;
    block.path.parts = [EACH_ITEM];
  }

  #readsItemOnly(body: Body | undefined, place: Place): boolean {
    return body?.body.every((statement) => this.#isAboutItem(statement, place)) ?? true;
  }

  #isAboutItem(statement: hbs.AST.Statement, place: Place): boolean {
    switch (statement.type) {
      case "ContentStatement":
      case "CommentStatement":
        return true;
      case "MustacheStatement": {
        const { path, params } = statement as hbs.AST.MustacheStatement;
        return params.length === 0 ? this.#isOfItem(path, place) : this.#isSteadyCall(statement as Call, place);
      }
      case "BlockStatement":
        return this.#isBlockAboutItem(statement as hbs.AST.BlockStatement, place);
      default:
        return false;
    }
  }

  #isBlockAboutItem({ path, params, program, inverse }: hbs.AST.BlockStatement, place: Place): boolean {
    const isInto = INTO.has(path.original);
    if (!isInto && !CONDITIONS.has(path.original)) return false;
    if (!params.every((param) => this.#isOfItem(param, place))) return false;
    const names = [...place.names, ...blockParamsOf(program)];
    // A block about the very same thing goes no deeper for Handlebars.
    const isDeeper = place.isDeeper || (isInto && !params.some(isThis));
    return this.#readsItemOnly(program, { isDeeper, names }) && this.#readsItemOnly(inverse, place);
  }

  /** Whether it is a field of what the body is about, or hangs on such fields and the environment alone. */
  #isOfItem(expression: hbs.AST.Expression, place: Place): boolean {
    if (LITERALS.has(expression.type)) return true;
    if (expression.type === "SubExpression") return this.#isSteadyCall(expression as Call, place);
    if (expression.type !== "PathExpression") return false;
    const { data, depth, parts } = expression as hbs.AST.PathExpression;
    const [first = ""] = parts;
    if (data || depth > (place.isDeeper ? 1 : 0)) return false;
    return place.names.includes(first) || this.#helperOf(first) === undefined;
  }

  #isSteadyCall({ path, params, hash }: Call, place: Place): boolean {
    const isSteady = typeof path.original === "string" && this.#helperOf(path.original) === "steady";
    return isSteady && !hash && params.every((param) => this.#isOfItem(param, place));
  }
}

/** What calls a helper, within braces or within a call; Handlebars' types have them apart. */
interface Call extends hbs.AST.Expression {
  readonly path: { readonly original: unknown };
  readonly params: readonly hbs.AST.Expression[];
  readonly hash?: hbs.AST.Hash;
}

function blockParamsOf(body: Body | undefined): readonly string[] {
  return body?.blockParams ?? [];
}

function isThis(expression: hbs.AST.Expression): boolean {
  return expression.type === "PathExpression" && (expression as hbs.AST.PathExpression).parts.length === 0;
}

const CONDITIONS: ReadonlySet<string> = new Set(["if", "unless"]);

/** Blocks that are about what they are given. */
const INTO: ReadonlySet<string> = new Set(["each", EACH_ITEM, "with"]);

const LITERALS: ReadonlySet<string> = new Set(["StringLiteral", "NumberLiteral", "BooleanLiteral"]);
