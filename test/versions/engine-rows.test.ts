import { describe, expect, test } from "vitest";
import { engineTable, eventRows, missingIn, shownBy } from "./engine-rows.js";

const REPORT = JSON.stringify({
  testResults: [
    {
      name: "/somewhere/test/integration/agent-events.test.ts",
      assertionResults: [
        { title: "create registers nothing", status: "passed" },
        { title: "kill (1) drains", status: "passed" },
        { title: "kill (9) drains", status: "failed" },
        { title: "pause is seen", status: "skipped" },
      ],
    },
  ],
});
const ROWS = [
  { event: "create", tests: ["agent-events › create registers nothing"] },
  { event: "kill by a signal", tests: ["agent-events › create registers nothing", "agent-events › kill (%s) drains"] },
  { event: "pause, unpause", tests: ["agent-events › pause is seen"] },
  { event: "oom", tests: ["agent-engine › is never run"] },
];

describe("the table of engines", () => {
  test("counts as held what has passed in every case, and not what was skipped or not run", () => {
    expect(missingIn(shownBy(REPORT), ROWS)).toEqual({
      create: [],
      "kill by a signal": ["agent-events › kill (%s) drains"],
      "pause, unpause": ["agent-events › pause is seen"],
      oom: ["agent-engine › is never run"],
    });
  });

  test("says where a row holds and where nobody has seen it", () => {
    const results = { "Docker 1.0": missingIn(shownBy(REPORT), ROWS) };
    expect(engineTable(results, ROWS).split("\n")).toEqual([
      "| event | Docker 1.0 |",
      "| --- | --- |",
      "| create | works |",
      "| kill by a signal | **not shown** |",
      "| pause, unpause | **not shown** |",
      "| oom | **not shown** |",
    ]);
  });

  test("has the rows of the page of events", () => {
    expect(eventRows().map(({ event }) => event)).toContain("create");
    for (const { tests } of eventRows()) expect(tests.every((one) => one.includes(" › "))).toBe(true);
  });
});
