import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Claim, formatClaim, parseClaim } from "../../../src/core/registry/claim.js";

const claim: Claim = {
  host: "node1",
  agent: "7f3a",
  lease: "694d8a1b2c3d4e5f",
  released: false,
  holder: { hostname: "node1", pid: 4711, since: "2026-01-02T03:04:05Z" },
};

describe("a claim", () => {
  test("comes back as it was written", () => {
    expect(parseClaim(formatClaim(claim))).toEqual(claim);
  });

  test("has equal bytes when it is equal, whatever the order it was put together in", () => {
    const reordered = {
      holder: claim.holder,
      released: false,
      lease: claim.lease,
      agent: claim.agent,
      host: claim.host,
    };
    expect(formatClaim(reordered)).toBe(formatClaim(claim));
  });

  test("is never read out of another text", () => {
    for (const text of ["", "{}", "null", "[]", JSON.stringify({ ...claim, lease: "0x12" }), "10.0.0.5:80"]) {
      expect(parseClaim(text), text).toBeUndefined();
    }
    fc.assert(fc.property(fc.string(), (text) => parseClaim(text) === undefined));
  });
});
