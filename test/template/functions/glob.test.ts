import { describe, expect, test } from "vitest";
import { globMatcher } from "../../../src/template/functions/glob.js";

const BAD = "syntax error in pattern";

describe("a pattern", () => {
  // What Go 1.19's path.Match answered.
  test.each([
    ["*x", "xxx", true],
    ["[^a]", "b", true],
    ["[!a]", "!", true],
    ["[!a]", "b", false],
    ["\\*", "*", true],
    ["*/b", "a/b", true],
    ["*", "a/b", false],
    ["?", "/", false],
    ["?", "☺", true],
    ["[☺a]", "☺", true],
    ["a*b?c*x", "abxbbxdbxebxczzx", true],
    ["[^a-z]", "/", true],
    ["[\\]a]", "]", true],
    ["[a\\-z]", "-", true],
    ["[z-a]", "b", false],
    ["", "a", false],
    ["", "", true],
    ["*", "", true],
    ["a*", "a", true],
    ["/app/servers/*", "/app/servers/x.y", true],
    ["/app/servers/*", "/app/servers/x/y", false],
    ["/app/servers/*", "/app/serversx/y", false],
    ["/{a,b}", "/a", false],
    ["/**", "/a/b", false],
    ["a.c", "abc", false],
    ["a\nb", "a\nb", true],
    ["a?b", "a\nb", true],
  ])("%j against %j: %j", (pattern, key, matches) => {
    expect(globMatcher(pattern)(key)).toBe(matches);
  });

  test.each([
    "[a-]",
    "[]a]",
    "[-x]",
    "[x-]",
    "[-]",
    "a[",
    "[",
    "[a",
    "*[",
    "\\",
    "a\\",
    "[a-b-c]",
    "[^]",
    "[]",
    "b[",
    "[\\",
  ])("%j is refused as malformed, as Go does", (pattern) => {
    expect(() => globMatcher(pattern)).toThrow(BAD);
  });
});
