import type { Bytes } from "../go-values/bytes.js";
import { GoError } from "../go-values/errors.js";
import { goQuote, unquoteRune } from "../go-values/quote.js";
import { Complex, Float, type GoInt, type GoValue, intOf } from "../go-values/values.js";

/** An untyped number of a template: each reading that its value allows. */
export interface NumberLiteral {
  /** Its value where nothing is asked of its type; an error's words when that cannot be held. */
  readonly ideal: { readonly value: GoValue } | { readonly words: string };
  readonly int: GoInt | undefined;
  readonly float: number | undefined;
  readonly complex: Complex | undefined;
}

const MAX_INT = 2n ** 63n;

/** Reads a number as Go writes them: decimal, hex, octal, binary, with underscores, exponents and `i`. */
export function parseNumber(text: Bytes): NumberLiteral {
  if (text.endsWith("i")) {
    const imaginary = parseFloat(text.slice(0, -1));
    if (imaginary !== undefined) return complexLiteral(0, imaginary);
  }
  const integer = parseInteger(text);
  if (integer !== undefined && integer >= -MAX_INT && integer < 2n * MAX_INT) {
    const fits = integer < MAX_INT;
    const int = fits ? intOf(integer) : undefined;
    const ideal = int === undefined ? { words: `${text} overflows int` } : { value: int };
    return { ideal, int, float: Number(integer), complex: undefined };
  }
  const float = parseFloat(text);
  if (float === undefined) throw new GoError(`illegal number syntax: ${goQuote(text)}`);
  if (!/[.eEpP]/.test(text)) throw new GoError(`integer overflow: ${goQuote(text)}`);
  return { ideal: { value: new Float(float) }, int: wholeOf(float), float, complex: undefined };
}

/** Reads `1+2i`. */
export function parseComplex(text: Bytes): NumberLiteral {
  const split = Math.max(text.lastIndexOf("+"), text.lastIndexOf("-"));
  // The sign of an exponent is not the one between the parts.
  const sign = /[eEpP]/.test(text.charAt(split - 1))
    ? Math.max(text.lastIndexOf("+", split - 1), text.lastIndexOf("-", split - 1))
    : split;
  const real = parseFloat(text.slice(0, sign));
  const imaginary = parseFloat(text.slice(sign, -1));
  if (real === undefined || imaginary === undefined) throw new GoError("syntax error scanning complex number");
  return complexLiteral(real, imaginary);
}

/** Reads `'x'`, which is the number of its rune. */
export function parseRune(text: Bytes): NumberLiteral {
  const rune = unquoteRune(text);
  return { ideal: { value: rune }, int: rune, float: rune, complex: undefined };
}

/** Go's strconv.ParseInt with base 0; undefined for what is no integer. */
function parseInteger(text: Bytes): bigint | undefined {
  const match =
    /^([-+]?)(0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0[bB]_?[01]+(?:_[01]+)*|0[oO]?_?[0-7]+(?:_[0-7]+)*|0|[1-9][0-9]*(?:_[0-9]+)*)$/.exec(
      text,
    );
  if (match?.[2] === undefined) return undefined;
  const digits = match[2].replaceAll("_", "").replace(/^0(?=[0-7])/, "0o");
  return match[1] === "-" ? -BigInt(digits) : BigInt(digits);
}

/** Go's strconv.ParseFloat as far as a template's number can be one; undefined for what is none or too large. */
function parseFloat(text: Bytes): number | undefined {
  const hex =
    /^([-+]?)0[xX]_?([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)?\.?([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)?[pP]([-+]?[0-9]+(?:_[0-9]+)*)$/.exec(
      text,
    );
  if (hex) return parseHexFloat(hex);
  if (!/^[-+]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][-+]?\d(?:_?\d)*)?$/.test(text)) return undefined;
  const value = Number(text.replaceAll("_", ""));
  return Number.isFinite(value) ? value : undefined;
}

function parseHexFloat([, sign, whole = "", fraction = "", exponent = ""]: readonly string[]): number | undefined {
  const digits = (whole + fraction).replaceAll("_", "");
  if (digits === "") return undefined;
  const scale = Number(exponent.replaceAll("_", "")) - 4 * fraction.replaceAll("_", "").length;
  const value = Number(BigInt(`0x${digits}`)) * 2 ** scale;
  if (!Number.isFinite(value)) return undefined;
  return sign === "-" ? -value : value;
}

function complexLiteral(real: number, imaginary: number): NumberLiteral {
  const complex = new Complex(real, imaginary);
  const isReal = imaginary === 0;
  return {
    ideal: { value: complex },
    int: isReal ? wholeOf(real) : undefined,
    float: isReal ? real : undefined,
    complex,
  };
}

/** The int that a float is exactly. */
function wholeOf(float: number): GoInt | undefined {
  return Number.isInteger(float) && Math.abs(float) < 2 ** 63 ? intOf(BigInt(float)) : undefined;
}
