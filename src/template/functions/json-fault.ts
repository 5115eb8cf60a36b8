import { type Bytes, encodeRune, textOf } from "../go-values/bytes.js";
import { goQuote } from "../go-values/quote.js";

/** Deeper texts are taken for an attack: a tenth of what Go takes, since more would need more stack than there is. */
export const MOST_LEVELS = 1_000;

/** What may come next: a value, a key, or what follows one of those. */
type Expected = "value" | "first-value" | "key" | "first-key" | "colon" | "end";

/** Go's words for the first fault of a text that is not JSON. They quote one character and nothing else of it. */
export function explainJson(text: Bytes): string {
  const inside: ("object" | "array")[] = [];
  let expected: Expected = "value";
  for (let at = skipSpace(text, 0); ; at = skipSpace(text, at)) {
    if (at >= text.length) return OVER;
    const character = text.charAt(at);
    switch (expected) {
      case "first-value":
      case "value": {
        if (character === "{" || character === "[") {
          inside.push(character === "{" ? "object" : "array");
          if (inside.length > MOST_LEVELS) return invalid(character, "exceeded max depth");
          expected = character === "{" ? "first-key" : "first-value";
          at++;
          break;
        }
        if (character === "]" && expected === "first-value") {
          expected = "end";
          break;
        }
        const scalar = readScalar(text, at);
        if ("fault" in scalar) return scalar.fault;
        at = scalar.end;
        expected = "end";
        break;
      }
      case "first-key":
      case "key": {
        if (character === "}" && expected === "first-key") {
          expected = "end";
          break;
        }
        if (character !== '"') return invalid(character, "looking for beginning of object key string");
        const key = readScalar(text, at);
        if ("fault" in key) return key.fault;
        at = key.end;
        expected = "colon";
        break;
      }
      case "colon":
        if (character !== ":") return invalid(character, "after object key");
        expected = "value";
        at++;
        break;
      case "end": {
        const within = inside.at(-1);
        if (within === undefined) return invalid(character, "after top-level value");
        if (character === (within === "object" ? "}" : "]")) inside.pop();
        else if (character === ",") expected = within === "object" ? "key" : "value";
        else return invalid(character, within === "object" ? "after object key:value pair" : "after array element");
        at++;
        break;
      }
      default:
        expected satisfies never;
    }
  }
}

/** Go's words for this character in this place. */
function invalid(character: Bytes, where: string): string {
  const shown =
    character === "'"
      ? "\\'"
      : character === '"'
        ? '"'
        : textOf(goQuote(encodeRune(character.charCodeAt(0)))).slice(1, -1);
  return `invalid character '${shown}' ${where}`;
}

type Scalar = { readonly end: number } | { readonly fault: string };

/** A string, number or word that begins at `start`. */
function readScalar(text: Bytes, start: number): Scalar {
  const character = text.charAt(start);
  if (character === '"') return readString(text, start);
  if (/[-0-9]/.test(character)) return readNumber(text, start);
  const word = ["true", "false", "null"].find((known) => known.startsWith(character));
  return word === undefined ? refuse(character, "looking for beginning of value") : readWord(text, start, word);
}

function readString(text: Bytes, start: number): Scalar {
  const at = reach(/(?:[ !#-[\]-\u00ff]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*/y, text, start + 1);
  const character = text.charAt(at);
  if (character === '"') return { end: at + 1 };
  if (character !== "\\") return refuse(character, IN_STRING);
  if (text.charAt(at + 1) !== "u") return refuse(text.charAt(at + 1), "in string escape code");
  const afterDigits = reach(/[0-9a-fA-F]*/y, text, at + 2);
  return refuse(text.charAt(afterDigits), "in \\u hexadecimal character escape");
}

function readNumber(text: Bytes, start: number): Scalar {
  const whole = reach(/-?(?:0|[1-9][0-9]*)?/y, text, start);
  if (text.charAt(whole - 1) === "-") return refuse(text.charAt(whole), "in numeric literal");
  const point = reach(/(?:\.[0-9]*)?/y, text, whole);
  if (text.charAt(point - 1) === ".") return refuse(text.charAt(point), "after decimal point in numeric literal");
  const end = reach(/(?:[eE][-+]?[0-9]*)?/y, text, point);
  if (end > point && !/[0-9]/.test(text.charAt(end - 1)))
    return refuse(text.charAt(end), "in exponent of numeric literal");
  return { end };
}

function readWord(text: Bytes, start: number, word: string): Scalar {
  for (let offset = 1; offset < word.length; offset++) {
    const wanted = word.charAt(offset);
    const found = text.charAt(start + offset);
    if (found !== wanted) return refuse(found, `in literal ${word} (expecting '${wanted}')`);
  }
  return { end: start + word.length };
}

/** The end of the text reads as a blank to Go, which is no fault within a string. */
function refuse(character: Bytes, where: string): Scalar {
  if (character === "" && where === IN_STRING) return { fault: OVER };
  return { fault: invalid(character === "" ? " " : character, where) };
}

function reach(pattern: RegExp, text: Bytes, from: number): number {
  pattern.lastIndex = from;
  pattern.test(text);
  return pattern.lastIndex;
}

function skipSpace(text: Bytes, from: number): number {
  return reach(/[ \t\r\n]*/y, text, from);
}

const IN_STRING = "in string literal";
const OVER = "unexpected end of JSON input";
