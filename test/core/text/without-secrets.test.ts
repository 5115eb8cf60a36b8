import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { parserWords, withoutLogin } from "../../../src/core/text/without-secrets.js";

test("an address is told without what stands before its @", () => {
  expect(withoutLogin("http://10.0.0.1:2379")).toBe("http://10.0.0.1:2379");
  expect(withoutLogin("http://root:a@b/c@10.0.0.1:2379")).toBe("…@10.0.0.1:2379");
});

describe("what a parser says", () => {
  test("is told with its line, and without the words that stand there", () => {
    const words = (text: string): string => {
      try {
        parse(text);
        return "";
      } catch (error) {
        return parserWords(error);
      }
    };
    expect(words('a = 1\npassword = "S3CRET" oops\n')).toMatch(/^line 2: each key-value declaration/);
    for (const text of ['a = "S3CRET', "a = S3CRET", "[S3CRET", "S3CRET", 'a = "x"\na = "S3CRET"', 'a = "\\S3CRET"'])
      expect(words(text)).not.toContain("S3CRET");
  });

  test("is told as it is where it is nothing of a parser", () => {
    expect(parserWords(new Error("it is gone"))).toBe("it is gone");
    expect(parserWords("odd")).toBe("odd");
  });
});
