import { RE2JS, RE2JSSyntaxException } from "re2js";
import { type Bytes, bytesOf, textOf } from "../go-values/bytes.js";
import { FunctionError } from "../go-values/function-error.js";

/**
 * A regular expression as Go has them (RE2): what it costs grows with the text and no faster, whatever the expression. Of a
 * text, what is not UTF-8 is U+FFFD to it.
 */
export class Pattern {
  readonly #expression: RE2JS;
  readonly #groups: Readonly<Record<string, number>>;

  /** Throws a `FunctionError` with Go's words for an expression that is none, or that RE2 does not have. */
  constructor(source: Bytes) {
    try {
      this.#expression = RE2JS.compile(textOf(source));
    } catch (error) {
      if (!(error instanceof RE2JSSyntaxException)) throw error;
      throw new FunctionError(`error parsing regexp: ${error.getDescription()}: \`${error.getPattern() ?? ""}\``);
    }
    this.#groups = this.#expression.namedGroups();
  }

  /** Whether it is somewhere in a text. */
  readonly matches = (text: Bytes): boolean => this.#expression.matcher(textOf(text)).find();

  /** The first match in a text; nothing when there is none. */
  readonly find = (text: Bytes): Bytes => {
    const matcher = this.#expression.matcher(textOf(text));
    return matcher.find() ? bytesOf(matcher.group() ?? "") : "";
  };

  /**
   * What replaces all matches in a text; `$1`, `${1}` and `${name}` in `by` are what a group has matched, `$$` is a dollar.
   */
  readonly replacer = (by: Bytes): ((text: Bytes) => Bytes) => {
    const template = textOf(by);
    return (text) => {
      const readable = textOf(text);
      const matcher = this.#expression.matcher(readable);
      let replaced = "";
      let end = 0;
      while (matcher.find()) {
        const [start, stop] = [matcher.start(), matcher.end()];
        // Go skips an empty match that touches the one before it.
        if (start === stop && start === end && start > 0) continue;
        const expanded = template.replace(REFERENCE, (whole, braced?: string, bare?: string) => {
          if (whole === "$$") return "$";
          const group = this.#groupOf(braced ?? bare ?? "");
          return group === undefined ? "" : (matcher.group(group) ?? "");
        });
        replaced += readable.slice(end, start) + expanded;
        end = stop;
      }
      return bytesOf(replaced + readable.slice(end));
    };
  };

  #groupOf(name: string): number | undefined {
    const group = NUMBER.test(name) ? Number(name) : this.#groups[name];
    return group !== undefined && group <= this.#expression.groupCount() ? group : undefined;
  }
}

/** Reads an expression. */
export type ReadPattern = (source: Bytes) => Pattern;

export const readPattern: ReadPattern = (source) => new Pattern(source);

const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;
const NUMBER = /^(?:0|[1-9][0-9]{0,7})$/;
