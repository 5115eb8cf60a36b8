import { describe, expect, test } from "vitest";
import { steeringKey } from "../../../src/core/model/keys.js";
import { applyChanges, type Snapshot, snapshotOf } from "../../../src/core/model/snapshot.js";
import { switchOf, type SwitchTarget } from "../../../src/core/view/switch.js";
import { required } from "../../support/required.js";
import { record } from "../../support/records.js";

const RECORDS = [
  record({ name: "blue-1", port: 1, tags: ["blue"] }),
  record({ name: "green-1", port: 2, tags: ["green"] }),
  record({ name: "red-1", port: 3, tags: ["red"], state: "draining" }),
];

function state(said: Readonly<Record<string, string>> = {}): Snapshot {
  const keys = Object.entries(said).map(([what, value]) => [steeringKey("web", what), value] as const);
  return snapshotOf(1n, [...RECORDS, ...keys]);
}

/** The state after a switch, as the store would have it; and what was said of it. */
function after(before: Snapshot, target: SwitchTarget): Snapshot {
  const made = switchOf(before, "web", target);
  if ("refused" in made) throw new Error(made.refused);
  const changes = made.changes.map(({ key, is }) =>
    is === undefined ? ({ kind: "delete", key } as const) : ({ kind: "put", key, value: is } as const),
  );
  for (const { key, was } of made.changes) expect(before.entries.get(key)).toBe(was);
  return applyChanges(before, changes, 2n);
}

function said(snapshot: Snapshot): Readonly<Record<string, string>> {
  const start = steeringKey("web", "");
  const keys = [...snapshot.entries].filter(([key]) => key.startsWith(start));
  return Object.fromEntries(keys.map(([key, value]) => [key.slice(start.length), value]));
}

describe("a switch", () => {
  test("writes who serves alone and who did before, and goes back and forth", () => {
    const first = after(state(), { tag: "green" });
    expect(said(first)).toEqual({ only: "green", "only-before": "*" });
    const second = after(first, { tag: "blue" });
    expect(said(second)).toEqual({ only: "blue", "only-before": "green" });
    const back = after(second, "back");
    expect(said(back)).toEqual({ only: "green", "only-before": "blue" });
    expect(said(after(back, "back"))).toEqual({ only: "blue", "only-before": "green" });
    expect(said(after(first, "back"))).toEqual({ "only-before": "green" });
    expect(said(after(second, "all"))).toEqual({ "only-before": "blue" });
  });

  test("ends all shares with it, and leaves all else as it is", () => {
    const before = { only: "blue", "share/green": "10", "share/v2": "5", "weight/blue-1": "7", maintenance: "false" };
    expect(said(after(state(before), { tag: "green" }))).toEqual({
      ...{ only: "green", "only-before": "blue", "weight/blue-1": "7", maintenance: "false" },
    });
  });

  test("to what serves already changes nothing, and is no step to go back from", () => {
    const now = state({ only: "green", "only-before": "blue" });
    expect(switchOf(now, "web", { tag: "green" })).toMatchObject({
      changes: [],
      from: "green",
      to: "green",
      servers: 1,
    });
    const shared = state({ only: "green", "only-before": "blue", "share/blue": "10" });
    expect(said(after(shared, { tag: "green" }))).toEqual({ only: "green", "only-before": "blue" });
  });

  test("takes what stands there and does not fit for nothing", () => {
    expect(said(after(state({ only: "no tag!" }), { tag: "green" }))).toEqual({ only: "green", "only-before": "*" });
  });

  test.each<[string, Snapshot, SwitchTarget, string]>([
    ["a tag of nobody", state(), { tag: "yellow" }, "no server that is up has tag yellow; there is blue, green"],
    ["a mistyped one", state(), { tag: "gren" }, "no server that is up has tag gren; there is green"],
    ["one of a server that rests", state(), { tag: "red" }, "no server that is up has tag red; there is blue, green"],
    ["no tag at all", state(), { tag: "a b" }, '"a b" is no tag'],
    ["nothing before", state(), "back", "it has not been switched yet"],
    ["a service without servers", snapshotOf(1n, []), { tag: "blue" }, "it has no server that is up"],
    [
      "back to nobody",
      state({ "only-before": "yellow" }),
      "back",
      "no server that is up has tag yellow; there is blue, green",
    ],
  ])("is refused for %s", (_, snapshot, target, refused) => {
    expect(required(switchOf(snapshot, "web", target), "answer")).toEqual({ refused });
  });
});
