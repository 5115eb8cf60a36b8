import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeEdit } from "../../../src/haproxy/config/edit.js";

const OURS = `frontend http
    bind :8080
    default_backend web
backend web
    server a 10.0.0.1:80
    server b 10.0.0.2:80
`;

describe("how a file differs from what it had from us", () => {
  test.each([
    ["a section more", `${OURS}backend other\n    server x 10.0.0.9:80\n`, ["backend other was added"]],
    ["a section less", OURS.slice(0, OURS.indexOf("backend web\n    server")), ["backend web was taken out"]],
    ["a server less", OURS.replace(/.*server b.*\n/, ""), ["backend web was changed (1 line taken out)"]],
    ["a comment", OURS.replace("    bind", "    # by hand\n    bind"), ["frontend http was changed (1 line added)"]],
    ["another word", OURS.replace(":8080", ":8081"), ["frontend http was changed (1 line added, 1 line taken out)"]],
    [
      "two servers in another order",
      OURS.replace(/( +server a.*\n)( +server b.*\n)/, "$2$1"),
      ["backend web was changed (its lines are in another order)"],
    ],
    [
      "sections in another order",
      OURS.replace(/([^]*)(backend web[^]*)/, "$2$1"),
      ["its sections are in another order"],
    ],
    ["none of a configuration", "hello\n", ["1 line added, 6 lines taken out"]],
    ["no file", undefined, ["it was deleted"]],
    ["nothing", OURS, []],
  ])("%s", (_, theirs, words) => {
    expect(describeEdit(OURS, theirs)).toEqual(words);
  });

  test("names five sections at most", () => {
    const many = Array.from({ length: 8 }, (_, n) => `backend b${n}\n    server a 10.0.0.1:80\n`).join("");
    expect(describeEdit(OURS, OURS + many)).toHaveLength(6);
    expect(describeEdit(OURS, OURS + many).at(-1)).toBe("3 more sections");
  });

  test("is told without a word of what stands there, which may be a password", () => {
    const lines = fc.array(
      fc.constantFrom("    password S3CRET", "    server S3CRET 10.0.0.1:80", "backend b", "# S3CRET"),
    );
    fc.assert(
      fc.property(lines, lines, (ours, theirs) => {
        const words = describeEdit(ours.join("\n"), theirs.join("\n"));
        expect(words.join()).not.toContain("S3CRET");
        expect(words.length > 0).toBe(ours.join("\n") !== theirs.join("\n"));
      }),
    );
  });
});
