import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { departuresBetween, evidenceFor } from "../../../src/core/registry/departures.js";
import { GONE, type Rows, stateOf } from "../../support/claims.js";
import { record } from "../../support/records.js";

describe("what has departed from a state", () => {
  const before: Rows = [
    ["/app/web/1", "a", "a1"],
    ["/app/web/2", "b", "a1"],
    ["/app/web/3", "c"],
  ];

  test("is every key that is gone or says something else, with the lease of who did that", () => {
    const after: Rows = [
      ["/app/web/2", "B", "b2"],
      ["/app/web/4", "d", "a1"],
    ];
    expect(departuresBetween(stateOf(before, 0), stateOf(after, 0))).toEqual([
      { key: "/app/web/1", was: "a", is: undefined, lease: "a1" },
      { key: "/app/web/2", was: "b", is: "B", lease: "b2" },
      { key: "/app/web/3", was: "c", is: undefined, lease: undefined },
    ]);
  });

  test("is nobody's where the store may be another one, or tells of no events", () => {
    for (const [one, other] of [
      [0, 1],
      [undefined, undefined],
    ]) {
      const departures = departuresBetween(stateOf(before, one), stateOf([], other));
      expect(departures.map(({ lease }) => lease)).toEqual([undefined, undefined, undefined]);
    }
  });

  test("is nothing between equal states, whatever hangs on what", () => {
    const row = fc.tuple(fc.constantFrom("/a/1", "/a/2", "/b/1"), fc.string(), fc.constantFrom("a1", "b2", undefined));
    fc.assert(
      fc.property(fc.uniqueArray(row, { selector: ([key]) => key }), (rows) => {
        expect(departuresBetween(stateOf(rows, 0), stateOf(rows, 0))).toEqual([]);
      }),
    );
  });
});

describe("the evidence of a departure", () => {
  test("is the claims, and the records of the service that is concerned", () => {
    const own = record({ service: "api" })[0];
    expect(evidenceFor([GONE, { ...GONE, key: "/app/web/web-2" }, { ...GONE, key: own }])).toEqual([
      "/hecd/v1/agents",
      "/hecd/v1/services/web",
    ]);
  });

  test("is nothing where no lease is known", () => {
    expect(evidenceFor([{ ...GONE, lease: undefined }])).toEqual([]);
  });
});
