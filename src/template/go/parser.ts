import type { Bytes } from "../go-values/bytes.js";
import { goQuote, unquote } from "../go-values/quote.js";
import { lex, type Token } from "./lexer.js";
import { type BranchNode, isBlank, type PipeNode, type Step, type TemplateNode } from "./nodes.js";
import { literal, parsePipe, type ParseScope } from "./operands.js";
import { Tokens } from "./tokens.js";

/** The steps of a template and of those defined in it, by name. */
export type Trees = ReadonlyMap<Bytes, readonly Step[]>;

/** What ended a list of steps. */
type End = { readonly kind: "end" } | { readonly kind: "else"; readonly then: "if" | "with" | undefined };

const KEYWORDS = ["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"];

/** Parses a template named `name`; `hasFunction` tells which functions there are. */
export function parseTrees(name: string, source: Bytes, hasFunction: (name: Bytes) => boolean): Trees {
  // These two came late to the language: a function of that name goes before them.
  const words = KEYWORDS.filter((word) => !((word === "break" || word === "continue") && hasFunction(word)));
  const tokens = new Tokens(name, lex(source, new Set(words)));
  const trees = new Map<Bytes, readonly Step[]>();
  const steps: Step[] = [];
  const parser = new Parser(tokens, hasFunction, trees);
  while (tokens.peek().kind !== "eof") {
    if (parser.define()) continue;
    const step = parser.step();
    if (step.kind === "end" || step.kind === "else") return tokens.fail(`unexpected {{${step.kind}}}`);
    steps.push(step);
  }
  addTree(trees, tokens, name, steps);
  return trees;
}

/** Keeps a definition; two of one name are a mistake unless one of them is blank. */
function addTree(trees: Map<Bytes, readonly Step[]>, tokens: Tokens, name: Bytes, steps: readonly Step[]): void {
  const present = trees.get(name);
  if (present === undefined || isBlank(present)) trees.set(name, steps);
  else if (!isBlank(steps)) tokens.fail(`template: multiple definition of template ${goQuote(name)}`);
}

/** The parser of one definition: its variables, and how many ranges it is in. */
class Parser {
  readonly #tokens: Tokens;
  readonly #trees: Map<Bytes, readonly Step[]>;
  readonly #scope: ParseScope;
  #ranges = 0;

  constructor(tokens: Tokens, hasFunction: (name: Bytes) => boolean, trees: Map<Bytes, readonly Step[]>) {
    this.#tokens = tokens;
    this.#trees = trees;
    this.#scope = { hasFunction, variables: ["$"] };
  }

  /** A `define` with all of its body when that is what comes next. */
  define(): boolean {
    const mark = this.#tokens.mark;
    if (this.#tokens.peek().kind !== "open") return false;
    this.#tokens.next();
    if (!this.#isKeyword(this.#tokens.nextNonSpace(), "define")) {
      this.#tokens.backTo(mark);
      return false;
    }
    const name = this.#name("define clause");
    this.#tokens.expect("close", "define clause");
    this.#definition(name, "define clause");
    return true;
  }

  /** One step, or what ends a list of them. */
  step(): Step | End {
    const token = this.#tokens.nextNonSpace();
    if (token.kind === "text") return { kind: "text", text: token.text };
    if (token.kind !== "open") return this.#tokens.unexpected(token, "input");
    this.#tokens.actionLine = token.line;
    const step = this.#action();
    this.#tokens.actionLine = 0;
    return step;
  }

  #action(): Step | End {
    const mark = this.#tokens.mark;
    const token = this.#tokens.nextNonSpace();
    if (token.kind === "keyword") {
      switch (token.text) {
        case "block":
          return this.#block();
        case "break":
        case "continue":
          return this.#jump(token.text);
        case "else":
          return this.#else();
        case "end":
          this.#tokens.expect("close", "end");
          return { kind: "end" };
        case "if":
        case "range":
        case "with":
          return this.#branch(token.text);
        case "template":
          return this.#template();
      }
    }
    this.#tokens.backTo(mark);
    return { kind: "action", pipe: this.#pipe("command") };
  }

  #pipe(context: string): PipeNode {
    return parsePipe(this.#tokens, this.#scope, context, "close");
  }

  #jump(kind: "break" | "continue"): Step {
    const token = this.#tokens.nextNonSpace();
    if (token.kind !== "close") this.#tokens.unexpected(token, `{{${kind}}}`);
    if (this.#ranges === 0) this.#tokens.fail(`{{${kind}}} outside {{range}}`);
    return { kind };
  }

  #else(): End {
    const token = this.#tokens.peekNonSpace();
    if (this.#isKeyword(token, "if")) return { kind: "else", then: "if" };
    if (this.#isKeyword(token, "with")) return { kind: "else", then: "with" };
    this.#tokens.expect("close", "else");
    return { kind: "else", then: undefined };
  }

  /** `if`, `range` or `with`, to its end. An `else if` is an `if` within the else, and takes the end of both. */
  #branch(kind: BranchNode["kind"]): BranchNode {
    const variables = this.#scope.variables.length;
    const pipe = this.#pipe(kind);
    if (kind === "range") this.#ranges++;
    const { steps: body, end } = this.#steps();
    if (kind === "range") this.#ranges--;
    const otherwise = end.kind === "end" ? [] : this.#otherwise(kind, end.then);
    this.#scope.variables.length = variables;
    return { kind, pipe, body, otherwise };
  }

  #otherwise(kind: BranchNode["kind"], then: "if" | "with" | undefined): readonly Step[] {
    if (then !== undefined) {
      const token = this.#tokens.next();
      if (kind !== then) this.#tokens.unexpected(token, "input");
      return [this.#branch(then)];
    }
    const { steps, end } = this.#steps();
    if (end.kind !== "end") this.#tokens.fail("expected end; found {{else}}");
    return steps;
  }

  #block(): TemplateNode {
    const { at } = this.#tokens.peekNonSpace();
    const name = this.#name("block clause");
    const pipe = this.#pipe("block clause");
    this.#definition(name, "block clause");
    return { kind: "template", at, name, pipe };
  }

  #template(): TemplateNode {
    const { at } = this.#tokens.peekNonSpace();
    const name = this.#name("template clause");
    if (this.#tokens.peekNonSpace().kind !== "close") {
      return { kind: "template", at, name, pipe: this.#pipe("template clause") };
    }
    this.#tokens.next();
    return { kind: "template", at, name, pipe: undefined };
  }

  /** The body of a `define` or `block`, which sees no variables from outside and no range around it. */
  #definition(name: Bytes, context: string): void {
    const inner = new Parser(this.#tokens, (called) => this.#scope.hasFunction(called), this.#trees);
    const { steps, end } = inner.#steps();
    if (end.kind !== "end") this.#tokens.fail(`unexpected {{else}} in ${context}`);
    addTree(this.#trees, this.#tokens, name, steps);
  }

  #steps(): { readonly steps: readonly Step[]; readonly end: End } {
    const steps: Step[] = [];
    while (this.#tokens.peekNonSpace().kind !== "eof") {
      const step = this.step();
      if (step.kind === "end" || step.kind === "else") return { steps, end: step };
      steps.push(step);
    }
    return this.#tokens.fail("unexpected EOF");
  }

  #name(context: string): Bytes {
    const token = this.#tokens.nextNonSpace();
    if (token.kind !== "string" && token.kind !== "raw string") return this.#tokens.unexpected(token, context);
    return literal(this.#tokens, unquote, token.text);
  }

  #isKeyword(token: Token, word: string): boolean {
    return token.kind === "keyword" && token.text === word;
  }
}
