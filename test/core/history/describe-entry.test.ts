import { describe, expect, test } from "vitest";
import { describeCause, describeEnd } from "../../../src/core/history/describe-entry.js";
import type { Cause, HistoryEntry } from "../../../src/core/history/entry.js";

const KEY = { key: "/app/web/a", what: "came", host: "node1", change: "r12" } as const;
const ENTRY: HistoryEntry = {
  ...{ id: 1, at: "2026-11-30T00:00:00.000Z", resource: "haproxy.toml", dest: "/etc/haproxy/haproxy.cfg" },
  ...{ why: { kind: "start" }, outcome: "applied", tookMs: 1 },
};

describe("an entry of the history in words", () => {
  test.each<[Cause, string]>([
    [{ kind: "keys", keys: [KEY], more: 0 }, "because /app/web/a came (host node1, r12)"],
    [{ kind: "keys", keys: [{ key: "/k", what: "went" }], more: 4 }, "because /k went and 4 more keys"],
    [
      { kind: "edited", differences: ["backend web was added"] },
      "because somebody else had edited the file: backend web was added",
    ],
    [{ kind: "found", differences: ["it was deleted"] }, "as somebody else has written it: it was deleted"],
    [{ kind: "template" }, "because the template or its resource was edited"],
    [{ kind: "rollback", to: 7 }, "by hecd rollback to version 7"],
    [{ kind: "resume", by: "time" }, "since the time of the pin is over"],
    [{ kind: "resync" }, "to have it as it should be: no key has changed"],
  ])("has the reason %j as %s", (why, words) => {
    expect(describeCause(why)).toBe(words);
  });

  test.each<[Partial<HistoryEntry>, string]>([
    [{ how: "runtime", commands: 1 }, "run time, 1 command"],
    [{ how: "reload", reason: "global differs" }, "reload: global differs"],
    [{ outcome: "rejected" }, "rejected"],
    [{ outcome: "rolled-back", how: "reload", reason: "global differs" }, "rolled-back, reload: global differs"],
    [{}, "file"],
  ])("has the end %j as %s", (more, words) => {
    expect(describeEnd({ ...ENTRY, ...more })).toBe(words);
  });
});
