import { type Bytes, isNameRune, isPrintable, runeAt, widthAt } from "../go-values/bytes.js";
import { goQuote, runeName } from "../go-values/quote.js";

/** What a token is; keywords are of the kind "keyword" and known by their text. */
export type TokenKind =
  | "error" | "eof" | "text" | "open" | "close" | "space" | "keyword" | "identifier" | "field" | "variable" | "dot"
  | "nil" | "bool" | "number" | "complex" | "char" | "string" | "raw string" | "declare" | "assign" | "pipe" | "left paren"
  | "right paren" | "punctuation"; // prettier-ignore

/** A piece of the source: its text (of an error: the words), where it begins and in which line. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: Bytes;
  readonly at: number;
  readonly line: number;
}

/** Cuts a template into tokens, the last of which is "eof" or "error". `words` are the keywords. */
export function lex(source: Bytes, words: ReadonlySet<string>): readonly Token[] {
  return new Lexer(source, words).run();
}

const BLANK = new Set([" ", "\t", "\r", "\n"]);
const TERMINATORS = new Set([" ", "\t", "\r", "\n", ".", ",", "|", ":", ")", "("]);
const SIMPLE = new Map<string, TokenKind>([
  ["=", "assign"],
  ["|", "pipe"],
]);

/** A position in the source that moves on; each method that ends an action's token says whether the action goes on. */
class Lexer {
  readonly #source: Bytes;
  readonly #words: ReadonlySet<string>;
  readonly #tokens: Token[] = [];
  /** Where the next token begins, and where reading has come to. */
  #start = 0;
  #at = 0;
  #line = 1;
  #depth = 0;

  constructor(source: Bytes, words: ReadonlySet<string>) {
    this.#source = source;
    this.#words = words;
  }

