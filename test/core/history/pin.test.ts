import { describe, expect, test } from "vitest";
import { formatPin, parsePin, type Pin } from "../../../src/core/history/pin.js";
import { pinnedTextAt } from "../../../src/core/history/pinned-text.js";

const TEXT = [
  "global",
  "  maxconn 100",
  "backend web",
  "  server web-1 10.0.0.1:80 check weight 5",
  "\tserver web-2\t10.0.0.2:80",
  "  server static 10.9.9.9:80 check",
  "listen db",
  "  server db-1 [fd00::1]:5432",
].join("\n");
const PIN: Pin = {
  ...{ id: 7, text: TEXT, since: "2026-11-30T00:00:00.000Z" },
  addresses: ["10.0.0.1:80", "10.0.0.2:80", "[fd00::1]:5432"],
};

function record(addr: string, state: string): readonly [string, string] {
  return [`/hecd/v1/services/web/node1:web-1:80`, JSON.stringify({ v: 1, addr, state })];
}

describe("a pinned text", () => {
  test.each<[string, readonly (readonly [string, string])[], readonly string[], number]>([
    [
      "is as it was while the store has all its addresses",
      [
        ["/app/a", "10.0.0.1:80"],
        ["/app/b", "10.0.0.2:80"],
        ["/app/c", "[fd00::1]:5432"],
      ],
      [],
      0,
    ],
    [
      "keeps out of work whom the store no longer has",
      [
        ["/app/b", "10.0.0.2:80"],
        ["/app/c", "[fd00::1]:5432"],
      ],
      ["web/web-1"],
      0,
    ],
    [
      "keeps out of work whose record drains",
      [record("10.0.0.1:80", "draining"), ["/app/b", "10.0.0.2:80"], ["/app/c", "[fd00::1]:5432"]],
      ["web/web-1"],
      0,
    ],
    [
      "gives work to whose record is up",
      [record("10.0.0.1:80", "up"), ["/app/b", "10.0.0.2:80"], ["/app/c", "[fd00::1]:5432"]],
      [],
      0,
    ],
    [
      "finds addresses within any value",
      [
        ["/x", '{"at": "10.0.0.1:80,10.0.0.2:80"}'],
        ["/app/c", "http://[fd00::1]:5432/"],
      ],
      [],
      0,
    ],
    [
      "counts addresses that it does not have",
      [
        ["/app/a", "10.0.0.1:80"],
        ["/app/b", "10.0.0.2:80"],
        ["/app/c", "[fd00::1]:5432"],
        ["/app/d", "10.0.0.4:80"],
      ],
      [],
      1,
    ],
    [
      "takes no part of another address for its own",
      [
        ["/app/a", "110.0.0.1:80"],
        ["/app/b", "10.0.0.2:8080"],
        ["/app/c", "[fd00::1]:5432"],
      ],
      ["web/web-1", "web/web-2"],
      2,
    ],
  ])("%s", (_, entries, out, waiting) => {
    const pinned = pinnedTextAt(PIN, entries);
    expect([pinned.out, pinned.waiting]).toEqual([out, waiting]);
    if (out.length === 0) expect(pinned.text).toBe(TEXT);
  });

  test("says so by the word disabled, behind the address, and changes nothing else", () => {
    const { text, out } = pinnedTextAt(PIN, []);
    expect(out).toEqual(["web/web-1", "web/web-2", "db/db-1"]);
    expect(text).toContain("  server web-1 10.0.0.1:80 disabled check weight 5\n");
    expect(text).toContain("\tserver web-2\t10.0.0.2:80 disabled\n");
    expect(text.replaceAll(" disabled", "")).toBe(TEXT);
  });

  test("leaves alone a server that the store has never had", () => {
    expect(pinnedTextAt(PIN, []).text).toContain("  server static 10.9.9.9:80 check\n");
  });

  test("is read back as it was written, and nothing else is taken for one", () => {
    expect(parsePin(formatPin(PIN))).toEqual(PIN);
    expect(parsePin('{"id": 7')).toBeUndefined();
    expect(parsePin('{"id": 7}')).toBeUndefined();
  });
});
