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
  ["answers its check badly", {}, { probe: () => "unfit" }, "strict", "out: answers-badly"],
  ["cannot be probed from here", {}, { probe: () => "unreachable" }, "strict", "up"],
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

test.each<[string, Readonly<Record<string, string>>, Partial<RuntimeStatus>, string]>([
  [
    "nobody listens",
    {},
    { probe: () => "pending" },
    "Nothing listens on its port 8080 yet; --probe off or label hecd.check.type=off would not wait for it",
  ],
  [
    "nobody listens, and its labels ask for a check, which --probe off would not end",
    { "hecd.check.path": "/" },
    { probe: () => "pending" },
    "Nothing listens on its port 8080 yet; label hecd.check.type=off would not wait for it",
  ],
  [
    "somebody answers badly",
    { "hecd.check.path": "/" },
    { probe: () => "unfit", words: () => "http://172.17.0.2:8080/ answers with status 404" },
    "Its port 8080 listens, but http://172.17.0.2:8080/ answers with status 404; see its labels hecd.scheme, hecd.check.path and hecd.check.type",
  ],
])("what to do is said truly where %s", (_, labels, status, advice) => {
  const decision = decisionOf(container("web1", { labels }), context, { ...UNPROBED, ...status });
  expect(decision).toMatchObject({ advice });
});

test("what cannot be probed is registered with a note that says why", () => {
  const status: RuntimeStatus = { ...UNPROBED, probe: () => "unreachable", words: () => "it is far away" };
  expect(decisionOf(container("web1"), context, status)).toMatchObject({
    instances: [{ state: "up" }],
    notes: ["Its port 8080 cannot be probed and counts as ready: it is far away"],
  });
});