  run(): readonly Token[] {
    while (this.#text()) {
      while (this.#insideAction());
      if (this.#failed()) break;
    }
    return this.#tokens;
  }

  #failed(): boolean {
    return this.#tokens.at(-1)?.kind === "error";
  }

  /** Text up to an action, and that action's opening; false at the end. */
  #text(): boolean {
    for (;;) {
      const open = this.#source.indexOf("{{", this.#at);
      this.#at = open < 0 ? this.#source.length : open;
      const trimmed = open >= 0 && this.#isTrimAfter(open + 2);
      const end = trimmed ? this.#backOverBlanks(this.#at) : this.#at;
      if (end > this.#start) this.#emit("text", end);
      this.#skipTo(this.#at);
      if (open < 0) {
        this.#emit("eof");
        return false;
      }
      const inside = open + 2 + (trimmed ? 2 : 0);
      if (!this.#source.startsWith("/*", inside)) {
        this.#emit("open", open + 2);
        this.#skipTo(inside);
        this.#depth = 0;
        return true;
      }
      this.#skipTo(inside);
      if (!this.#comment()) return false;
    }
  }

  #comment(): boolean {
    const end = this.#source.indexOf("*/", this.#at + 2);
    if (end < 0) return this.#fail("unclosed comment");
    this.#at = end + 2;
    const close = this.#closing();
    if (close === undefined) return this.#fail("comment ends before closing delimiter");
    this.#skipTo(close.trims ? this.#overBlanks(close.end) : close.end);
    return true;
  }

  /** One token of an action; false when the action is over, by its end or by an error. */
  #insideAction(): boolean {
    const close = this.#closing();
    if (close !== undefined) return this.#close(close);
    if (this.#at >= this.#source.length) return this.#fail("unclosed action");
    const char = this.#source.charAt(this.#at);
    if (BLANK.has(char)) return this.#space();
    const simple = SIMPLE.get(char);
    if (simple !== undefined) return this.#emit(simple, this.#at + 1);
    switch (char) {
      case ":":
        return this.#source.charAt(this.#at + 1) === "="
          ? this.#emit("declare", this.#at + 2)
          : this.#fail("expected :=");
      case '"':
        return this.#quoted('"', "string", "unterminated quoted string");
      case "'":
        return this.#quoted("'", "char", "unterminated character constant");
      case "`": {
        const end = this.#source.indexOf("`", this.#at + 1);
        return end < 0 ? this.#fail("unterminated raw quoted string") : this.#emit("raw string", end + 1);
      }
      case "$":
        return this.#name("variable", "variable");
      case "(":
        this.#depth++;
        return this.#emit("left paren", this.#at + 1);
      case ")":
        this.#emit("right paren", this.#at + 1);
        return --this.#depth >= 0 || this.#fail(`unexpected right paren ${runeName(41)}`);
      case ".":
        if (!/[0-9]/.test(this.#source.charAt(this.#at + 1)) && this.#at + 1 < this.#source.length) {
          return this.#name("field", "dot");
        }
        return this.#number();
    }
    if (/[-+0-9]/.test(char)) return this.#number();
    const rune = runeAt(this.#source, this.#at);
    if (isNameRune(rune)) return this.#identifier();
    if (rune < 0x80 && isPrintable(rune)) return this.#emit("punctuation", this.#at + 1);
    return this.#fail(`unrecognized character in action: ${runeName(rune)}`);
  }

  #close(close: { readonly end: number; readonly trims: boolean }): boolean {
    if (this.#depth > 0) return this.#fail("unclosed left paren");
    if (close.trims) this.#skipTo(close.end - 2);
    this.#emit("close", close.end);
    if (close.trims) this.#skipTo(this.#overBlanks(close.end));
    return false;
  }

  /** Blanks up to something, or up to the one that is part of a ` -}}`. */
  #space(): boolean {
    const end = this.#overBlanks(this.#at);
    return this.#emit("space", this.#source.startsWith("-}}", end) ? end - 1 : end);
  }

  #identifier(): boolean {
    this.#overName();
    const word = this.#source.slice(this.#start, this.#at);
    if (!this.#isAtTerminator()) return this.#badCharacter();
    if (this.#words.has(word)) return this.#emit("keyword");
    if (word === "nil") return this.#emit("nil");
    return this.#emit(word === "true" || word === "false" ? "bool" : "identifier");
  }

  /** A name after `.` or `$`, or that sign alone. */
  #name(named: TokenKind, alone: TokenKind): boolean {
    this.#at++;
    if (this.#isAtTerminator()) return this.#emit(alone);
    this.#overName();
    return this.#isAtTerminator() ? this.#emit(named) : this.#badCharacter();
  }

  #quoted(quote: string, kind: TokenKind, unterminated: string): boolean {
    for (let at = this.#at + 1; ; at++) {
      const char = this.#source.charAt(at);
      if (char === quote) return this.#emit(kind, at + 1);
      if (char === "\\") at++;
      const end = this.#source.charAt(at);
      if (end === "" || end === "\n") return this.#fail(unterminated);
    }
  }

  /** A number as far as its signs go; whether it is one is for the parser to find out. */
  #number(): boolean {
    if (!this.#overNumber()) return this.#badNumber();
    if (!/[-+]/.test(this.#source.charAt(this.#at))) return this.#emit("number");
    if (!this.#overNumber() || this.#source.charAt(this.#at - 1) !== "i") return this.#badNumber();
    return this.#emit("complex");
  }

  #overNumber(): boolean {
    NUMBER.lastIndex = this.#at;
    this.#at += NUMBER.exec(this.#source)?.[0].length ?? 0;
    if (this.#at >= this.#source.length || !isNameRune(runeAt(this.#source, this.#at))) return true;
    this.#at += widthAt(this.#source, this.#at);
    return false;
  }

  #badNumber(): boolean {
    return this.#fail(`bad number syntax: ${goQuote(this.#source.slice(this.#start, this.#at))}`);
  }

  #badCharacter(): boolean {
    const rune = this.#at < this.#source.length ? runeAt(this.#source, this.#at) : -1;
    return this.#fail(`bad character ${runeName(rune)}`);
  }

  #overName(): void {
    while (this.#at < this.#source.length && isNameRune(runeAt(this.#source, this.#at))) {
      this.#at += widthAt(this.#source, this.#at);
    }
  }

  #isAtTerminator(): boolean {
    if (this.#at >= this.#source.length) return true;
    return TERMINATORS.has(this.#source.charAt(this.#at)) || this.#source.startsWith("}}", this.#at);
  }

  /** The end of the action when that is what comes next, with or without a trim marker. */
  #closing(): { readonly end: number; readonly trims: boolean } | undefined {
    if (BLANK.has(this.#source.charAt(this.#at)) && this.#source.startsWith("-}}", this.#at + 1)) {
      return { end: this.#at + 4, trims: true };
    }
    return this.#source.startsWith("}}", this.#at) ? { end: this.#at + 2, trims: false } : undefined;
  }

  #isTrimAfter(index: number): boolean {
    return this.#source.charAt(index) === "-" && BLANK.has(this.#source.charAt(index + 1));
  }

  #overBlanks(from: number): number {
    let end = from;
    while (BLANK.has(this.#source.charAt(end))) end++;
    return end;
  }

  #backOverBlanks(from: number): number {
    let end = from;
    while (end > this.#start && BLANK.has(this.#source.charAt(end - 1))) end--;
    return end;
  }

  #emit(kind: TokenKind, end = this.#at): boolean {
    this.#tokens.push({ kind, text: this.#source.slice(this.#start, end), at: this.#start, line: this.#line });
    this.#skipTo(end);
    return true;
  }

  #fail(words: string): boolean {
    this.#tokens.push({ kind: "error", text: words, at: this.#start, line: this.#line });
    return false;
  }

  #skipTo(end: number): void {
    for (
      let at = this.#source.indexOf("\n", this.#start);
      at >= 0 && at < end;
      at = this.#source.indexOf("\n", at + 1)
    ) {
      this.#line++;
    }
    this.#start = end;
    this.#at = end;
  }
}

const NUMBER =
  /[-+]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][-+]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]*)?)i?/y;
