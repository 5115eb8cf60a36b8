import { type Bytes, widthAt } from "./bytes.js";
import { type Flags, noFlags } from "./format.js";
import { format, show } from "./print.js";
import { type GoValue, TypedInt, typeOf } from "./values.js";

/** Widths and precisions beyond this are not believed. */
const LARGEST = 1_000_000;

/** Go's fmt.Sprintf. Never fails: what is wrong with format or arguments stands in the text. */
export function sprintf(template: GoValue, args: readonly GoValue[]): Bytes {
  if (typeof template !== "string") return "";
  let text = "";
  let from = 0;
  const state = new Directive(template, args);
  for (;;) {
    const percent = template.indexOf("%", from);
    if (percent < 0) return text + template.slice(from) + state.extra();
    text += template.slice(from, percent) + state.read(percent + 1);
    from = state.end;
  }
}

/** Go's fmt.Sprint: blanks only between two that are no strings. */
export function sprint(args: readonly GoValue[]): Bytes {
  let text = "";
  for (const [index, arg] of args.entries()) {
    if (index > 0 && typeof arg !== "string" && typeof args[index - 1] !== "string") text += " ";
    text += show(arg);
  }
  return text;
}

/** Go's fmt.Sprintln. */
export function sprintln(args: readonly GoValue[]): Bytes {
  return `${args.map(show).join(" ")}\n`;
}

/** The directives of one format, one after the other, and which argument is the next. */
class Directive {
  /** Where the directive read last ends. */
  end = 0;
  readonly #template: Bytes;
  readonly #args: readonly GoValue[];
  #arg = 0;
  #isReordered = false;
  /** Whether the last argument index, if any, was right; and whether it stands directly before what is read now. */
  #isGood = true;
  #afterIndex = false;

  constructor(template: Bytes, args: readonly GoValue[]) {
    this.#template = template;
    this.#args = args;
  }

  /** The text for the directive whose `%` is just before `start`. */
  read(start: number): Bytes {
    this.end = start;
    this.#isGood = true;
    const flags = noFlags();
    this.#flags(flags);
    this.#index();
    let text = this.#width(flags);
    if (this.#template.charAt(this.end) === "." && this.end + 1 < this.#template.length) text += this.#precision(flags);
    if (!this.#afterIndex) this.#index();
    if (this.end >= this.#template.length) return `${text}%!(NOVERB)`;
    const width = widthAt(this.#template, this.end);
    const verb = this.#template.slice(this.end, this.end + width);
    this.end += width;
    return text + this.#apply(verb, flags);
  }

  /** What is said of arguments that no directive has used. */
  extra(): Bytes {
    if (this.#isReordered || this.#arg >= this.#args.length) return "";
    const left = this.#args.slice(this.#arg);
    const shown = left.map((arg) =>
      arg === undefined || arg === null ? "<nil>" : `${typeOf(arg)?.name ?? ""}=${show(arg)}`,
    );
    return `%!(EXTRA ${shown.join(", ")})`;
  }

  #apply(verb: Bytes, flags: Flags): Bytes {
    if (verb === "%") return "%";
    if (!this.#isGood) return `%!${verb}(BADINDEX)`;
    if (this.#arg >= this.#args.length) return `%!${verb}(MISSING)`;
    if (verb === "v") {
      flags.goSyntax = flags.sharp;
      flags.fieldNames = flags.plus;
      flags.sharp = false;
      flags.plus = false;
    }
    return format(this.#args[this.#arg++], verb, flags);
  }

  #flags(flags: Flags): void {
    for (; ; this.end++) {
      switch (this.#template.charAt(this.end)) {
        case "#":
          flags.sharp = true;
          break;
        case "0":
          flags.zero = !flags.minus;
          break;
        case "+":
          flags.plus = true;
          break;
        case "-":
          flags.minus = true;
          flags.zero = false;
          break;
        case " ":
          flags.space = true;
          break;
        default:
          return;
      }
    }
  }

  #width(flags: Flags): Bytes {
    if (this.#template.charAt(this.end) === "*") {
      this.end++;
      this.#afterIndex = false;
      const width = this.#intArg();
      if (width === undefined) return "%!(BADWIDTH)";
      flags.width = Math.abs(width);
      if (width < 0) {
        flags.minus = true;
        flags.zero = false;
      }
      return "";
    }
    flags.width = this.#number();
    // As in "%[3]2d": the index belongs directly before the verb.
    if (this.#afterIndex && flags.width !== undefined) this.#isGood = false;
    return "";
  }

  #precision(flags: Flags): Bytes {
    this.end++;
    if (this.#afterIndex) this.#isGood = false;
    this.#index();
    if (this.#template.charAt(this.end) !== "*") {
      flags.precision = this.#number() ?? 0;
      return "";
    }
    this.end++;
    this.#afterIndex = false;
    const precision = this.#intArg();
    if (precision !== undefined && precision >= 0) flags.precision = precision;
    return precision === undefined || precision < 0 ? "%!(BADPREC)" : "";
  }

  /** `[3]`, if that comes next: the third argument is the next one. */
  #index(): void {
    this.#afterIndex = false;
    if (this.#template.charAt(this.end) !== "[") return;
    this.#isReordered = true;
    const close = this.#template.indexOf("]", this.end + 1);
    if (close < 0 || this.#template.length - this.end < 3) {
      this.end++;
      this.#isGood = false;
      return;
    }
    const digits = this.#template.slice(this.end + 1, close);
    this.end = close + 1;
    const index = /^[0-9]+$/.test(digits) ? Number(digits) - 1 : undefined;
    this.#afterIndex = index !== undefined;
    if (index !== undefined && index >= 0 && index < this.#args.length) this.#arg = index;
    else this.#isGood = false;
  }

  #number(): number | undefined {
    const start = this.end;
    while (/[0-9]/.test(this.#template.charAt(this.end))) this.end++;
    if (this.end === start) return undefined;
    const digits = this.#template.slice(start, this.end);
    // Go looks at what it has before the last digit, and so takes somewhat more than it means to.
    if (Number(digits.slice(0, -1)) <= LARGEST) return Number(digits);
    // Go gives up on the whole rest of the format.
    this.end = this.#template.length;
    return undefined;
  }

  #intArg(): number | undefined {
    if (this.#arg >= this.#args.length) return undefined;
    const arg = this.#args[this.#arg++];
    const int = arg instanceof TypedInt ? arg.value : arg;
    return typeof int === "number" && Math.abs(int) <= LARGEST ? int : undefined;
  }
}
