import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bytesOf,
  countRunes,
  encodeRune,
  runeAt,
  RUNE_ERROR,
  textOf,
  widthAt,
} from "../../../src/template/go-values/bytes.js";

const unicode = fc.string({ unit: "binary" });

describe("Go strings", () => {
  test("are the UTF-8 of a text and lead back to it", () => {
    fc.assert(fc.property(unicode, (text) => textOf(bytesOf(text)) === text));
  });

  test("have as many bytes and runes as Go counts", () => {
    fc.assert(
      fc.property(unicode, (text) => {
        expect(bytesOf(text)).toHaveLength(Buffer.byteLength(text));
        expect(countRunes(bytesOf(text))).toBe(Array.from(text).length);
      }),
    );
  });

  test("give each rune with its width", () => {
    for (const rune of [0, 0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xfffd, 0xffff, 0x10000, 0x10ffff]) {
      const bytes = encodeRune(rune);
      expect(runeAt(bytes, 0)).toBe(rune);
      expect(widthAt(bytes, 0)).toBe(bytes.length);
    }
  });

  test.each(["\x80", "\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe6\x97", "\xc3"])(
    "take a byte that begins no rune for itself: %j",
    (bytes) => {
      expect(runeAt(bytes, 0)).toBe(RUNE_ERROR);
      expect(widthAt(bytes, 0)).toBe(1);
      expect(countRunes(bytes)).toBe(bytes.length);
    },
  );
});
