import { describe, expect, test } from "vitest";
import type { Snapshot } from "../../src/core/model/snapshot.js";
import { KeyCache } from "../../src/edges/key-cache.js";
import { settled } from "../support/manual-clock.js";

const { signal } = new AbortController();

/** Asks for the next snapshot; tells whether it has come. */
function ask(
  snapshots: AsyncIterator<{ readonly entries: ReadonlyMap<string, string>; readonly revision: bigint }, never>,
) {
  const answer: { entries?: readonly (readonly [string, string])[]; revision?: bigint } = {};
  void snapshots.next().then(({ value }) => {
    answer.entries = [...value.entries];
    answer.revision = value.revision;
  });
  return answer;
}

/** Looks at the next snapshot, which has it made. */
async function look(snapshots: AsyncIterator<Snapshot, never>): Promise<Snapshot> {
  return { ...(await snapshots.next()).value };
}

describe("a mirror", () => {
  test("gives nothing before every prefix has been listed", async () => {
    const cache = new KeyCache(["/a", "/b"]);
    const answer = ask(cache.snapshots(signal));
    cache.list("/a", new Map([["/a/1", "1"]]), 5n);
    await settled();
    expect(answer.entries).toBeUndefined();
    cache.list("/b", new Map(), 6n);
    await settled();
    expect(answer).toEqual({ entries: [["/a/1", "1"]], revision: 6n });
  });

  test("gives the sum of all changes to a reader that was busy", async () => {
    const cache = new KeyCache(["/a"]);
    cache.list("/a", new Map([["/a/1", "1"]]), 1n);
    const snapshots = cache.snapshots(signal);
    await look(snapshots);
    cache.change([{ kind: "put", key: "/a/2", value: "2" }], 2n);
    cache.change([{ kind: "delete", key: "/a/1" }], 3n);
    cache.change([{ kind: "put", key: "/a/2", value: "3" }], 4n);
    expect((await snapshots.next()).value).toEqual({
      ...{ entries: new Map([["/a/2", "3"]]), revision: 4n, life: 0 },
      recent: {
        since: 1n,
        changes: [
          { key: "/a/2", revision: 2n },
          { key: "/a/1", revision: 3n },
          { key: "/a/2", revision: 4n },
        ],
      },
    });
  });

  test("gives nothing when changes lead back to what was given, or a new listing says the same", async () => {
    const cache = new KeyCache(["/a"]);
    cache.list("/a", new Map([["/a/1", "1"]]), 1n);
    const snapshots = cache.snapshots(signal);
    await look(snapshots);
    const answer = ask(snapshots);
    cache.change([{ kind: "put", key: "/a/1", value: "1" }], 2n);
    cache.change(
      [
        { kind: "put", key: "/a/2", value: "2" },
        { kind: "delete", key: "/a/2" },
      ],
      4n,
    );
    cache.list("/a", new Map([["/a/1", "1"]]), 5n);
    await settled();
    expect(answer.entries).toBeUndefined();
    cache.change([{ kind: "delete", key: "/a/1" }], 6n);
    await settled();
    expect(answer).toEqual({ entries: [], revision: 6n });
  });

  test("takes a new listing of one prefix for the truth about that prefix alone, pending changes included", async () => {
    const cache = new KeyCache(["/a", "/b"]);
    cache.list(
      "/a",
      new Map([
        ["/a/1", "1"],
        ["/a/2", "2"],
      ]),
      7n,
    );
    cache.list("/b", new Map([["/b/1", "1"]]), 7n);
    const snapshots = cache.snapshots(signal);
    await look(snapshots);
    cache.change(
      [
        { kind: "put", key: "/a/9", value: "9" },
        { kind: "put", key: "/b/2", value: "2" },
      ],
      8n,
    );
    cache.list("/a", new Map([["/a/2", "new"]]), 3n);
    expect((await snapshots.next()).value).toEqual({
      entries: new Map([
        ["/a/2", "new"],
        ["/b/1", "1"],
        ["/b/2", "2"],
      ]),
      revision: 3n,
      life: 1,
      recent: { since: 3n, changes: [] },
    });
  });

  test("gives what is newest when it is first looked at, and that for good", async () => {
    const cache = new KeyCache(["/a"]);
    cache.list("/a", new Map([["/a/1", "1"]]), 1n);
    const snapshots = cache.snapshots(signal);
    const { value: first } = await snapshots.next();
    cache.change([{ kind: "put", key: "/a/1", value: "2" }], 2n);
    const { value: second } = await snapshots.next();
    cache.change([{ kind: "put", key: "/a/1", value: "3" }], 3n);
    expect([first.revision, ...first.entries]).toEqual([3n, ["/a/1", "3"]]);
    expect(second.entries).toBe(first.entries);
    cache.change([{ kind: "put", key: "/a/1", value: "4" }], 4n);
    expect([...(await look(snapshots)).entries]).toEqual([["/a/1", "4"]]);
    expect([first.revision, ...first.entries]).toEqual([3n, ["/a/1", "3"]]);
  });

  test("makes its reader throw what it failed with", async () => {
    const cache = new KeyCache(["/a"]);
    const waiting = cache.snapshots(signal).next();
    const failure = new Error("broken");
    cache.fail(failure);
    await expect(waiting).rejects.toBe(failure);
  });
});

describe("what a mirror says of leases and lives", () => {
  const on = (lease: string) => new Map([["/a/1", lease]]);

  test("is the lease on which each key hangs, and a key that changes it is a change", async () => {
    const cache = new KeyCache(["/a"]);
    cache.list("/a", new Map([["/a/1", "1"]]), 1n, on("a1"));
    const snapshots = cache.snapshots(signal);
    expect((await snapshots.next()).value.leases).toEqual(on("a1"));
    cache.change([{ kind: "put", key: "/a/1", value: "1", lease: "b2" }], 2n);
    expect((await snapshots.next()).value.leases).toEqual(on("b2"));
    cache.change([{ kind: "delete", key: "/a/1" }], 3n);
    expect((await snapshots.next()).value.leases).toBeUndefined();
  });

  test("is another life only where a listing lacks a key whose end was not told", async () => {
    const cache = new KeyCache(["/a"]);
    const both = new Map([
      ["/a/1", "1"],
      ["/a/2", "2"],
    ]);
    cache.list("/a", both, 1n);
    const snapshots = cache.snapshots(signal);
    expect((await look(snapshots)).life).toBe(0);
    cache.change([{ kind: "delete", key: "/a/1" }], 2n);
    cache.list("/a", new Map([["/a/2", "2"]]), 3n);
    expect((await snapshots.next()).value.life).toBe(0);
    cache.list("/a", new Map([["/a/3", "3"]]), 4n);
    expect((await snapshots.next()).value.life).toBe(1);
  });
});
