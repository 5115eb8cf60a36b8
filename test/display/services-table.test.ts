import { expect, test } from "vitest";
import { snapshotOf } from "../../src/core/model/snapshot.js";
import { serviceListOf } from "../../src/core/view/service-list.js";
import { servicesTable } from "../../src/display/services-table.js";
import { record } from "../support/records.js";

test("The table of servers has those that drain in their place among the others, with their state", () => {
  const keys = [
    record({ name: "a", port: 1 }),
    record({ name: "b", port: 2, state: "draining", drained: true, weight: 50 }),
    record({ name: "c", port: 3, backup: true }),
    record({ service: "away", name: "d", port: 4, state: "maint", http: { hosts: ["d.example"], paths: ["/d"] } }),
  ];
  expect(servicesTable(serviceListOf(snapshotOf(1n, keys)))).toBe(
    [
      "SERVICE  SERVER  ADDRESS     STATE               WEIGHT      ROUTES",
      "away     d       10.0.0.5:4  maint               100         d.example /d",
      "web      a       10.0.0.5:1  up                  100         -",
      "web      b       10.0.0.5:2  draining (drained)  50          -",
      "web      c       10.0.0.5:3  up                  100 backup  -",
      "",
    ].join("\n"),
  );
});

test("The table of servers has what keys of steering have of them, and why", () => {
  const keys = [
    record({ name: "a", port: 1, tags: ["green"] }),
    record({ name: "b", port: 2, tags: ["blue"] }),
    record({ service: "away", name: "c", port: 3 }),
    ["/hecd/v1/steering/web/only", "green"] as const,
    ["/hecd/v1/steering/web/weight/a", "7"] as const,
    ["/hecd/v1/steering/away/maintenance", "true"] as const,
  ];
  expect(servicesTable(serviceListOf(snapshotOf(1n, keys)))).toBe(
    [
      "SERVICE  SERVER  ADDRESS     STATE        WEIGHT                  ROUTES",
      "away     c       10.0.0.5:3  maintenance  100                     -",
      "web      a       10.0.0.5:1  up           7 (weight by key)       -",
      "web      b       10.0.0.5:2  up           0 (green alone serves)  -",
      "",
    ].join("\n"),
  );
});

test("The table of servers says that there are none", () => {
  expect(servicesTable({ services: [] })).toBe("No servers\n");
});
