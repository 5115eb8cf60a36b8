import { FunctionError } from "../go-values/function-error.js";

/** The text of a regular expression while it is read, character by character. */
export class PatternSource {
  readonly text: string;
  readonly #characters: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.text = text;
    this.#characters = Array.from(text);
  }

  /** How many characters have been read. */
  get at(): number {
    return this.#at;
  }

  get isOver(): boolean {
    return this.#at >= this.#characters.length;
  }

  /** The character after those that have been read, or one further on; nothing at the end. */
  peek(further = 0): string {
    return this.#characters[this.#at + further] ?? "";
  }

  /** Reads a character. */
  next(): string {
    return this.#characters[this.#at++] ?? "";
  }

  /** Reads what `pattern`, which begins with `^`, matches here. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    const match = pattern.exec(this.#characters.slice(this.#at).join(""));
    if (match === null) return undefined;
    this.#at += Array.from(match[0]).length;
    return match;
  }

  /** What has been read since `start` characters had been. */
  since(start: number): string {
    return this.#characters.slice(start, this.#at).join("");
  }
}

/** Refuses an expression in Go's words, which name the part that is wrong. */
export function refusePattern(problem: string, part: string): never {
  throw new FunctionError(`error parsing regexp: ${problem}: \`${part}\``);
}
