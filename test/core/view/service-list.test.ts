import { expect, test } from "vitest";
import { snapshotOf } from "../../../src/core/model/snapshot.js";
import { serviceListOf } from "../../../src/core/view/service-list.js";
import { servicesOf } from "../../../src/core/view/view.js";
import { record } from "../../support/records.js";

const UP = record({ name: "up", port: 1 });
const DRAINED = record({ name: "drained", port: 2, state: "draining", drained: true });
const STOPPING = record({ name: "stopping", port: 3, state: "draining", stopping: true });
const MAINTAINED = record({ name: "kept", port: 4, state: "draining", drained: true, maintenance: true });
const PAUSED = record({ name: "paused", port: 5, state: "maint" });

test("A listing has what templates see, and beside it what is registered and gets no work, with the reason", () => {
  const snapshot = snapshotOf(1n, [UP, DRAINED, STOPPING, MAINTAINED, PAUSED]);
  const { services, leftOut } = serviceListOf(snapshot);
  const [web] = servicesOf(snapshot).services;
  expect(web?.name).toBe("web");
  expect([services, leftOut]).toEqual([[{ ...web, resting: services[0]?.resting }], []]);
  expect(services[0]?.resting.map(({ container, addr, state, why }) => [container, addr, state, why])).toEqual([
    ["drained", "10.0.0.5:2", "draining", "drained"],
    ["kept", "10.0.0.5:4", "draining", "maintenance"],
    ["paused", "10.0.0.5:5", "maint", undefined],
    ["stopping", "10.0.0.5:3", "draining", "stopping"],
  ]);
});

test("A listing counts who serves at an address, not who had it before", () => {
  const before = record({ name: "before", port: 1, state: "draining", stopping: true });
  const [service] = serviceListOf(snapshotOf(1n, [UP, before])).services;
  expect([service?.servers.map(({ container }) => container), service?.resting]).toEqual([["up"], []]);
});

test("A listing leaves out what templates leave out, whatever its state", () => {
  const [, text] = record({ service: "other", name: "x", state: "draining" });
  const key = "/hecd/v1/services/web/node1:x:80";
  expect(serviceListOf(snapshotOf(1n, [[key, text]]))).toEqual({
    services: [],
    leftOut: [{ key, reason: "the record belongs to another key" }],
  });
});
