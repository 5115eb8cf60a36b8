import { describe, expect, test } from "vitest";
import { claimKey } from "../../../src/core/model/keys.js";
import type { Departure } from "../../../src/core/registry/departures.js";
import { meantAmong } from "../../../src/core/registry/meant.js";
import { claim, GONE, type Rows, stateOf } from "../../support/claims.js";
import { record } from "../../support/records.js";

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
