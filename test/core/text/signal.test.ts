import { constants } from "node:os";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endsBy, signalNumber } from "../../../src/core/text/signal.js";

describe("a signal", () => {
  test.each([
    ["15", 15],
    ["SIGTERM", 15],
    ["term", 15],
    ["SIGQUIT", 3],
    ["WINCH", 28],
    ["SIGRTMIN+3", 37],
    ["RTMAX-1", 63],
  ])("is known as %s", (text, number) => {
    expect(signalNumber(text)).toBe(number);
  });

  test.each(["", "0", "65", "99", "SIG", "SIGNAL", "RTMIN-1", "RTMAX+1", "15 9", "-15"])("is not %j", (text) => {
    expect(signalNumber(text)).toBeUndefined();
  });

  test("has the number that Linux gives it, with and without SIG, and whatever its case", () => {
    const aliases = ["SIGIOT", "SIGPOLL", "SIGUNUSED"];
    const known = Object.entries(constants.signals).filter(([name]) => !aliases.includes(name));
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.boolean(), fc.boolean(), ([name, number], bare, lower) => {
        const text = bare ? name.slice(3) : name;
        expect(signalNumber(lower ? text.toLowerCase() : text)).toBe(number);
      }),
    );
  });

  test("of any text is a number of a signal or none", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const number = signalNumber(text);
        expect(number === undefined || (Number.isInteger(number) && number >= 1 && number <= 64)).toBe(true);
      }),
    );
  });

  test("ends a container when it is its own or KILL", () => {
    const nginx = { signal: 3, timeoutMs: 10_000 };
    expect([3, 9, 15, 1].map((signal) => endsBy(signal, nginx))).toEqual([true, true, false, false]);
  });
});
