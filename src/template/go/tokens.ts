import { templateError } from "../go-values/errors.js";
import { goQuote } from "../go-values/quote.js";
import type { Token, TokenKind } from "./lexer.js";

/** The tokens of one template with a place in them; errors name the line of the furthest token looked at, as Go's do. */
export class Tokens {
  readonly name: string;
  /** The line in which the action being parsed began; 0 between actions. */
  actionLine = 0;
  readonly #tokens: readonly Token[];
  #next = 0;
  #furthest = 0;

  constructor(name: string, tokens: readonly Token[]) {
    this.name = name;
    this.#tokens = tokens;
  }

  /** The next token, which stays where it is. */
  peek(): Token {
    const last = this.#tokens.length - 1;
    const index = Math.min(this.#next, last);
    this.#furthest = Math.max(this.#furthest, index);
    const token = this.#tokens[index];
    if (token === undefined) throw new RangeError("a template has at least one token");
    return token;
  }

  next(): Token {
    const token = this.peek();
    this.#next++;
    return token;
  }

  /** The next token after blanks, which are passed over. */
  peekNonSpace(): Token {
    while (this.peek().kind === "space") this.#next++;
    return this.peek();
  }

  nextNonSpace(): Token {
    this.peekNonSpace();
    return this.next();
  }

  /** Where reading is, to come back to. */
  get mark(): number {
    return this.#next;
  }

  backTo(mark: number): void {
    this.#next = mark;
  }

  expect(kind: TokenKind, context: string): Token {
    const token = this.nextNonSpace();
    return token.kind === kind ? token : this.unexpected(token, context);
  }

  /** Ends the parsing: `token` has no place here. An error of the lexer speaks for itself. */
  unexpected(token: Token, context: string): never {
    if (token.kind !== "error") this.fail(`unexpected ${shown(token)} in ${context}`);
    if (this.actionLine === 0 || this.actionLine === token.line) this.fail(token.text);
    const extra = `action started at ${this.name}:${this.actionLine}`;
    this.fail(
      token.text.endsWith(" action") ? `${token.text}${extra.slice("action".length)}` : `${token.text} in ${extra}`,
    );
  }

  /** Ends the parsing with these words. */
  fail(words: string): never {
    const line = this.#tokens[this.#furthest]?.line ?? 1;
    throw templateError(this.name, line, `template: ${this.name}:${line}: ${words}`);
  }
}

/** A token as Go's messages have it. */
function shown(token: Token): string {
  if (token.kind === "eof") return "EOF";
  if (token.kind === "keyword" || token.kind === "nil" || token.kind === "dot") return `<${token.text}>`;
  return token.text.length > 10 ? `${goQuote(token.text.slice(0, 10))}...` : goQuote(token.text);
}
