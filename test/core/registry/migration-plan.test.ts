import { describe, expect, test } from "vitest";
import { planMoves } from "../../../src/core/registry/migration-plan.js";

const NEITHER = { overwrite: false, withEnding: false };

describe("the plan of a migration", () => {
  test("writes what is missing, leaves what is alike, and calls a conflict what differs", () => {
    const keys = ["a", "b", "c"].map((name) => ({ key: `/${name}`, value: "1" }));
    const present = new Map([
      ["/b", "1"],
      ["/c", "2"],
    ]);
    expect(planMoves(keys, present, NEITHER)).toEqual([
      { key: "/a", value: "1", move: "write" },
      { key: "/b", value: "1", move: "same" },
      { key: "/c", value: "1", move: "conflict", present: "2" },
    ]);
    expect(planMoves(keys, present, { ...NEITHER, overwrite: true })[2]).toMatchObject({ move: "overwrite" });
  });

  test("leaves out what ends by itself, unless that is wanted", () => {
    const keys = [{ key: "/a", value: "1", endsInSeconds: 30 }];
    expect(planMoves(keys, new Map(), NEITHER)).toMatchObject([{ move: "ends", endsInSeconds: 30 }]);
    expect(planMoves(keys, new Map(), { ...NEITHER, withEnding: true })).toMatchObject([{ move: "write" }]);
  });

  test("takes the last of several keys with one name", () => {
    const keys = ["1", "2"].map((value) => ({ key: "/a", value }));
    expect(planMoves(keys, new Map(), NEITHER)).toEqual([{ key: "/a", value: "2", move: "write" }]);
  });
});
