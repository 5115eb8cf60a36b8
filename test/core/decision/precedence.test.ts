import fc from "fast-check";
import { expect, test } from "vitest";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { type ProbeResult, UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Container } from "../../../src/core/model/container.js";
import type { Reason } from "../../../src/core/model/reason.js";
import { container, context, published, TOLD_TO_STOP } from "../../support/containers.js";

/** All that can be the matter with one container at the same time. */
interface Troubles {
  readonly label: boolean;
  readonly disabled: boolean;
  readonly own: boolean;
  readonly unasked: boolean;
  readonly foreign: boolean;
  readonly status: Container["status"];
  readonly health: Container["health"];
  readonly held: boolean;
  readonly networkless: boolean;
  readonly unpublished: boolean;
  readonly misnamed: boolean;
  readonly loopback: boolean;
  readonly stopping: boolean;
  readonly drained: boolean;
  readonly probe: ProbeResult;
}

/** Each may well be missing, or the first reasons would hide all the others. */
const rarely = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const someTroubles: fc.Arbitrary<Troubles> = fc.record({
  label: rarely,
  disabled: rarely,
  own: rarely,
  unasked: rarely,
  foreign: rarely,
  status: fc.oneof(
    { weight: 3, arbitrary: fc.constant<Container["status"]>("running") },
    { weight: 1, arbitrary: fc.constantFrom<Container["status"]>("created", "paused", "restarting", "exited", "dead") },
  ),
  health: fc.constantFrom<Container["health"]>("none", "starting", "healthy", "unhealthy"),
  held: rarely,
  networkless: rarely,
  unpublished: rarely,
  misnamed: rarely,
  loopback: rarely,
  stopping: rarely,
  drained: rarely,
  probe: fc.constantFrom<ProbeResult>("passed", "pending", "unfit", "failed", "unreachable", "skipped"),
});

/** Every reason that there is, the one that counts first. */
function reasonsOf(troubles: Troubles): readonly Reason[] {
  const { status, health } = troubles;
  const isPaused = status === "paused";
  const reasons: readonly (readonly [boolean, Reason])[] = [
    [troubles.label, "invalid-label"],
    [troubles.disabled, "disabled"],
    [troubles.own, "own-container"],
    [troubles.unasked, "not-enabled"],
    [troubles.foreign, "other-namespace"],
    [status !== "running" && !isPaused, "not-running"],
    [health === "starting" && !isPaused, "starting"],
    [troubles.held && !isPaused, "flap-hold"],
    [troubles.networkless, "no-network"],
    [troubles.unpublished, "no-published-port"],
    [troubles.misnamed, "invalid-name"],
    [troubles.loopback, "loopback-only"],
    [isPaused, "paused"],
    [health === "unhealthy", "unhealthy"],
    [troubles.stopping || troubles.drained, "draining"],
    [troubles.probe === "pending", "not-listening"],
    [troubles.probe === "unfit", "answers-badly"],
    [troubles.probe === "failed", "check-failed"],
  ];
  return reasons.filter(([isSo]) => isSo).map(([, reason]) => reason);
}

function decided(troubles: Troubles) {
  const { status, health, stopping, drained, held, probe } = troubles;
  const labels = {
    ...(troubles.label && { "hecd.weight": "heavy" }),
    ...(troubles.disabled && { "hecd.enable": "false" }),
    ...(troubles.foreign && { "hecd.namespace": "blue" }),
  };
  const binding = published(8080, 32_768, troubles.loopback ? ["127.0.0.1"] : undefined);
  const one = container(troubles.misnamed ? "-web1" : "web1", {
    status,
    health,
    stopping: stopping ? TOLD_TO_STOP : undefined,
    labels,
    networkMode: troubles.networkless ? "none" : "default",
    ports: troubles.unpublished ? [{ ...binding, bindings: [] }] : [binding],
  });
  const here = { ...context, explicit: troubles.unasked, ownContainer: troubles.own ? one.id : undefined };
  return decisionOf(one, here, { ...UNPROBED, probe: () => probe, drained, held });
}

test("of all that is the matter with a container, the reason given is always the same one", () => {
  const seen = new Set<Reason>();
  fc.assert(
    fc.property(someTroubles, (troubles) => {
      const decision = decided(troubles);
      const because = "instances" in decision ? decision.because : decision;
      const [expected] = reasonsOf(troubles);
      expect(because?.reason).toBe(expected);
      if (expected) seen.add(expected);
    }),
    { numRuns: 2_000, seed: 4 },
  );
  expect([...seen].sort()).toEqual([
    ...[
      "answers-badly",
      "check-failed",
      "disabled",
      "draining",
      "flap-hold",
      "invalid-label",
      "invalid-name",
      "loopback-only",
    ],
    ...["no-network", "no-published-port", "not-enabled", "not-listening", "not-running", "other-namespace"],
    ...["own-container", "paused", "starting", "unhealthy"],
  ]);
});

test.each<[string, Partial<Troubles>, Reason]>([
  ["does not run, with a label that is wrong", { status: "exited", label: true }, "invalid-label"],
  ["does not run, and is not wanted", { status: "exited", disabled: true }, "disabled"],
  ["does not run, and publishes nothing", { status: "exited", unpublished: true }, "not-running"],
  ["has yet to become healthy, and publishes nothing", { health: "starting", unpublished: true }, "starting"],
  ["crashes over and over, and has no network", { held: true, networkless: true }, "flap-hold"],
  ["is unhealthy, and publishes nothing", { health: "unhealthy", unpublished: true }, "no-published-port"],
  ["is being stopped, and has a name that is no key", { stopping: true, misnamed: true }, "invalid-name"],
  ["is drained, and published on loopback only", { drained: true, loopback: true }, "loopback-only"],
  ["is paused, and crashes over and over", { status: "paused", held: true }, "paused"],
  ["is paused, and publishes nothing", { status: "paused", unpublished: true }, "no-published-port"],
  ["is drained, and does not listen", { drained: true, probe: "pending" }, "draining"],
])("a container that %s is told the one reason: %j", (_, troubles, expected) => {
  const none = { label: false, disabled: false, own: false, unasked: false, foreign: false, held: false };
  const placed = { networkless: false, unpublished: false, misnamed: false, loopback: false };
  const ready = { stopping: false, drained: false, status: "running", health: "none", probe: "passed" } as const;
  const decision = decided({ ...none, ...placed, ...ready, ...troubles });
  expect("instances" in decision ? decision.because?.reason : decision.reason).toBe(expected);
});
