/** The helper that takes the place of `each` where what it writes is remembered. */
export const EACH_ITEM = "eachItem";

/** What a name calls: what hangs on its arguments and the environment alone, or on more. */
export type Helper = "steady" | "unsteady";

/** Tells names that are calls from those that are fields. */
export type HelperOf = (name: string) => Helper | undefined;

/** What Handlebars' type says of it promises more than there is. */
export interface BlockBody {
  readonly body: readonly hbs.AST.Statement[];
  readonly blockParams?: readonly string[];
}

/** Where in what is looked at something stands. */
interface Place {
  /** Whether it is in a block that is about a part, and `..` is what that is a part of. */
  readonly isDeeper: boolean;
  /** The names that blocks around it have given to parts. */
  readonly names: readonly string[];
}

const OUTERMOST: Place = { isDeeper: false, names: [] };

/** Tells of parts of a template whether they hang on one thing and the environment alone. */
export class Dependence {
  readonly #helperOf: HelperOf;
  /** Whether the fields of what stands around may be read; else only those of parts that came of the environment. */
  readonly #isItem: boolean;

  private constructor(helperOf: HelperOf, isItem: boolean) {
    this.#helperOf = helperOf;
    this.#isItem = isItem;
  }

  /** On an item and the environment: `..` within a part of the item is the item, or a part of it, too. */
  static onItem(helperOf: HelperOf): Dependence {
    return new Dependence(helperOf, true);
  }

  /** On the environment alone. */
  static onEnvironment(helperOf: HelperOf): Dependence {
    return new Dependence(helperOf, false);
  }

  /** Whether a whole body reads nothing else. */
  holds(body: BlockBody | undefined): boolean {
    return this.#holds(body, OUTERMOST);
  }

  /** Whether one statement reads nothing else. */
  holdsStatement(statement: hbs.AST.Statement): boolean {
    return this.#holdsStatement(statement, OUTERMOST);
  }

  #holds(body: BlockBody | undefined, place: Place): boolean {
    return body?.body.every((statement) => this.#holdsStatement(statement, place)) ?? true;
  }

  #holdsStatement(statement: hbs.AST.Statement, place: Place): boolean {
    switch (statement.type) {
      case "ContentStatement":
      case "CommentStatement":
        return true;
      case "MustacheStatement": {
        const { path, params } = statement as hbs.AST.MustacheStatement;
        return params.length === 0 ? this.#holdsExpression(path, place) : this.#isSteadyCall(statement as Call, place);
      }
      case "BlockStatement":
        return this.#holdsBlock(statement as hbs.AST.BlockStatement, place);
      default:
        return false;
    }
  }

  #holdsBlock({ path, params, program, inverse }: hbs.AST.BlockStatement, place: Place): boolean {
    const isInto = INTO.has(path.original);
    if (!isInto && !CONDITIONS.has(path.original)) return false;
    if (!params.every((param) => this.#holdsExpression(param, place))) return false;
    const names = [...place.names, ...blockParamsOf(program)];
    // A block about the very same thing goes no deeper for Handlebars.
    const isDeeper = place.isDeeper || (isInto && !params.some(isThis));
    return this.#holds(program, { isDeeper, names }) && this.#holds(inverse, place);
  }

  #holdsExpression(expression: hbs.AST.Expression, place: Place): boolean {
    if (LITERALS.has(expression.type)) return true;
    if (expression.type === "SubExpression") return this.#isSteadyCall(expression as Call, place);
    if (expression.type !== "PathExpression") return false;
    const { data, depth, parts } = expression as hbs.AST.PathExpression;
    const [first = ""] = parts;
    if (data || depth > (this.#isItem && place.isDeeper ? 1 : 0)) return false;
    if (place.names.includes(first)) return true;
    return (this.#isItem || place.isDeeper) && this.#helperOf(first) === undefined;
  }

  #isSteadyCall({ path, params, hash }: Call, place: Place): boolean {
    const isSteady = typeof path.original === "string" && this.#helperOf(path.original) === "steady";
    return isSteady && !hash && params.every((param) => this.#holdsExpression(param, place));
  }
}

/** What calls a helper, within braces or within a call; Handlebars' types have them apart. */
interface Call extends hbs.AST.Expression {
  readonly path: { readonly original: unknown };
  readonly params: readonly hbs.AST.Expression[];
  readonly hash?: hbs.AST.Hash;
}

export function blockParamsOf(body: BlockBody | undefined): readonly string[] {
  return body?.blockParams ?? [];
}

function isThis(expression: hbs.AST.Expression): boolean {
  return expression.type === "PathExpression" && (expression as hbs.AST.PathExpression).parts.length === 0;
}

const CONDITIONS: ReadonlySet<string> = new Set(["if", "unless"]);

/** Blocks that are about what they are given. */
const INTO: ReadonlySet<string> = new Set(["each", EACH_ITEM, "with"]);

const LITERALS: ReadonlySet<string> = new Set(["StringLiteral", "NumberLiteral", "BooleanLiteral"]);
