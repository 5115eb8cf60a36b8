import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expandRanges } from "../../../src/core/host/ranges.js";

function textsOf(pattern: string, limit = 256): readonly string[] {
  const expansion = expandRanges(pattern, limit);
  if ("problem" in expansion) throw new Error(expansion.problem);
  return expansion.texts;
}

const range = fc.tuple(fc.nat(20), fc.nat(20)).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }) as const);
const plain = fc.stringMatching(/^[a-z0-9.:/]{0,6}$/);

describe("a range", () => {
  test("expands in an address", () => {
    expect(textsOf("192.168.0.[2:10]:2375")).toEqual(
      [2, 3, 4, 5, 6, 7, 8, 9, 10].map((last) => `192.168.0.${last}:2375`),
    );
  });

  test("expands inside the digits of a port", () => {
    expect(textsOf("192.168.0.2:[2:9]375")).toEqual([2, 3, 4, 5, 6, 7, 8, 9].map((digit) => `192.168.0.2:${digit}375`));
  });

  test("of one number is that number, and IPv6's brackets are no range", () => {
    expect(textsOf("node[7:7]")).toEqual(["node7"]);
    expect(textsOf("tcp://[2001:db8::5]:2375")).toEqual(["tcp://[2001:db8::5]:2375"]);
    expect(textsOf("tcp://[::1]:237[5:6]")).toEqual(["tcp://[::1]:2375", "tcp://[::1]:2376"]);
  });

  test("that runs backwards or stands for too many is refused", () => {
    expect(expandRanges("10.0.0.[10:2]", 256)).toEqual({ problem: "[10:2] runs backwards" });
    expect(expandRanges("10.0.[0:255].[0:255]", 256)).toEqual({ problem: "it stands for more than 256" });
    expect(expandRanges("[0:99999999999999999999]", 256)).toEqual({ problem: "it stands for more than 256" });
    expect(textsOf("10.0.0.[0:255]")).toHaveLength(256);
  });

  test("among others gives every combination once, in counting order", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(plain, range), { maxLength: 2 }), plain, (parts, end) => {
        const pattern = parts.map(([text, { from, to }]) => `${text}[${from}:${to}]`).join("") + end;
        const texts = textsOf(pattern, 500);
        expect(texts).toHaveLength(parts.reduce((all, [, { from, to }]) => all * (to - from + 1), 1));
        expect(texts[0]).toBe(parts.map(([text, { from }]) => `${text}${from}`).join("") + end);
        expect(texts.at(-1)).toBe(parts.map(([text, { to }]) => `${text}${to}`).join("") + end);
      }),
    );
  });

  test("never makes more than the limit", () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 4 }), fc.integer({ min: 1, max: 50 }), (ranges, limit) => {
        const expansion = expandRanges(ranges.map(({ from, to }) => `[${from}:${to}]`).join(""), limit);
        const amount = ranges.reduce((all, { from, to }) => all * (to - from + 1), 1);
        expect("texts" in expansion).toBe(amount <= limit);
      }),
    );
  });
});
