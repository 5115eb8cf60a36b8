import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keysBetween, keysCause } from "../../../src/core/history/key-notes.js";
import { applyChanges, type KeyChange, type Snapshot, snapshotOf } from "../../../src/core/model/snapshot.js";
import { KeyCache } from "../../../src/edges/key-cache.js";

const RECORD = "/hecd/v1/services/web/node1:web-1:80";
const OTHER = "/hecd/v1/services/web/node2:web-2:80";

function state(entries: Record<string, string>, leases: Record<string, string> = {}): Snapshot {
  return snapshotOf(1n, Object.entries(entries), new Map(Object.entries(leases)));
}

describe("what has changed between two states of the store", () => {
  test.each<[string, Snapshot, Snapshot, unknown]>([
    ["is nothing where nothing has", state({ "/a": "1" }), state({ "/a": "1" }), undefined],
    [
      "is each key that came, changed or went",
      state({ "/a": "1", "/b": "1" }),
      state({ "/b": "2", "/c": "1" }),
      {
        kind: "keys",
        keys: [
          { key: "/a", what: "went" },
          { key: "/b", what: "changed" },
          { key: "/c", what: "came" },
        ],
        more: 0,
      },
    ],
    [
      "is the record first, which names its host",
      state({}),
      state({ "/app/web/web-1": "x", [RECORD]: "y" }),
      {
        kind: "keys",
        keys: [
          { key: RECORD, what: "came", host: "node1" },
          { key: "/app/web/web-1", what: "came" },
        ],
        more: 0,
      },
    ],
    [
      "is of the host whose lease the key hangs on",
      state(
        { "/app/web/web-2": "x", [RECORD]: "y", [OTHER]: "z" },
        { "/app/web/web-2": "7", [OTHER]: "7", [RECORD]: "8" },
      ),
      state({ [RECORD]: "y", [OTHER]: "z" }, { [OTHER]: "7", [RECORD]: "8" }),
      { kind: "keys", keys: [{ key: "/app/web/web-2", what: "went", host: "node2" }], more: 0 },
    ],
  ])("%s", (_, before, after, cause) => {
    expect(keysCause(before, after)).toEqual(cause);
  });

  test("names 20 keys and counts the rest", () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`/a/${at}`, "1"]));
    const cause = keysCause(state({}), state(many));
    expect([cause?.keys.length, cause?.more]).toEqual([20, 980]);
  });

  test("has with each key the revision at which the store has changed it, and not that of the whole state", async () => {
    const cache = new KeyCache(["/app"]);
    const stop = new AbortController();
    const states = cache.snapshots(stop.signal);
    cache.list("/app", new Map([["/app/web/a", "1"]]), 10n);
    const before = (await states.next()).value;
    expect(before.entries.size).toBe(1);
    cache.change([{ kind: "put", key: "/app/web/b", value: "2" }], 12n);
    cache.change([{ kind: "delete", key: "/app/web/a" }], 15n);
    const after = (await states.next()).value;
    expect(keysCause(before, after)?.keys).toEqual([
      { key: "/app/web/a", what: "went", change: "r15" },
      { key: "/app/web/b", what: "came", change: "r12" },
    ]);
  });

  test("is the same whether events have told of it or all keys are compared", () => {
    const key = fc.constantFrom("/a", "/b", "/c", "/d");
    const change = fc.oneof(
      fc.record({ kind: fc.constant("put" as const), key, value: fc.constantFrom("1", "2") }),
      fc.record({ kind: fc.constant("delete" as const), key }),
    );
    fc.assert(
      fc.property(fc.array(change), fc.array(change), (early, late) => {
        const before = { ...applyChanges(snapshotOf(0n, []), early, 100n), recent: { since: 0n, changes: [] } };
        const told = late.map((each: KeyChange, at) => ({ key: each.key, revision: BigInt(101 + at) }));
        const plain = applyChanges(before, late, 200n);
        const after = { ...plain, recent: { since: 50n, changes: told } };
        expect([...keysBetween(before, after)].sort()).toEqual([...keysBetween(before, { ...plain })].sort());
      }),
    );
  });
});
