import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claimKey } from "../../../src/core/model/keys.js";
import { type Snapshot, snapshotOf } from "../../../src/core/model/snapshot.js";
import { formatClaim } from "../../../src/core/registry/claim.js";
import { type Departure, departuresBetween, evidenceFor } from "../../../src/core/registry/departures.js";
import { meantAmong } from "../../../src/core/registry/meant.js";
import { record } from "../../support/records.js";

type Rows = readonly (readonly [key: string, value: string, lease?: string | undefined])[];

function stateOf(rows: Rows, life?: number): Snapshot {
  const leases = rows.flatMap(([key, , lease]) => (lease === undefined ? [] : [[key, lease] as const]));
  const snapshot = snapshotOf(
    1n,
    rows.map(([key, value]) => [key, value]),
    new Map(leases),
  );
  return life === undefined ? snapshot : { ...snapshot, life };
}

function claim(host: string, lease: string, { released = false, on = lease } = {}) {
  const holder = { hostname: host, pid: 1, since: "2026-01-01T00:00:00Z" };
  return [claimKey(host), formatClaim({ host, agent: host, lease, released, holder }), on] as const;
}

const KEY = "/app/web/web-1";
const ADDRESS = "10.0.0.5:32768";
const GONE: Departure = { key: KEY, was: ADDRESS, is: undefined, lease: "a1" };

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

describe("a key that is gone", () => {
  const serving = [...record({}), "a1"] as const;
  const paused = [...record({ state: "maint" }), "a1"] as const;
  const moved = [...record({ port: 40_000 }), "a1"] as const;
  const elsewhere = [...record({ host: "node2" }), "b2"] as const;

  test.each<[boolean, string, Rows]>([
    [true, "its agent has the host", [claim("node1", "a1")]],
    [true, "the record says that it is paused", [claim("node1", "a1"), paused]],
    [true, "the record says that it is at another address by now", [claim("node1", "a1"), moved]],
    [true, "another host says that it serves at the same address", [claim("node1", "a1"), elsewhere]],
    [false, "the record still says that it serves", [claim("node1", "a1"), serving]],
    [false, "its agent has ended too", []],
    [false, "its agent has left the host to the next one", [claim("node1", "a1", { released: true })]],
    [false, "the host is another agent's by now", [claim("node1", "b2")]],
    [false, "the claim hangs on nothing", [[claimKey("node1"), claim("node1", "a1")[1]]]],
    [false, "the claim hangs on another lease", [claim("node1", "a1", { on: "b2" })]],
    [false, "what stands for the claim is none", [[claimKey("node1"), "a1", "a1"]]],
  ])("is meant: %s, where %s", (isMeant, _, rows) => {
    expect(meantAmong([GONE], stateOf(rows))).toEqual(isMeant ? [GONE] : []);
  });

  test("is meant of a record as it is of any other key", () => {
    const gone = { ...GONE, key: record({})[0], was: record({})[1] };
    expect(meantAmong([gone], stateOf([claim("node1", "a1")]))).toEqual([gone]);
    expect(meantAmong([gone], stateOf([]))).toEqual([]);
  });

  test("is meant by nobody where it hung on no lease", () => {
    expect(meantAmong([{ ...GONE, lease: undefined }], stateOf([claim("node1", "a1")]))).toEqual([]);
  });
});

describe("a key that says something else", () => {
  test("is meant where an agent that lives has written that, and the record cannot speak against it", () => {
    const changed: Departure = { ...GONE, is: "10.0.0.5:40000" };
    const evidence = stateOf([claim("node1", "a1"), [...record({}), "a1"]]);
    expect(meantAmong([changed, { ...changed, lease: undefined }], evidence)).toEqual([changed]);
  });
});
