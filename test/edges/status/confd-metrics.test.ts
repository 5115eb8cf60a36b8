import { expect, test } from "vitest";
import { ConfdMetrics } from "../../../src/edges/status/confd-metrics.js";

test("What is told is counted by the names of the fork", async () => {
  const metrics = new ConfdMetrics();
  metrics.count({ kind: "resources-loaded", resources: ["a", "b"] });
  const applied = { kind: "applied", resource: "a", dest: "/a", tookMs: 20 } as const;
  metrics.count({ ...applied, outcome: { kind: "applied", bytes: 1 } });
  metrics.count({ ...applied, outcome: { kind: "unchanged" } });
  metrics.count({ ...applied, outcome: { kind: "rejected", output: "" } });
  const lines = (await metrics.expose()).split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      "confd_templates_loaded 2",
      'confd_template_process_total{dest="/a",status="success"} 2',
      'confd_template_process_total{dest="/a",status="error"} 1',
      'confd_template_process_duration_seconds_count{dest="/a"} 3',
      'confd_file_sync_total{dest="/a"} 1',
      "confd_file_changed_total 1",
    ]),
  );
});
