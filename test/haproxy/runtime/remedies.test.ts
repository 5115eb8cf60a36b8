import { describe, expect, test } from "vitest";
import { modelOf } from "../../../src/haproxy/config/model.js";
import type { RuntimeCommands } from "../../../src/haproxy/runtime/change.js";
import { withRemedies } from "../../../src/haproxy/runtime/remedies.js";

const MODEL = modelOf("defaults\nbackend b\n server a 10.0.0.1:80 check\n");
const REMEDY = { backend: "b", command: "enable health b/a" };
const COMMANDS: RuntimeCommands = {
  ...{ lines: ["set server b/a weight 1"], backends: ["b", "c"], leaving: [], returning: [], reached: MODEL },
  ...{ clinging: [], questions: [], maps: [], isWhole: true, effort: 0 },
};

describe("a change with remedies", () => {
  test("begins with them", () => {
    expect(withRemedies({ kind: "runtime", commands: COMMANDS }, [REMEDY], MODEL)).toEqual({
      kind: "runtime",
      commands: { ...COMMANDS, lines: ["enable health b/a", "set server b/a weight 1"] },
    });
  });

  test("is one of them alone where the configurations say the same", () => {
    expect(withRemedies({ kind: "none" }, [REMEDY, REMEDY], MODEL)).toMatchObject({
      kind: "runtime",
      commands: { lines: [REMEDY.command, REMEDY.command], backends: ["b"], reached: MODEL },
    });
  });

  test("is what it was without any, and where a new process needs none", () => {
    const reload = { kind: "reload", reason: "", first: COMMANDS } as const;
    expect(withRemedies(reload, [REMEDY], MODEL)).toBe(reload);
    const none = { kind: "none" } as const;
    expect(withRemedies(none, [], MODEL)).toBe(none);
  });
});
