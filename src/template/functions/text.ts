import {
  type Bytes,
  encodeRune,
  isAscii,
  runesOf,
  textOf,
  widthAt,
  LONGEST_TEXT,
  TOO_LONG,
} from "../go-values/bytes.js";
import { FunctionError } from "../go-values/function-error.js";
import type { GoInt } from "../go-values/values.js";

/** Go's strings.Split: by an empty separator into characters. */
export function split(text: Bytes, separator: Bytes): Bytes[] {
  return separator === "" ? charactersOf(text) : text.split(separator);
}

/** Go's strings.Replace: the first `count` of `from`, all below zero. An empty `from` is before each character and at the end. */
export function replace(text: Bytes, from: Bytes, to: Bytes, count: GoInt): Bytes {
  if (from === to) return text;
  const parts = from === "" ? ["", ...charactersOf(text), ""] : text.split(from);
  const gaps = parts.length - 1;
  const replaced = count < 0 || count > gaps ? gaps : Number(count);
  checkLength(text.length + replaced * to.length);
  if (replaced === gaps) return parts.join(to);
  const head = parts.slice(0, replaced + 1).join(to);
  return (
    head +
    parts
      .slice(replaced + 1)
      .map((part) => from + part)
      .join("")
  );
}

/** Go's strings.TrimPrefix. */
export function trimPrefix(text: Bytes, start: Bytes): Bytes {
  return text.startsWith(start) ? text.slice(start.length) : text;
}

/** Go's strings.TrimSuffix. */
export function trimSuffix(text: Bytes, end: Bytes): Bytes {
  return text.endsWith(end) ? text.slice(0, text.length - end.length) : text;
}

/** Go's strings.ToUpper: each rune for itself, so that `ß` stays; what is not UTF-8 becomes U+FFFD. */
export function toUpper(text: Bytes): Bytes {
  return isAscii(text) ? text.toUpperCase() : mapRunes(text, upperRune);
}

/** Go's strings.ToLower, likewise. */
export function toLower(text: Bytes): Bytes {
  return isAscii(text) ? text.toLowerCase() : mapRunes(text, lowerRune);
}

/** Go's strings.Repeat. */
export function repeat(count: GoInt, text: Bytes): Bytes {
  if (count < 0) throw new FunctionError("strings: negative Repeat count");
  checkLength(Number(count) * text.length);
  return text === "" ? "" : text.repeat(Number(count));
}

/** Each line with so many blanks before it, empty ones too; nothing of nothing. */
export function indent(spaces: GoInt, text: Bytes): Bytes {
  if (text === "") return "";
  const margin = repeat(spaces, " ");
  return margin + replace(text, "\n", `\n${margin}`, -1);
}

/** The text in single quotes as YAML has it: one inside is doubled. */
export function quoteSingly(text: Bytes): Bytes {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Without white space, wherever it stands. */
export function withoutSpace(text: Bytes): Bytes {
  return mapRunes(text, (rune) => (SPACE.test(String.fromCodePoint(rune)) ? undefined : rune));
}

/** The words of a text in lower case with `mark` between them. */
export function joinWords(text: Bytes, mark: string): Bytes {
  return wordsOf(text).map(toLower).join(mark);
}

/** The words of a text in one, each but the first with a capital. */
export function camelCase(text: Bytes): Bytes {
  const [first = "", ...others] = wordsOf(text);
  const capitalized = others.map((word) => {
    const head = word.slice(0, widthAt(word, 0));
    return toUpper(head) + toLower(word.slice(head.length));
  });
  return toLower(first) + capitalized.join("");
}

/** Words end at `_`, `-` and blanks, before a capital after a small letter, and before the last of several capitals. */
function wordsOf(text: Bytes): Bytes[] {
  const spaced = textOf(text)
    .replace(/(?<=[^\p{Lu}_\- ])(?=\p{Lu})/gu, " ")
    .replace(/(?<=[^_\- ])(?=\p{Lu}\p{Ll})/gu, " ");
  return spaced.split(/[_\- ]+/).flatMap((word) => (word === "" ? [] : [fromText(word)]));
}

function fromText(text: string): Bytes {
  return Array.from(text, (character) => encodeRune(character.codePointAt(0) ?? 0)).join("");
}

/** The characters of a text in order; a byte that belongs to none is one of its own. */
function charactersOf(text: Bytes): Bytes[] {
  if (isAscii(text)) return text.split("");
  const characters: Bytes[] = [];
  for (let at = 0; at < text.length;) {
    const end = at + widthAt(text, at);
    characters.push(text.slice(at, end));
    at = end;
  }
  return characters;
}

function mapRunes(text: Bytes, change: (rune: number) => number | undefined): Bytes {
  let changed = "";
  for (const rune of runesOf(text)) {
    const next = change(rune);
    if (next !== undefined) changed += encodeRune(next);
  }
  return changed;
}

/** One rune for one: where Unicode's capital is two letters the single one counts, if there is one. */
function upperRune(rune: number): number {
  const capital = String.fromCodePoint(rune).toUpperCase();
  if (capital.length === widthOf(capital)) return capital.codePointAt(0) ?? rune;
  // The Greek letters with an iota below, whose single capitals Unicode calls title case.
  if (rune >= 0x1f80 && rune < 0x1fb0 && (rune & 8) === 0) return rune + 8;
  return rune === 0x1fb3 || rune === 0x1fc3 || rune === 0x1ff3 ? rune + 9 : rune;
}

/** Only `İ` has a small form of two code points; the first of them is Go's. */
function lowerRune(rune: number): number {
  return String.fromCodePoint(rune).toLowerCase().codePointAt(0) ?? rune;
}

function widthOf(text: string): number {
  return (text.codePointAt(0) ?? 0) > 0xffff ? 2 : 1;
}

function checkLength(bytes: number): void {
  if (bytes > LONGEST_TEXT) throw new FunctionError(TOO_LONG);
}

/** Go's unicode.IsSpace. */
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
