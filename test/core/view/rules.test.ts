import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HEADER_TEXT } from "../../../src/core/text/patterns.js";
import { NO_RULES, rulesOf } from "../../../src/core/view/rules.js";
import { splitWords } from "../../../src/haproxy/config/words.js";

describe("the rules of a service", () => {
  test("are none where nothing is said of its requests", () => {
    expect(rulesOf({})).toBe(NO_RULES);
    expect(rulesOf({ balance: "first", priority: 3, "check.path": "/" })).toBe(NO_RULES);
  });

  test("are what its settings say, headers by their names", () => {
    const settings = {
      ...{
        "http.strip": "/shop",
        "http.allow": "10.0.0.0/8 ::1",
        "http.redirect-https": 8443,
        "http.rate": "100/1500ms",
      },
      ...{
        "http.auth": "team",
        "headers.request.x-b": "",
        "headers.request.x-a": "50% of it",
        "headers.response.server": "",
      },
    };
    expect(rulesOf(settings)).toEqual({
      ...{
        strip: "/shop",
        stripLength: 5,
        allow: "10.0.0.0/8 ::1",
        redirectPort: 8443,
        auth: "team",
        hasUsers: false,
        hasRules: true,
      },
      rate: { requests: 100, time: "1500ms" },
      headers: {
        request: [
          { name: "x-a", value: "50% of it", word: "50%%\\ of\\ it" },
          { name: "x-b", value: "", word: "" },
        ],
        response: [{ name: "server", value: "", word: "" }],
      },
    });
  });

  test("write each value as one word that HAProxy reads as itself", () => {
    fc.assert(
      fc.property(fc.stringMatching(HEADER_TEXT), (value) => {
        const [header] = rulesOf({ "headers.request.x-a": value }).headers.request;
        const { words, isPlain } = splitWords(`set-header x-a ${header?.word ?? ""} if`);
        expect(isPlain).toBe(true);
        expect(words).toEqual(["set-header", "x-a", ...(value === "" ? [] : [value.replaceAll("%", "%%")]), "if"]);
      }),
    );
  });
});
