import { expect, test } from "vitest";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { type RuntimeStatus, UNPROBED } from "../../../src/core/decision/readiness.js";
import type { HealthPolicy } from "../../../src/core/labels/label-config.js";
import type { Container } from "../../../src/core/model/container.js";
import { container, context, published, TOLD_TO_STOP } from "../../support/containers.js";

function decided(
  changes: Partial<Container>,
  runtimeStatus: Partial<RuntimeStatus> = {},
  health: HealthPolicy = "strict",
) {
  const decision = decisionOf(container("web1", changes), { ...context, health }, { ...UNPROBED, ...runtimeStatus });
  if (!("instances" in decision)) return `out: ${decision.reason}`;
  return `${decision.instances[0]?.state ?? "none"}${decision.because ? `: ${decision.because.reason}` : ""}`;
}

test.each<[string, Partial<Container>, Partial<RuntimeStatus>, HealthPolicy, string]>([
  ["runs", {}, {}, "strict", "up"],
  ["has ended", { status: "exited" }, {}, "strict", "out: not-running"],
  ["restarts", { status: "restarting" }, {}, "strict", "out: not-running"],
  ["is paused", { status: "paused" }, {}, "strict", "maint: paused"],
  ["is healthy", { health: "healthy" }, {}, "strict", "up"],
  ["has yet to become healthy", { health: "starting" }, {}, "strict", "out: starting"],
  ["has yet to become healthy", { health: "starting" }, {}, "lenient", "up"],
  ["is unhealthy", { health: "unhealthy" }, {}, "strict", "draining: unhealthy"],
  ["is unhealthy", { health: "unhealthy" }, {}, "lenient", "draining: unhealthy"],
  ["is unhealthy", { health: "unhealthy" }, {}, "off", "up"],
  ["is being stopped", { stopping: TOLD_TO_STOP }, {}, "strict", "draining: draining"],
  ["is being stopped, as an earlier agent has heard", {}, { stopping: true }, "strict", "draining: draining"],
  ["has outlived its stop", { stopping: TOLD_TO_STOP }, { stopping: false }, "strict", "up"],
  ["is drained", {}, { drained: true }, "strict", "draining: draining"],
  ["crashes over and over", {}, { held: true }, "strict", "out: flap-hold"],
  ["does not listen yet", {}, { probe: () => "pending" }, "strict", "out: not-listening"],
  ["listens", {}, { probe: () => "passed" }, "strict", "up"],
  ["no longer passes its check", {}, { probe: () => "failed" }, "strict", "draining: check-failed"],
  [
    "is being stopped before it has listened",
    { stopping: TOLD_TO_STOP },
    { probe: () => "pending" },
    "strict",
    "draining: draining",
  ],
])("a container that %s: %j %j %s", (_, changes, runtimeStatus, policy, expected) => {
  expect(decided(changes, runtimeStatus, policy)).toBe(expected);
});

test.each<[string, Partial<Container>, Partial<RuntimeStatus>]>([
  ["serves", {}, {}],
  ["is paused", { status: "paused" }, {}],
  ["is drained", {}, { drained: true }],
  ["fails its HEALTHCHECK", { health: "unhealthy" }, {}],
])("a container that %s has the same instances for as long as nothing changes", (_, changes, status) => {
  const one = container("web1", { ports: [published(8080, 32_768)], ...changes });
  const instances = () => {
    const decision = decisionOf(one, context, { ...UNPROBED, ...status });
    if (!("instances" in decision)) throw new Error(decision.reason);
    return decision.instances;
  };
  const [first] = instances();
  expect(first).toBeDefined();
  expect(instances()[0]).toBe(first);
});
