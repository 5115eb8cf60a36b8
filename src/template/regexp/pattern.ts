import { type Bytes, bytesOf, textOf } from "../go-values/bytes.js";
import { FunctionError } from "../go-values/function-error.js";
import { translatePattern } from "./pattern-syntax.js";

/**
 * The regular expressions of one rendering, each made once.
 *
 * They are written and mean what they do in Go (RE2), but for three things: a group within a repetition forgets what it
 * had matched when the repetition goes round without it; `(?i)` does not widen a property such as `\\p{Lu}`; and the time
 * that JavaScript takes for some expressions grows with the text as RE2's never does. So expressions are for templates to
 * write, not for keys to hold.
 */
export class Patterns {
  readonly #known = new Map<Bytes, Pattern>();

  /** Throws a `FunctionError` with Go's words for an expression that is none, or that RE2 does not have. */
  get(source: Bytes): Pattern {
    let pattern = this.#known.get(source);
    if (pattern === undefined) this.#known.set(source, (pattern = new Pattern(textOf(source))));
    return pattern;
  }
}

/** A regular expression over texts; what is not UTF-8 in them is U+FFFD to it. */
export class Pattern {
  readonly #expression: RegExp;
  readonly #groups: readonly string[];

  constructor(source: string) {
    const { expression, groups } = translatePattern(source);
    this.#groups = groups;
    try {
      this.#expression = new RegExp(expression, "gu");
    } catch (error) {
      throw new FunctionError(`error parsing regexp: ${String(error)}`);
    }
  }

  matches(text: Bytes): boolean {
    return textOf(text).search(this.#expression) >= 0;
  }

  /** The first match; nothing when there is none. */
  find(text: Bytes): Bytes {
    const [first] = textOf(text).matchAll(this.#expression);
    return bytesOf(first?.[0] ?? "");
  }

  /** All matches replaced; `$1`, `${1}` and `${name}` in `by` are what a group has matched, `$$` is a dollar. */
  replace(text: Bytes, by: Bytes): Bytes {
    const readable = textOf(text);
    const template = textOf(by);
    let replaced = "";
    let end = 0;
    for (const match of readable.matchAll(this.#expression)) {
      // Go skips an empty match that touches the one before it.
      if (match[0] === "" && match.index === end && match.index > 0) continue;
      replaced += readable.slice(end, match.index) + this.#expand(template, match);
      end = match.index + match[0].length;
    }
    return bytesOf(replaced + readable.slice(end));
  }

  #expand(template: string, match: RegExpExecArray): string {
    return template.replace(REFERENCE, (whole, braced?: string, bare?: string) => {
      if (whole === "$$") return "$";
      const name = braced ?? bare ?? "";
      if (NUMBER.test(name)) return match[Number(name)] ?? "";
      // Of several groups of one name the first that has matched.
      return (
        match.find((found: string | undefined, group) => found !== undefined && this.#groups[group] === name) ?? ""
      );
    });
  }
}

const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;
const NUMBER = /^(?:0|[1-9][0-9]{0,7})$/;
