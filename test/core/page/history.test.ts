import { describe, expect, test } from "vitest";
import type { HistoryEntry } from "../../../src/core/history/entry.js";
import { historiesModel } from "../../../src/core/page/history.js";

const DEST = "/etc/haproxy/haproxy.cfg";
const FILE = { name: "haproxy.toml", dest: DEST };

function entryOf(id: number, more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    ...{ id, at: "2026-11-30T02:13:07.123Z", resource: FILE.name, dest: DEST },
    ...{ why: { kind: "template" }, outcome: "applied", tookMs: 9, digest: `d${id}`, ...more },
  };
}

const PINNED = {
  to: 7,
  since: "2026-11-30T02:20:00.000Z",
  until: "2026-11-30T03:20:00.000Z",
  out: ["web/a"],
  waiting: 2,
};

/** The model of the one file with these entries, the newest first. */
function modelOf(entries: readonly HistoryEntry[] | undefined, more: { pinned?: typeof PINNED; fault?: string } = {}) {
  const { pinned, fault } = more;
  const [model] = historiesModel([{ ...FILE, ...(pinned && { pinned }) }], [{ ...FILE, entries, fault }]);
  return model;
}

describe("the history on the page", () => {
  test("says of each version when, how, how long, why and by whose keys", () => {
    const keys = [{ key: "/app/web/a", what: "came", host: "node1", change: "r12" } as const];
    const model = modelOf([
      entryOf(9, { why: { kind: "keys", keys, more: 0 }, how: "runtime", commands: 3, did: ["web/a added"] }),
      entryOf(8, { how: "reload", reason: "global differs", tookMs: 340 }),
    ]);
    expect(model?.versions).toMatchObject([
      {
        ...{ id: "history/haproxy.toml/9", version: 9, when: "2026-11-30 02:13:07Z", how: "3 commands", took: "9 ms" },
        ...{
          state: { word: "run time" },
          why: "because /app/web/a came (host node1, r12); web/a added",
          place: "present",
        },
      },
      { state: { level: "note", word: "reload" }, how: "global differs", took: "340 ms", place: "" },
    ]);
    expect(model?.state.word).toBe("run time");
    expect(model?.words).toBe("version 9, 2026-11-30 02:13:07Z, because /app/web/a came (host node1, r12)");
  });

  test("says what the check has said of a version that was refused, and offers no way back to it", () => {
    const output = `${"x".repeat(300)}\nmore`;
    const model = modelOf([entryOf(9, { outcome: "rejected", output }), entryOf(8), entryOf(7, { outcome: "held" })]);
    expect(model?.versions.map(({ state, said, place, order }) => [state.level, said, place, order?.value])).toEqual([
      ["bad", `${"x".repeat(200)}...`, "", undefined],
      ["rest", "", "present", "rollback version 8"],
      ["warn", "", "", undefined],
    ]);
  });

  test("offers to pin the present version, and to go back to an earlier one that has a text", () => {
    const empty = { ...entryOf(7), digest: undefined };
    const model = modelOf([entryOf(9), entryOf(8), empty]);
    expect(model?.versions.map(({ order }) => order?.about)).toEqual([
      "pin haproxy.toml to version 9",
      "roll back haproxy.toml to version 8",
      undefined,
    ]);
  });

  test("marks the version that is pinned, and says since and until when, and what waits", () => {
    const model = modelOf([entryOf(9, { why: { kind: "rollback", to: 7 } }), entryOf(8), entryOf(7)], {
      pinned: PINNED,
    });
    expect(model?.state).toMatchObject({ level: "warn", word: "pinned to 7" });
    expect(model?.pin).toMatchObject({
      words:
        "haproxy.toml is pinned to version 7 since 2026-11-30 02:20:00Z, until 2026-11-30 03:20:00Z, " +
        "1 server of it is out of work, 2 new addresses wait",
      ...{ out: "web/a", order: { value: "resume file haproxy.toml" } },
    });
    expect(model?.versions.map(({ place, order }) => [place, order?.label])).toEqual([
      ["present", "pin"],
      ["", "roll back"],
      ["pinned", undefined],
    ]);
  });

  test.each([
    ["nothing yet", [], undefined],
    ["being read", undefined, undefined],
    ["not kept", undefined, "EACCES: permission denied"],
    ["not kept", [entryOf(1)], "ENOSPC: no space left on device, write"],
  ])("says that it is %s", (word, entries, fault) => {
    const model = modelOf(entries, fault === undefined ? {} : { fault });
    expect([model?.state.word, model?.fault]).toEqual([word, fault ?? ""]);
  });

  test("is that of each file that is kept, in their order, and of no other", () => {
    const other = { name: "b.toml", dest: "/b" };
    const histories = [
      { ...other, entries: [] },
      { name: "gone.toml", dest: "/gone", entries: [entryOf(1)] },
      { ...FILE, entries: [] },
    ];
    expect(historiesModel([FILE, other, { name: "new.toml", dest: "/new" }], histories).map(({ id }) => id)).toEqual([
      "history/haproxy.toml",
      "history/b.toml",
    ]);
  });
});
