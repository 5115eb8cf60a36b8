import { type Bytes, isAscii, isPrintable, runeAt, widthAt } from "./bytes.js";

const HTML = new Map([
  ["\0", "\xef\xbf\xbd"],
  ['"', "&#34;"],
  ["'", "&#39;"],
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
]);

const JS = new Map([
  ["\\", "\\\\"],
  ["'", "\\'"],
  ['"', '\\"'],
  ["<", "\\u003C"],
  [">", "\\u003E"],
  ["&", "\\u0026"],
  ["=", "\\u003D"],
]);

/** Go's `html`. */
export function escapeHtml(text: Bytes): Bytes {
  return text.replace(/[\0"'&<>]/g, (char) => HTML.get(char) ?? char);
}

/** Go's `js`: safe between the quotes of a JavaScript string. */
export function escapeJs(text: Bytes): Bytes {
  // eslint-disable-next-line no-control-regex -- control characters are what is escaped
  const escaped = text.replace(/[\x00-\x1f\\'"<>&=]/g, (char) => JS.get(char) ?? `\\u00${hex(char)}`);
  if (isAscii(escaped)) return escaped;
  let safe = "";
  for (let index = 0; index < escaped.length; index += widthAt(escaped, index)) {
    const rune = runeAt(escaped, index);
    const isSafe = rune < 0x80 || isPrintable(rune);
    safe += isSafe
      ? escaped.slice(index, index + widthAt(escaped, index))
      : `\\u${rune.toString(16).toUpperCase().padStart(4, "0")}`;
  }
  return safe;
}

/** Go's `urlquery`: blanks become `+`, all but letters, digits and `-_.~` becomes `%XX`. */
export function escapeQuery(text: Bytes): Bytes {
  return text.replace(/[^A-Za-z0-9\-_.~]/g, (char) => (char === " " ? "+" : `%${hex(char)}`));
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
}
