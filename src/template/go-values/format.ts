import { type Bytes, countRunes, encodeRune, isAscii, isPrintable, RUNE_ERROR, runeAt, widthAt } from "./bytes.js";
import { formatFloat } from "./floats.js";
import { goQuote, quoteRune } from "./quote.js";
import type { GoInt } from "./values.js";

/** What stands between `%` and the verb. `goSyntax` and `fieldNames` are `#` and `+` before `v`. */
export interface Flags {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  goSyntax: boolean;
  fieldNames: boolean;
  width: number | undefined;
  precision: number | undefined;
}

/** No flags at all. */
export function noFlags(): Flags {
  return {
    minus: false,
    plus: false,
    sharp: false,
    space: false,
    zero: false,
    goSyntax: false,
    fieldNames: false,
    width: undefined,
    precision: undefined,
  };
}

/** Fills up to the width, which counts runes; with zeros on the left when the flags say so. */
export function pad(text: Bytes, { width, minus, zero }: Flags): Bytes {
  if (width === undefined || width === 0) return text;
  const filling = width - countRunes(text);
  if (filling <= 0) return text;
  return minus ? text + " ".repeat(filling) : (zero ? "0" : " ").repeat(filling) + text;
}

/** As many runes of a string as the precision allows. */
export function truncate(text: Bytes, { precision }: Flags): Bytes {
  if (precision === undefined) return text;
  if (isAscii(text)) return text.slice(0, precision);
  let end = 0;
  for (let runes = 0; runes < precision && end < text.length; runes++) end += widthAt(text, end);
  return text.slice(0, end);
}

/** %q of a string. */
export function formatQuoted(text: Bytes, flags: Flags): Bytes {
  const cut = truncate(text, flags);
  const canBeRaw = flags.sharp && isRawable(cut);
  return pad(canBeRaw ? `\`${cut}\`` : goQuote(cut, flags.plus ? "ascii" : "printable"), flags);
}

/** %x and %X of a string. */
export function formatHex(text: Bytes, flags: Flags, letters: "x" | "X"): Bytes {
  const { precision = text.length, space, sharp } = flags;
  const digits: Bytes[] = [];
  for (let index = 0; index < Math.min(precision, text.length); index++) {
    digits.push(text.charCodeAt(index).toString(16).padStart(2, "0"));
  }
  const prefix = sharp && digits.length > 0 ? "0x" : "";
  const joined = space ? digits.map((pair) => prefix + pair).join(" ") : prefix + digits.join("");
  return pad(letters === "X" ? joined.toUpperCase() : joined, flags);
}

/** An integer in base 2, 8, 10 or 16; `verb` "O" asks for 0o, "X" for capital letters. */
export function formatInteger(value: GoInt, base: 2 | 8 | 10 | 16, verb: string, flags: Flags): Bytes {
  const isNegative = value < 0;
  const sign = isNegative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
  if (flags.precision === 0 && Number(value) === 0) return pad("", { ...flags, zero: false });
  let least = flags.precision ?? 0;
  if (flags.precision === undefined && flags.zero && flags.width !== undefined) least = flags.width - sign.length;
  let digits = value.toString(base);
  if (isNegative) digits = digits.slice(1);
  digits = digits.padStart(least, "0");
  if (flags.sharp) {
    if (base === 2) digits = `0b${digits}`;
    if (base === 8 && !digits.startsWith("0")) digits = `0${digits}`;
    if (base === 16) digits = `0x${digits}`;
  }
  if (verb === "O") digits = `0o${digits}`;
  return pad(sign + (verb === "X" ? digits.toUpperCase() : digits), { ...flags, zero: false });
}

/** %U: U+0078, with `#` also the character. */
export function formatUnicode(value: GoInt, flags: Flags): Bytes {
  const code = BigInt.asUintN(64, BigInt(value));
  const least = Math.max(flags.precision ?? 0, 4);
  const name = `U+${code.toString(16).toUpperCase().padStart(least, "0")}`;
  const shown = flags.sharp && code <= 0x10ffffn && isPrintable(Number(code)) ? ` '${encodeRune(Number(code))}'` : "";
  return pad(name + shown, { ...flags, zero: false });
}

/** %c */
export function formatRune(value: GoInt, flags: Flags): Bytes {
  return pad(encodeRune(runeOf(value)), flags);
}

/** %q of an integer. */
export function formatQuotedRune(value: GoInt, flags: Flags): Bytes {
  return pad(quoteRune(runeOf(value), flags.plus ? "ascii" : "printable"), flags);
}

/** %e %E %f %g %G %b %x %X of a float, and %v, which is %g. */
export function formatReal(value: number, verb: string, flags: Flags): Bytes {
  const format = REAL.get(verb) ?? "g";
  const precision = flags.precision ?? (format === "e" || format === "f" ? 6 : -1);
  let number = formatFloat(value, format, precision);
  if (Number.isFinite(value) && verb !== "F" && verb === verb.toUpperCase()) number = number.toUpperCase();
  const isSigned = number.startsWith("-") || number.startsWith("+");
  let sign = isSigned ? number.charAt(0) : "+";
  let size: Bytes = isSigned ? number.slice(1) : number;
  if (flags.space && sign === "+" && !flags.plus) sign = " ";
  if (size === "Inf" || size === "NaN") {
    const isBare = size === "NaN" && !flags.space && !flags.plus;
    return pad(isBare ? size : sign + size, { ...flags, zero: false });
  }
  if (flags.sharp && format !== "b") size = withPoint(size, verb, precision);
  if (!flags.plus && sign === "+") return pad(size, flags);
  // Zeros go between the sign and the number.
  if (flags.zero && flags.width !== undefined && flags.width > size.length + 1) {
    return sign + "0".repeat(flags.width - size.length - 1) + size;
  }
  return pad(sign + size, flags);
}

/** The `#` flag of a float: a decimal point always, and trailing zeros for %g. */
function withPoint(size: Bytes, verb: string, precision: number): Bytes {
  const [, number = size, tail = ""] =
    (verb === "x" || verb === "X" ? /^(.*?)([pP].*)?$/ : /^(.*?)([eE].*)?$/).exec(size) ?? [];
  let missing = 0;
  if (verb === "v" || verb === "g" || verb === "G" || verb === "x") {
    missing = precision === -1 ? 6 : precision;
    missing -= number.replace(".", "").replace(/^0+/, "").length;
    if (number === "0") missing--;
  }
  return (number.includes(".") ? number : `${number}.`) + "0".repeat(Math.max(missing, 0)) + tail;
}

const REAL = new Map<string, "e" | "f" | "g" | "b" | "x">([
  ["e", "e"],
  ["E", "e"],
  ["f", "f"],
  ["F", "f"],
  ["g", "g"],
  ["G", "g"],
  ["b", "b"],
  ["x", "x"],
  ["X", "x"],
]);

function runeOf(value: GoInt): number {
  return value < 0 || value > 0x10ffff ? RUNE_ERROR : Number(value);
}

/** Whether a string can stand between backquotes as it is. */
function isRawable(text: Bytes): boolean {
  for (let index = 0; index < text.length; index += widthAt(text, index)) {
    const rune = runeAt(text, index);
    if (rune < 0x20 && rune !== 9) return false;
    if (rune === 0x60 || rune === 0x7f || rune === 0xfeff) return false;
    if (rune === RUNE_ERROR && widthAt(text, index) === 1) return false;
  }
  return true;
}
