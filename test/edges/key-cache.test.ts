import { describe, expect, test } from "vitest";
import { Mirror } from "../../src/edges/key-cache.js";
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

describe("a mirror", () => {
  test("gives nothing before every prefix has been listed", async () => {
    const mirror = new Mirror(["/a", "/b"]);
    const answer = ask(mirror.snapshots(signal));
    mirror.list("/a", new Map([["/a/1", "1"]]), 5n);
    await settled();
    expect(answer.entries).toBeUndefined();
    mirror.list("/b", new Map(), 6n);
    await settled();
    expect(answer).toEqual({ entries: [["/a/1", "1"]], revision: 6n });
  });

  test("gives the sum of all changes to a reader that was busy", async () => {
    const mirror = new Mirror(["/a"]);
    mirror.list("/a", new Map([["/a/1", "1"]]), 1n);
    const snapshots = mirror.snapshots(signal);
    await snapshots.next();
    mirror.change([{ kind: "put", key: "/a/2", value: "2" }], 2n);
    mirror.change([{ kind: "delete", key: "/a/1" }], 3n);
    mirror.change([{ kind: "put", key: "/a/2", value: "3" }], 4n);
    expect((await snapshots.next()).value).toEqual({ entries: new Map([["/a/2", "3"]]), revision: 4n });
  });

  test("gives nothing when changes lead back to what was given, or a new listing says the same", async () => {
    const mirror = new Mirror(["/a"]);
    mirror.list("/a", new Map([["/a/1", "1"]]), 1n);
    const snapshots = mirror.snapshots(signal);
    await snapshots.next();
    const answer = ask(snapshots);
    mirror.change([{ kind: "put", key: "/a/1", value: "1" }], 2n);
    mirror.change(
      [
        { kind: "put", key: "/a/2", value: "2" },
        { kind: "delete", key: "/a/2" },
      ],
      4n,
    );
    mirror.list("/a", new Map([["/a/1", "1"]]), 5n);
    await settled();
    expect(answer.entries).toBeUndefined();
    mirror.change([{ kind: "delete", key: "/a/1" }], 6n);
    await settled();
    expect(answer).toEqual({ entries: [], revision: 6n });
  });

  test("takes a new listing of one prefix for the truth about that prefix alone, pending changes included", async () => {
    const mirror = new Mirror(["/a", "/b"]);
    mirror.list(
      "/a",
      new Map([
        ["/a/1", "1"],
        ["/a/2", "2"],
      ]),
      7n,
    );
    mirror.list("/b", new Map([["/b/1", "1"]]), 7n);
    const snapshots = mirror.snapshots(signal);
    await snapshots.next();
    mirror.change(
      [
        { kind: "put", key: "/a/9", value: "9" },
        { kind: "put", key: "/b/2", value: "2" },
      ],
      8n,
    );
    mirror.list("/a", new Map([["/a/2", "new"]]), 3n);
    expect((await snapshots.next()).value).toEqual({
      entries: new Map([
        ["/a/2", "new"],
        ["/b/1", "1"],
        ["/b/2", "2"],
      ]),
      revision: 3n,
    });
  });

  test("makes its reader throw what it failed with", async () => {
    const mirror = new Mirror(["/a"]);
    const waiting = mirror.snapshots(signal).next();
    const failure = new Error("broken");
    mirror.fail(failure);
    await expect(waiting).rejects.toBe(failure);
  });
});
