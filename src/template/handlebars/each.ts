import Handlebars from "handlebars";
import { Memo } from "../../core/memo/memo.js";

/** The helper that `rememberItems` puts in the place of `each`. */
export const EACH_ITEM = "eachItem";

/**
 * Has every `{{#each}}` whose body reads nothing but the item go by `EACH_ITEM` instead.
 *
 * Such a body gives the same text for the same item in every rendering, so that of thousands of services only those
 * that have changed need be written anew. `isHelper` tells names that are calls from those that are fields.
 */
export function rememberItems(tree: hbs.AST.Program, isHelper: (name: string) => boolean): void {
  new Marking(isHelper).accept(tree);
}

/** The helper itself, for one template: what is no list, and what is in it besides objects, goes the usual way. */
export function eachItem(each: Handlebars.HelperDelegate): Handlebars.HelperDelegate {
  const blocks = new Map<string, Memo<object, string>>();
  return function (this: unknown, items: unknown, options: Handlebars.HelperOptions) {
    if (!Array.isArray(items) || items.length === 0) return each.call(this, items, options) as unknown;
    const texts = memoOf(blocks, placeOf(options));
    let all = "";
    for (const item of items as readonly unknown[]) {
      if (typeof item !== "object" || item === null) return each.call(this, items, options) as unknown;
      all += texts.of(item, () => inOnePiece(options.fn(item)));
    }
    return all;
  };
}

/** What is put together of many pieces stays a chain of them, to be followed again in every rendering. */
function inOnePiece(text: string): string {
  return Buffer.from(text).toString();
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

class Marking extends Handlebars.Visitor {
  readonly #isHelper: (name: string) => boolean;

  constructor(isHelper: (name: string) => boolean) {
    super();
    this.#isHelper = isHelper;
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    super.BlockStatement(block);
    if (block.path.original !== "each" || !this.#readsItemOnly(block.program)) return;
    block.path.original = EACH_ITEM;
    block.path.parts = [EACH_ITEM];
  }

  #readsItemOnly(body: Body | undefined): boolean {
    if (!body) return true;
    return !body.blockParams && body.body.every((statement) => this.#isAboutItem(statement));
  }

  #isAboutItem(statement: hbs.AST.Statement): boolean {
    switch (statement.type) {
      case "ContentStatement":
      case "CommentStatement":
        return true;
      case "MustacheStatement": {
        const { path, params } = statement as hbs.AST.MustacheStatement;
        return params.length === 0 && this.#isField(path);
      }
      case "BlockStatement": {
        const { path, params, program, inverse } = statement as hbs.AST.BlockStatement;
        return (
          KNOWN.has(path.original) &&
          params.every((param) => this.#isField(param)) &&
          this.#readsItemOnly(program) &&
          this.#readsItemOnly(inverse)
        );
      }
      default:
        return false;
    }
  }

  /** Whether it is a field of what the body is about. */
  #isField(expression: hbs.AST.Expression): boolean {
    if (expression.type !== "PathExpression") return false;
    const { data, depth, parts } = expression as hbs.AST.PathExpression;
    return !data && depth === 0 && !this.#isHelper(parts[0] ?? "");
  }
}

const KNOWN: ReadonlySet<string> = new Set(["if", "unless", "each", EACH_ITEM]);
