/**
 * A Go string: bytes, mostly UTF-8 but not always. One char (U+0000 to U+00FF) stands for one byte, so that length, index
 * and order are Go's; ASCII text looks the same in both worlds and is never copied.
 */
export type Bytes = string;

/** What Go reads in place of bytes that are not UTF-8. */
export const RUNE_ERROR = 0xfffd;

const BEYOND_ASCII = /[\x80-\uffff]/;

/** The UTF-8 bytes of a text. */
export function bytesOf(text: string): Bytes {
  return BEYOND_ASCII.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}

/** The text that these bytes are the UTF-8 of; what is not UTF-8 becomes U+FFFD. */
export function textOf(bytes: Bytes): string {
  return BEYOND_ASCII.test(bytes) ? Buffer.from(bytes, "latin1").toString("utf8") : bytes;
}

/** Whether every byte is a rune of its own. */
export function isAscii(bytes: Bytes): boolean {
  return !BEYOND_ASCII.test(bytes);
}

/** The rune that begins at `index`; RUNE_ERROR for a byte that begins none. */
export function runeAt(bytes: Bytes, index: number): number {
  return decode(bytes, index) >> 3;
}

/** How many bytes the rune at `index` has; 1 for a byte that begins none. */
export function widthAt(bytes: Bytes, index: number): number {
  return decode(bytes, index) & 7;
}

/** The runes of a string in order, RUNE_ERROR for each byte that belongs to none. */
export function* runesOf(bytes: Bytes): Generator<number, void, undefined> {
  for (let index = 0; index < bytes.length; index += widthAt(bytes, index)) yield runeAt(bytes, index);
}

/** How many runes a string has. */
export function countRunes(bytes: Bytes): number {
  if (isAscii(bytes)) return bytes.length;
  let count = 0;
  for (let index = 0; index < bytes.length; index += widthAt(bytes, index)) count++;
  return count;
}

/** The UTF-8 bytes of a rune; those of RUNE_ERROR for a surrogate or a number beyond Unicode. */
export function encodeRune(rune: number): Bytes {
  return bytesOf(String.fromCodePoint(isRune(rune) ? rune : RUNE_ERROR));
}

/** Whether UTF-8 can say it. */
export function isRune(rune: number): boolean {
  return (rune >= 0 && rune < 0xd800) || (rune > 0xdfff && rune <= 0x10ffff);
}

/** Go's strconv.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII blank. */
export function isPrintable(rune: number): boolean {
  if (rune < 0x80) return rune >= 0x20 && rune < 0x7f;
  return isRune(rune) && /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(String.fromCodePoint(rune));
}

/** Whether a rune can be part of a name in a template. */
export function isNameRune(rune: number): boolean {
  if (rune < 0x80) {
    return (rune >= 97 && rune <= 122) || (rune >= 65 && rune <= 90) || (rune >= 48 && rune <= 57) || rune === 95;
  }
  return isRune(rune) && /[\p{L}\p{Nd}]/u.test(String.fromCodePoint(rune));
}

/** The rune times eight plus its width, in one number because this runs once per rune. */
function decode(bytes: Bytes, index: number): number {
  const first = bytes.charCodeAt(index);
  if (first < 0x80) return (first << 3) | 1;
  const width = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (width === 0 || index + width > bytes.length) return INVALID;
  let rune = first & (0x7f >> width);
  for (let offset = 1; offset < width; offset++) {
    const next = bytes.charCodeAt(index + offset);
    if ((next & 0xc0) !== 0x80) return INVALID;
    rune = (rune << 6) | (next & 0x3f);
  }
  // Longer than need be (0xe0 0x80.., 0xf0 0x80..), a surrogate, or beyond the last code point.
  if ((width === 3 && rune < 0x800) || (width === 4 && rune < 0x10000) || !isRune(rune)) return INVALID;
  return (rune << 3) | width;
}

const INVALID = (RUNE_ERROR << 3) | 1;

/** No text of a template may be longer: it is there several times while it is made, checked and compared. */
export const LONGEST_TEXT = 32 * 1024 * 1024;

/** What is said of one that would be. */
export const TOO_LONG = `the text would be longer than ${LONGEST_TEXT} bytes`;
