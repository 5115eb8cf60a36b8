import { describe, expect, test } from "vitest";
import { bytesOf, textOf } from "../../../src/template/go-values/bytes.js";
import { readPattern } from "../../../src/template/regexp/pattern.js";

function find(pattern: string, text: string): string {
  return textOf(readPattern(bytesOf(pattern)).find(bytesOf(text)));
}

function replace(pattern: string, text: string, by: string): string {
  return textOf(readPattern(bytesOf(pattern)).replacer(bytesOf(by))(bytesOf(text)));
}

describe("a regular expression of RE2", () => {
  test.each([
    ["^b", "a\nb", ""],
    ["(?m)^b$", "a\nb\nc", "b"],
    ["\\Ab|b\\z", "ab", "b"],
    ["a.b", "a\nb a\rb", "a\rb"],
    ["(?s)a.b", "a\nb", "a\nb"],
    ["(?i)K", "\u212a", "\u212a"],
    ["(?i:É)é", "éé", "éé"],
    ["(?i)[a-c]+", "xAbCd", "AbC"],
    ["(?i)a(?-i)B", "AbAB", "AB"],
    ["(?i)\\W", "kKsS\u212a\u017f", ""],
    ["(?i)[\\W\\D]+", "1kK", "kK"],
    ["(?i)[^[:^alpha:]]+", "1kK\u212a", "kK\u212a"],
    ["(?U)a+", "aaa", "a"],
    ["(?U)a+?", "aaa", "aaa"],
    ["[[:alpha:]_]+", "1a_é", "a_"],
    ["[^[:^digit:]]+", "a12", "12"],
    ["[]a]+", "x]a", "]a"],
    ["[\\d.-]+", "v1.2-3x", "1.2-3"],
    ["\\pL+", "1éa", "éa"],
    ["\\p{Greek}", "aβ", "β"],
    ["\\P{^Lu}", "aB", "B"],
    ["\\Qa.b\\E+", "a.bbb", "a.bbb"],
    ["\\x41\\x{e9}\\101\\n", "AéA\n", "AéA\n"],
    ["a{,2}", "a{,2}", "a{,2}"],
    ["a{2}", "aaa", "aa"],
    ["\\w+", "é_a1", "_a1"],
    [".", "😀", "😀"],
    ["", "abc", ""],
  ])("%j finds in %j %j", (pattern, text, found) => {
    expect(find(pattern, text)).toBe(found);
  });

  test.each([
    ["a*", "baaac", "x", "xbxcx"],
    ["(?P<n>b)(c)?", "abcb", "[${n}$2$$$n$3]", "a[bc$b][b$b]"],
    ["(.)b", "ab", "$1x", ""],
    ["(.)b", "ab", "${1}x$ $-", "ax$ $-"],
    ["é", "aéb", "日", "a日b"],
    ["x*", "a😀b", "-", "-a-😀-b-"],
    ["(?<n>.)", "😀", "${n}${n}${m}$7", "😀😀"],
    ["b*", "abc", "-", "-a-c-"],
  ])("%j in %j by %j gives %j", (pattern, text, by, expected) => {
    expect(replace(pattern, text, by)).toBe(expected);
  });

  test("replaces all of a text behind a search for the same", () => {
    expect(find("b+", "abbc")).toBe("bb");
    expect(replace("b+", "abbc", "x")).toBe("axc");
    expect(find("b+", "bac")).toBe("b");
  });

  test("takes time in proportion to a text", () => {
    const begun = performance.now();
    expect(find(" *$", `${" ".repeat(100_000)}x`)).toBe("");
    expect(performance.now() - begun).toBeLessThan(2_000); // some ten milliseconds; in proportion to its square it were ten seconds
  });

  test.each([
    ["(?=a)", "invalid or unsupported Perl syntax: `(?=`"],
    ["(?!a)", "invalid or unsupported Perl syntax: `(?!`"],
    ["(?<=a)", "invalid named capture: `(?<=a)`"], // in the words of Go 1.22 and newer
    ["(?P=n)", "invalid or unsupported Perl syntax: `(?P`"],
    ["(a)\\1", "invalid escape sequence: `\\1`"],
    ["\\C", "invalid escape sequence: `\\C`"],
    ["a**", "invalid nested repetition operator: `**`"],
    ["a{2}{3}", "invalid nested repetition operator: `{2}{3}`"],
    ["*a", "missing argument to repetition operator: `*`"],
    ["a{1001}", "invalid repeat count: `{1001}`"],
    ["(a", "missing closing ): `(a`"],
    ["a)", "unexpected ): `a)`"],
    ["[a", "missing closing ]: `[a`"],
    ["[z-a]", "invalid character class range: `z-a`"],
    ["[[:no:]]", "invalid character class range: `[:no:]`"],
    ["\\p{No_Such}", "invalid character class range: `\\p{No_Such}`"],
    ["a\\", "trailing backslash at end of expression: ``"],
  ])("%j is refused", (pattern, words) => {
    expect(() => find(pattern, "")).toThrow(`error parsing regexp: ${words}`);
  });
});
