import { type Bytes, encodeRune, isAscii, isPrintable, isRune, RUNE_ERROR, runeAt, widthAt } from "./bytes.js";
import { GoError } from "./errors.js";

const LETTERS = new Map([
  [7, "a"],
  [8, "b"],
  [12, "f"],
  [10, "n"],
  [13, "r"],
  [9, "t"],
  [11, "v"],
]);
const CONTROLS = new Map([...LETTERS].map(([rune, letter]) => [letter, rune]));

/** Which runes a quotation leaves as they are: all that can be printed, or ASCII alone. */
export type Plain = "printable" | "ascii";

/** A string in double quotes as Go source has it. */
export function goQuote(bytes: Bytes, plain: Plain = "printable"): Bytes {
  if (/^[ !#-[\]-~]*$/.test(bytes)) return `"${bytes}"`;
  let quoted = "";
  for (let index = 0; index < bytes.length;) {
    const rune = runeAt(bytes, index);
    const width = widthAt(bytes, index);
    const isBroken = rune === RUNE_ERROR && width === 1;
    quoted += isBroken ? `\\x${bytes.charCodeAt(index).toString(16)}` : escape(rune, '"', plain);
    index += width;
  }
  return `"${quoted}"`;
}

/** A rune in single quotes as Go source has it. */
export function quoteRune(rune: number, plain: Plain = "printable"): Bytes {
  return `'${escape(isRune(rune) ? rune : RUNE_ERROR, "'", plain)}'`;
}

/** A rune as `%#U` prints it; -1 is the end of the text. */
export function runeName(rune: number): Bytes {
  if (rune < 0) return "U+FFFFFFFFFFFFFFFF";
  const hex = `U+${rune.toString(16).toUpperCase().padStart(4, "0")}`;
  return isPrintable(rune) ? `${hex} '${encodeRune(rune)}'` : hex;
}

/** The string that a literal with its quotes stands for; a `GoError` when it is none. */
export function unquote(literal: Bytes): Bytes {
  const body = literal.slice(1, -1);
  // A raw string has no carriage returns, whatever the file has.
  if (literal.startsWith("`")) return body.replaceAll("\r", "");
  if (isAscii(body) && !body.includes("\\")) return body;
  let text = "";
  for (let index = 0; index < body.length;) {
    const part = unescape(body, index, '"');
    text += part.isByte ? String.fromCharCode(part.rune) : encodeRune(part.rune);
    index = part.end;
  }
  return text;
}

/** The rune that a literal in single quotes stands for; a `GoError` when it is none. */
export function unquoteRune(literal: Bytes): number {
  const body = literal.slice(1);
  if (body.startsWith("'")) throw new GoError("invalid syntax");
  const { rune, end } = unescape(body, 0, "'");
  if (body.slice(end) !== "'") throw new GoError(`malformed character constant: ${literal}`);
  return rune;
}

function escape(rune: number, mark: string, plain: Plain): Bytes {
  if (rune === mark.charCodeAt(0) || rune === 92) return `\\${String.fromCharCode(rune)}`;
  if (isPrintable(rune) && (rune < 0x80 || plain === "printable")) return encodeRune(rune);
  const letter = LETTERS.get(rune);
  if (letter !== undefined) return `\\${letter}`;
  const hex = rune.toString(16);
  if (rune < 0x80) return `\\x${hex.padStart(2, "0")}`;
  return rune < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/** The rune or byte at `index` of a literal's body, and where the next one begins. */
function unescape(body: Bytes, index: number, mark: string): { rune: number; isByte: boolean; end: number } {
  if (body.charAt(index) !== "\\") {
    return { rune: runeAt(body, index), isByte: false, end: index + widthAt(body, index) };
  }
  const letter = body.charAt(index + 1);
  const control = CONTROLS.get(letter);
  if (control !== undefined) return { rune: control, isByte: true, end: index + 2 };
  if (letter === "\\" || letter === mark) return { rune: letter.charCodeAt(0), isByte: true, end: index + 2 };
  const digits = ESCAPES.get(letter)?.exec(body.slice(index + 1))?.[1];
  const octal = /^[0-7]{3}/.exec(body.slice(index + 1))?.[0];
  if (digits !== undefined) {
    const rune = Number.parseInt(digits, 16);
    const isByte = letter === "x";
    if (isByte || isRune(rune)) return { rune, isByte, end: index + 2 + digits.length };
  } else if (octal !== undefined && Number.parseInt(octal, 8) < 256) {
    return { rune: Number.parseInt(octal, 8), isByte: true, end: index + 4 };
  }
  throw new GoError("invalid syntax");
}

const ESCAPES = new Map([
  ["x", /^x([0-9a-fA-F]{2})/],
  ["u", /^u([0-9a-fA-F]{4})/],
  ["U", /^U([0-9a-fA-F]{8})/],
]);
