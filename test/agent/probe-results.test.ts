import { afterEach, beforeEach, expect, test } from "vitest";
import { ProbeResults } from "../../src/agent/probe-results.js";
import { decisionOf } from "../../src/core/decision/decision.js";
import { UNPROBED } from "../../src/core/decision/readiness.js";
import type { HecdEvent } from "../../src/core/events/event.js";
import { formatInstance, type Instance } from "../../src/core/model/instance.js";
import type { ProbeVerdict } from "../../src/ports.js";
import { container, context, position } from "../support/containers.js";
import { ManualClock, settled } from "../support/manual-clock.js";

const web = container("web1");

let clock: ManualClock;
let verdict: ProbeVerdict;
let events: HecdEvent[];
let probeResults: ProbeResults;

const settings = (probes: boolean) => ({ probes, stopGraceMs: 120_000 });

beforeEach(() => {
  clock = new ManualClock();
  verdict = "refused";
  events = [];
  const prober = { probe: async () => verdict };
  const parts = { prober, clock, emit: (event: HecdEvent) => events.push(event) };
  probeResults = new ProbeResults(parts, settings(true), () => undefined);
});

afterEach(() => {
  probeResults[Symbol.dispose]();
  expect(clock.pending, "timers left").toBe(0);
});

/** What an earlier agent has left of `web`. */
function held(changes: Partial<Instance>): ReadonlyMap<string, string> {
  const decision = decisionOf(web, context, UNPROBED);
  const instances = "instances" in decision ? decision.instances : [];
  return new Map(instances.map((each) => [`/hecd/v1/services/x/${each.id}`, formatInstance({ ...each, ...changes })]));
}

test.each<[string, Partial<Instance>, string]>([
  ["served", {}, "passed"],
  ["was drained", { state: "draining", drained: true }, "passed"],
  ["no longer passed its check", { state: "draining" }, "pending"],
  ["served before it was started anew", { container: { ...webIn(), startedAt: "2025-01-01T00:00:00Z" } }, "pending"],
])("a container that %s when an earlier agent left", (_, changes, expected) => {
  probeResults.take([web], context);
  probeResults.believe(held(changes));
  expect(probeResults.of(web).probe(8080)).toBe(expected);
  expect(probeResults.of(web).drained).toBe(changes.drained ?? false);
});

test("what was believed is given up when nobody listens for ten seconds, and that is told once", async () => {
  probeResults.believe(held({}));
  probeResults.take([web], context);
  await clock.advance(9_000);
  expect(probeResults.of(web).probe(8080)).toBe("passed");
  await clock.advance(30_000);
  expect(probeResults.of(web).probe(8080)).toBe("pending");
  expect(events).toEqual([{ kind: "probe-waits", container: "web1", asked: "172.17.0.2:8080" }]);
});

test("a container that was held comes in when its time is over, also when the timer is a little early", () => {
  let wake: () => void = () => undefined;
  const early = {
    now: () => clock.now(),
    after(ms: number, then: () => void) {
      expect(ms).toBe(10_000);
      wake = then;
      return () => undefined;
    },
  };
  let news = 0;
  using held = new ProbeResults(
    { prober: { probe: async () => "passed" }, clock: early, emit: () => undefined },
    settings(false),
    () => {
      news += 1;
    },
  );
  for (const restartCount of [0, 1, 2, 3]) {
    held.take([{ ...web, restartCount, startedAt: `start ${restartCount}` }], context);
  }
  expect([held.of(web).held, news]).toEqual([true, 0]);
  wake();
  expect([held.of(web).held, news]).toEqual([false, 1]);
});

test("probes end with the container, with its last port, and go on while it is paused", async () => {
  probeResults.take([web], context);
  await settled();
  expect(clock.pending).toBe(1);
  probeResults.take([{ ...web, status: "paused" }], context);
  await settled();
  expect(clock.pending).toBe(1);
  probeResults.take([{ ...web, ports: [] }], context);
  await settled();
  expect(clock.pending).toBe(0);
  probeResults.take([{ ...web }], context);
  await settled();
  expect(clock.pending).toBe(1);
  probeResults.take([], context);
  await settled();
  expect(clock.pending).toBe(0);
});

test("what was believed is not given up for a bad answer in passing", async () => {
  verdict = { badly: "answers with status 503" };
  probeResults.believe(held({}));
  probeResults.take([web], context);
  await clock.advance(9_000);
  expect(probeResults.of(web).probe(8080)).toBe("passed");
  await clock.advance(3_000);
  expect(probeResults.of(web).probe(8080)).toBe("unfit");
  expect(probeResults.of(web).words(8080)).toBe("172.17.0.2:8080 answers with status 503");
  expect(events).toEqual([
    { kind: "probe-waits", container: "web1", asked: "172.17.0.2:8080", words: "answers with status 503" },
  ]);
});

test("a container that can be probed from here only later is probed then", async () => {
  verdict = "passed";
  probeResults.take([web], { ...context, position: { ...position, place: "elsewhere" } });
  await settled();
  expect(probeResults.of(web).probe(8080)).toBe("unreachable");
  verdict = "refused";
  probeResults.take([web], context);
  await settled();
  expect(probeResults.of(web).probe(8080)).toBe("pending");
});

function webIn(): Instance["container"] {
  const { id, image, startedAt } = web;
  return { id: id.slice(0, 12), image, startedAt };
}
