import { describe, expect, test } from "vitest";
import { faultInPage, statusOfPage } from "../../../src/core/model/error-pages.js";

const fault = (text: string): string | undefined => faultInPage(Buffer.from(text));

describe("a page that HAProxy answers", () => {
  test.each([
    [
      "a head, a blank line and a body",
      "HTTP/1.0 503 Service Unavailable\r\nContent-Type: text/html\r\n\r\n<p>\r\n\r\n</p>",
    ],
    [
      "lines without carriage returns, and a body that is not ASCII",
      "HTTP/1.1 404 Not Found\nRetry-After: 5\n\n\u{1f433}",
    ],
    ["the right length", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n\u{1f433}"],
    ["no words behind its status, and no headers", "HTTP/1.1 404\r\n\r\n"],
    ["nothing at all", ""],
    ["as much as fits", `HTTP/1.1 404\r\n\r\n${"x".repeat(14_984)}`],
  ])("is taken with %s", (_, text) => {
    expect(fault(text)).toBeUndefined();
  });

  test.each([
    ["no head", "<html>\n\n</html>", /begin with a line/],
    ["no blank line", "HTTP/1.0 503 Service Unavailable\r\nA: b\r\n", /no blank line/],
    ["another protocol", "HTTP/2 503 X\r\n\r\n", /begin with a line/],
    ["no status", "HTTP/1.1 abc\r\n\r\n", /begin with a line/],
    ["a line that is no header", "HTTP/1.1 503 X\r\nA: b\r\nnone\r\n\r\n", /^its line 3 is no header$/],
    ["a name with a blank", "HTTP/1.1 503 X\r\nA b: c\r\n\r\n", /^its line 2/],
    ["parts", "HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", /Transfer-Encoding/],
    ["another length", "HTTP/1.1 503 X\r\ncontent-length: 3\r\n\r\nfour", /not the 4 bytes/],
    ["too much", `HTTP/1.1 404\r\n\r\n${"x".repeat(14_985)}`, /longer than 15000 bytes/],
  ])("is refused with %s", (_, text, words) => {
    expect(fault(text)).toMatch(words);
  });

  test("is for the status in its name, where HAProxy has a page for that", () => {
    const names = ["503.http", "404.http", "418.http", "maintenance.http", "503.html", "0503.http"];
    expect(names.map(statusOfPage)).toEqual([503, 404, undefined, undefined, undefined, undefined]);
  });
});
