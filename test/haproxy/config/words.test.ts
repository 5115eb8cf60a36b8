import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configWord, splitWords } from "../../../src/haproxy/config/words.js";

describe("a line of a configuration", () => {
  test.each([
    ["", []],
    ["  # only a comment", []],
    ["  server  s1\t127.0.0.1:80   check # why", ["server", "s1", "127.0.0.1:80", "check"]],
    [String.raw`a\ b c\#d "e f" 'g "h" \' "i'j"`, ["a b", "c#d", "e f", 'g "h" \\', "i'j"]],
    [String.raw`x"y"z "" ''`, ["xyz", "", ""]],
    [String.raw`\x41 a\tb`, ["A", "a\tb"]],
    ["log-format '$x' \\\\", ["log-format", "$x", "\\"]],
    ["acl a path_beg /$x", ["acl", "a", "path_beg", "/$x"]],
  ])("%j is the words %j", (line, words) => {
    expect(splitWords(line)).toEqual({ words, isPlain: true });
  });

  test.each([['bind "$PORT"'], ['bind "${PORT}"'], ["log-format 'open"], ['log-format "open'], ["end\\"], ["\\q"]])(
    "%j is not told for certain",
    (line) => {
      expect(splitWords(line).isPlain).toBe(false);
    },
  );
});

test("any text without line feeds can be written as one word", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[^\n\r\t\v\f]+$/), (text) => {
      expect(splitWords(`crt ${configWord(text)} alpn h2`)).toEqual({
        words: ["crt", text, "alpn", "h2"],
        isPlain: true,
      });
    }),
  );
});
