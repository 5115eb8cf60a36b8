import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareKeys } from "../../../src/core/text/key-order.js";
import { applyChanges, type KeyChange, keysChanged, snapshotOf } from "../../../src/core/model/snapshot.js";

const key = fc.oneof(
  fc.constantFrom("/a", "/a/b", "/a-b", "/b", "/ä", "/\u{1f433}", "/\uffee"),
  fc.string({ unit: "grapheme" }).map((text) => `/${text}`),
);
const change: fc.Arbitrary<KeyChange> = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), key, value: fc.string() }),
  fc.record({ kind: fc.constant("delete" as const), key }),
);

describe("a snapshot", () => {
  test("has its keys in the order of their bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.string())), (entries) => {
        const keys = [...snapshotOf(1n, entries).entries.keys()];
        expect(keys).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
    );
  });

  test("after changes is the one that was made of the same keys at once", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.string())), fc.array(change), (entries, changes) => {
        const before = snapshotOf(1n, entries);
        const expected = new Map(before.entries);
        for (const each of changes) {
          if (each.kind === "put") expected.set(each.key, each.value);
          else expected.delete(each.key);
        }
        const after = applyChanges(before, changes, 2n);
        expect(after.revision).toBe(2n);
        expect([...after.entries]).toEqual([...snapshotOf(2n, expected).entries]);
      }),
    );
  });

  test("is left alone by changes", () => {
    const before = snapshotOf(1n, [["/a", "1"]]);
    applyChanges(before, [{ kind: "delete", key: "/a" }], 2n);
    expect([...before.entries]).toEqual([["/a", "1"]]);
  });

  test("compares keys as their UTF-8 bytes compare", () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});

describe("what is known of the way from one state to another", () => {
  const puts = (...keys: readonly string[]): readonly KeyChange[] =>
    keys.map((name) => ({ kind: "put", key: name, value: "x" }));

  test("names every key in which the two differ", () => {
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 6 }), (turns) => {
        const first = snapshotOf(1n, [["/a", "x"]]);
        let last = first;
        for (const changes of turns) last = applyChanges(last, changes, 1n);
        const keys = keysChanged(first.entries, last.entries);
        const differing = [...new Set([...first.entries.keys(), ...last.entries.keys()])].filter(
          (name) => first.entries.get(name) !== last.entries.get(name),
        );
        expect(keys).toBeDefined();
        expect(differing.filter((name) => keys?.has(name) !== true)).toEqual([]);
      }),
    );
  });

  test("is nothing for one state and itself", () => {
    const { entries } = snapshotOf(1n, [["/a", "x"]]);
    expect(keysChanged(entries, entries)).toEqual(new Set());
  });

  test("is not known of two that came of no other, nor backwards, nor over a long way", () => {
    const first = snapshotOf(1n, [["/a", "x"]]);
    const next = applyChanges(first, puts("/b"), 2n);
    expect(keysChanged(first.entries, snapshotOf(1n, first.entries).entries)).toBeUndefined();
    expect(keysChanged(next.entries, first.entries)).toBeUndefined();
    const steps = [first];
    for (let step = 0; step < 17; step++) steps.push(applyChanges(steps.at(-1) ?? first, puts("/c"), 3n));
    expect(keysChanged(first.entries, (steps[16] ?? first).entries)).toEqual(new Set(["/c"]));
    expect(keysChanged(first.entries, (steps[17] ?? first).entries)).toBeUndefined();
  });
});
