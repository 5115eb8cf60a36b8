import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countServers, describeLoss, LossFinder, lossesBetween } from "../../../src/haproxy/config/removal.js";

const backend = (servers: number, name = "b"): string =>
  `backend ${name}\n${"  server s 10.0.0.1:80\n".repeat(servers)}`;

const losses = (before: string, after: string): readonly string[] =>
  lossesBetween(countServers(before), countServers(after)).map(describeLoss);

describe("what an update takes away", () => {
  test.each([
    [1, 0],
    [2, 0],
    [4, 1],
    [5, 2],
    [100, 49],
  ])("is a mass of servers when %i become %i", (before, after) => {
    expect(losses(backend(before), backend(after))).toEqual([`${before - after} of ${before} servers of b`]);
  });

  test.each([
    [0, 0],
    [1, 1],
    [2, 1],
    [3, 1],
    [6, 3],
    [100, 50],
    [1, 9],
  ])("is none when %i become %i", (before, after) => {
    expect(losses(backend(before), backend(after))).toEqual([]);
  });

  test("is all of a backend that is gone", () => {
    expect(losses(backend(2) + backend(2, "c"), backend(2))).toEqual(["2 of 2 servers of c"]);
  });

  test("is that of servers that stay and are disabled, as a pinned file does it", () => {
    expect(losses(backend(3), backend(3).replaceAll(":80", ":80 disabled"))).toEqual(["3 of 3 servers of b"]);
  });

  test("is none of servers that others take the place of", () => {
    expect(losses(backend(9), backend(9).replaceAll("10.0.0.1", "10.0.0.2"))).toEqual([]);
  });

  test("counts servers of backends and listens alone, and no comments", () => {
    const text = `peers p\n  server x 1.1.1.1:1\nlisten l\n  # server a 1.1.1.1:1\n\tserver b 1.1.1.1:1\n  server-template t 3\nfrontend f\n`;
    expect(countServers(text)).toEqual(new Map([["l", 1]]));
  });

  test("is all of a backend that keeps nothing but a socket", () => {
    const held = "  server _held unix@/run/held.sock backup\n";
    expect(losses(backend(1) + held, backend(0) + held)).toEqual(["1 of 1 servers of b"]);
    expect(countServers(`backend b\n${held}  server a abns@a\n  server b /run/b.sock\n`)).toEqual(new Map());
  });

  test("is never a loss when nothing is taken away", () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), (before, more) => {
        expect(losses(backend(before), backend(before + more))).toEqual([]);
      }),
    );
  });

  test("is found from text to text as it is between any two", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(9), { maxLength: 4 })), (states) => {
        const finder = new LossFinder();
        const texts = states.map((counts) =>
          counts.map((count, at) => (count === 0 ? "" : backend(count, `b${at}`))).join(""),
        );
        for (const [at, text] of texts.slice(1).entries()) {
          expect(finder.between(texts[at] ?? "", text).map(describeLoss)).toEqual(losses(texts[at] ?? "", text));
        }
      }),
    );
  });
});
