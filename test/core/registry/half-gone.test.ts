import { describe, expect, test } from "vitest";
import { applyChanges, type Snapshot, snapshotOf } from "../../../src/core/model/snapshot.js";
import { goneRecords } from "../../../src/core/registry/departures.js";
import { type HalfGone, halfGone } from "../../../src/core/registry/half-gone.js";
import { record } from "../../support/records.js";

const [RECORD, SAID] = record({ service: "web", name: "web-1", ip: "10.0.0.5", port: 80 });
const SIMPLE = "/app/web/web-1";
const ADDR = "10.0.0.5:80";

const state = (entries: readonly (readonly [string, string])[], leases: Readonly<Record<string, string>>): Snapshot =>
  snapshotOf(1n, entries, new Map(Object.entries(leases)));

const BOTH = state(
  [
    [SIMPLE, ADDR],
    [RECORD, SAID],
  ],
  { [SIMPLE]: "a", [RECORD]: "a" },
);

const goneBetween = (before: Snapshot, after: Snapshot): readonly HalfGone[] =>
  halfGone(goneRecords(before, after), before, after);

describe("a record is gone by half", () => {
  const gone = { record: RECORD, was: SAID, lease: "a", beside: [SIMPLE, ADDR] };

  test("while its simple key is there, whether it is known how the states follow or not", () => {
    expect(goneBetween(BOTH, applyChanges(BOTH, [{ kind: "delete", key: RECORD }], 2n))).toEqual([gone]);
    expect(goneBetween(BOTH, state([[SIMPLE, ADDR]], { [SIMPLE]: "a" }))).toEqual([gone]);
  });

  test("where its own port is in the simple key, and no other of the same container", () => {
    const [other, said] = record({ service: "web", name: "web-1", ip: "10.0.0.5", port: 81, targetPort: 81 });
    const both = state([...BOTH.entries, [other, said]], { [SIMPLE]: "a", [RECORD]: "a", [other]: "a" });
    expect(goneBetween(both, state([[SIMPLE, ADDR]], { [SIMPLE]: "a" }))).toEqual([gone]);
  });

  test("not when the simple key is gone as well, nor when it is the only one that is", () => {
    expect(goneBetween(BOTH, state([], {}))).toEqual([]);
    expect(goneBetween(BOTH, state([[RECORD, SAID]], { [RECORD]: "a" }))).toEqual([]);
  });

  test.each<[string, Snapshot, Snapshot]>([
    ["the simple key says another address by now", BOTH, state([[SIMPLE, "10.0.0.5:81"]], { [SIMPLE]: "a" })],
    ["the simple key hangs on another lease by now", BOTH, state([[SIMPLE, ADDR]], { [SIMPLE]: "b" })],
    [
      "the simple key is of somebody without a lease",
      state(
        [
          [SIMPLE, ADDR],
          [RECORD, SAID],
        ],
        { [RECORD]: "a" },
      ),
      state([[SIMPLE, ADDR]], {}),
    ],
    [
      "the simple key came after it",
      state([[RECORD, SAID]], { [RECORD]: "a" }),
      state([[SIMPLE, ADDR]], { [SIMPLE]: "a" }),
    ],
    [
      "another service has a server of that name and address",
      state(
        [
          ["/app/api/web-1", ADDR],
          [RECORD, SAID],
        ],
        { "/app/api/web-1": "a", [RECORD]: "a" },
      ),
      state([["/app/api/web-1", ADDR]], { "/app/api/web-1": "a" }),
    ],
    [
      "it was no record that anybody could read",
      state(
        [
          [SIMPLE, ADDR],
          [RECORD, "{"],
        ],
        { [SIMPLE]: "a", [RECORD]: "a" },
      ),
      state([[SIMPLE, ADDR]], { [SIMPLE]: "a" }),
    ],
  ])("not when %s", (_, before, after) => {
    expect(goneBetween(before, after)).toEqual([]);
  });
});
