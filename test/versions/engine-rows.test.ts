import { describe, expect, test } from "vitest";
import { engineTable, eventRows, resultOf, shownBy, summaryOf } from "./engine-rows.js";

const REPORT = JSON.stringify({
  testResults: [
    {
      name: "/somewhere/test/integration/agent-events.test.ts",
      assertionResults: [
        { title: "create registers nothing", status: "passed", meta: {} },
        { title: "kill (1) drains", status: "passed" },
        { title: "kill (9) drains", status: "failed" },
        { title: "pause is seen", status: "skipped" },
        { title: "reload is heard", status: "skipped", meta: { otherwise: "no such event" } },
      ],
    },
  ],
});
const ROWS = [
  { event: "create", tests: ["agent-events › create registers nothing"] },
  { event: "kill by a signal", tests: ["agent-events › create registers nothing", "agent-events › kill (%s) drains"] },
  { event: "pause, unpause", tests: ["agent-events › pause is seen"] },
  { event: "oom", tests: ["agent-engine › is never run", "agent-events › reload is heard"] },
  { event: "reload", tests: ["agent-events › reload is heard"] },
  { event: "both", tests: ["agent-events › reload is heard", "agent-events › create registers nothing"] },
];

describe("the table of engines", () => {
  test("counts as held what has passed in every case, with what is otherwise where a test was left out for that", () => {
    expect(resultOf(shownBy(REPORT), ROWS)).toEqual({
      create: "works",
      "kill by a signal": ["agent-events › kill (%s) drains"],
      "pause, unpause": ["agent-events › pause is seen"],
      oom: ["agent-engine › is never run"],
      reload: "no such event",
      both: "works, but no such event",
    });
  });

  test("says where a row holds and where nobody has seen it", () => {
    const results = { "Docker 10.0": {}, "Docker 9.0": resultOf(shownBy(REPORT), ROWS) };
    expect(engineTable(results, ROWS).split("\n")).toEqual([
      "| event | Docker 9.0 | Docker 10.0 |",
      "| --- | --- | --- |",
      "| create | works | **not shown** |",
      "| kill by a signal | **not shown** | **not shown** |",
      "| pause, unpause | **not shown** | **not shown** |",
      "| oom | **not shown** | **not shown** |",
      "| reload | no such event | **not shown** |",
      "| both | works, but no such event | **not shown** |",
    ]);
  });

  test("comes with how many tests have passed, and the others by their names", () => {
    expect(summaryOf(shownBy(REPORT)).split("\n")).toEqual([
      "2 passed, 2 failed, 1 left out",
      "    failed: agent-events › kill (9) drains",
      "    skipped: agent-events › pause is seen",
      "    left out (no such event): agent-events › reload is heard",
    ]);
  });

  test("has the rows of the page of events", () => {
    expect(eventRows().map(({ event }) => event)).toContain("create");
    for (const { tests } of eventRows()) expect(tests.every((one) => one.includes(" › "))).toBe(true);
  });
});
