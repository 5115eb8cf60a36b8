import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OutlivedStops } from "../../src/agent/outlived-stops.js";
import { decisionOf } from "../../src/core/decision/decision.js";
import { type ProbeResult, UNPROBED } from "../../src/core/decision/readiness.js";
import type { Standpoint } from "../../src/core/decision/probing.js";
import type { HecdEvent } from "../../src/core/events/event.js";
import type { Container } from "../../src/core/model/container.js";
import { formatInstance, type Instance } from "../../src/core/model/instance.js";
import type { ProbeTarget, ProbeVerdict } from "../../src/ports.js";
import { container, context, inNetwork, published, standpoint, TOLD_TO_STOP } from "../support/containers.js";
import { ManualClock } from "../support/manual-clock.js";
import { someClock, UNTIMELY } from "../support/untimely.js";

const GRACE_MS = 120_000;
/** Ten sightings, a second apart. */
const SEEN_MS = 9_000;

const web = container("web1");
const told = { ...web, stopping: TOLD_TO_STOP };

/** Nobody can tell by a probe whether such a port serves. */
const UDP = { ports: [{ ...published(53, 32_053), protocol: "udp" as const }] };

let clock: ManualClock;
let verdict: ProbeVerdict;
let found: ProbeResult;
let asked: string[];
let events: HecdEvent[];
let seenFrom: Standpoint;
let stops: OutlivedStops;

beforeEach(() => {
  renew(new ManualClock());
});

afterEach(() => {
  stops[Symbol.dispose]();
  expect(clock.pending, "timers left").toBe(0);
});

function renew(on: ManualClock, probes = true): void {
  clock = on;
  seenFrom = { ...standpoint, isUsual: probes };
  [verdict, found, asked, events] = ["passed", "passed", [], []];
  const prober = {
    probe: async ({ ip, port }: ProbeTarget) => {
      asked.push(`${ip}:${port}`);
      return verdict;
    },
  };
  const parts = { prober, clock, emit: (event: HecdEvent) => events.push(event), probe: () => found };
  stops = new OutlivedStops(parts, { stopGraceMs: GRACE_MS }, () => undefined);
}

/** Takes these containers in, and says of the first whether it is ending. */
function taking(...containers: readonly [Container, ...Container[]]): boolean | undefined {
  stops.take(containers, context, seenFrom);
  return stops.isStopping(containers[0]);
}

/** What an earlier agent has left of `web`. */
function left(changes: Partial<Instance>): ReadonlyMap<string, string> {
  const decision = decisionOf(web, context, UNPROBED);
  const instances = "instances" in decision ? decision.instances : [];
  return new Map(instances.map((each) => [`/hecd/v1/services/x/${each.id}`, formatInstance({ ...each, ...changes })]));
}

describe("a container that was told to stop and lives on", () => {
  test("serves again when it has been seen to for a while, after the longest usual grace, and that is told", async () => {
    expect([taking(web), taking(told)]).toEqual([undefined, true]);
    await clock.advance(GRACE_MS - 1);
    expect(asked).toEqual([]);
    await clock.advance(SEEN_MS);
    expect([stops.isStopping(web), events]).toEqual([true, []]);
    await clock.advance(1);
    expect(stops.isStopping(web)).toBe(false);
    expect(events).toEqual([{ kind: "stop-outlived", container: "web1", afterMs: GRACE_MS + SEEN_MS }]);
    expect(asked).toEqual(Array.from({ length: 10 }, () => "172.17.0.2:8080"));
    await clock.advance(600_000);
    expect(asked).toHaveLength(10);
  });

  test("does not serve while it does not answer, and that is told once", async () => {
    taking(told);
    verdict = "refused";
    await clock.advance(GRACE_MS + 600_000);
    expect(stops.isStopping(web)).toBe(true);
    expect(events).toEqual([{ kind: "stop-lingers", container: "web1", afterMs: GRACE_MS }]);
    verdict = "passed";
    await clock.advance(SEEN_MS - 1_000);
    verdict = "silent";
    await clock.advance(1_000);
    verdict = "passed";
    await clock.advance(SEEN_MS);
    expect(stops.isStopping(web)).toBe(true);
    await clock.advance(1_000);
    expect(stops.isStopping(web)).toBe(false);
  });

  test("has the time that it asks for itself, where that is longer, and five seconds more", async () => {
    taking({ ...told, stopTimeoutMs: 300_000 });
    await clock.advance(304_999);
    expect(asked).toEqual([]);
    await clock.advance(1);
    expect(asked).toHaveLength(1);
  });

  test("is believed to be ending anew by each later signal, also after it has outlived one", async () => {
    const later = { ...web, stopping: { ...TOLD_TO_STOP, sentAt: TOLD_TO_STOP.sentAt + 1 } };
    taking(told);
    await clock.advance(GRACE_MS + SEEN_MS);
    expect([taking(told), taking(later)]).toEqual([false, true]);
    await clock.advance(GRACE_MS - 1);
    const latest = { ...web, stopping: { ...TOLD_TO_STOP, sentAt: TOLD_TO_STOP.sentAt + 2 } };
    taking(latest);
    await clock.advance(GRACE_MS - 1);
    expect([asked.length, stops.isStopping(web)]).toEqual([10, true]);
  });

  test.each<[string, Partial<Container>, boolean]>([
    ["is paused", { status: "paused" }, true],
    ["fails its HEALTHCHECK", { health: "unhealthy" }, true],
    ["passes its HEALTHCHECK", { health: "healthy" }, false],
    ["has no port to be probed, and no HEALTHCHECK", UDP, true],
    ["has no port to be probed, and passes its HEALTHCHECK", { ...UDP, health: "healthy" }, false],
    ["has a check that its labels switch off", { labels: { "hecd.check.type": "off" } }, true],
  ])("and %s: is it ending still?", async (_, changes, expected) => {
    taking({ ...told, ...changes });
    await clock.advance(GRACE_MS + SEEN_MS);
    expect(stops.isStopping(web)).toBe(expected);
  });

  test("is not probed where containers are not, unless its labels ask for that", async () => {
    renew(clock, false);
    taking(told);
    await clock.advance(GRACE_MS + SEEN_MS);
    expect([asked.length, stops.isStopping(web)]).toEqual([0, true]);
    taking({ ...told, labels: { "hecd.check.type": "tcp" } });
    await clock.advance(SEEN_MS + 1_000);
    expect([asked.length, stops.isStopping(web)]).toEqual([10, false]);
  });

  test("need not be seen at a port that has never listened", async () => {
    found = "pending";
    taking(told);
    await clock.advance(GRACE_MS + SEEN_MS);
    expect([asked, stops.isStopping(web)]).toEqual([[], true]);
  });

  test("is probed at the address that it has by then", async () => {
    taking(told);
    await clock.advance(1_000);
    taking({ ...told, networks: { other: inNetwork("172.18.0.2") } });
    await clock.advance(GRACE_MS);
    expect(asked.at(-1)).toBe("172.18.0.2:8080");
  });

  test("serves when somebody says so, but not before its grace is over", async () => {
    taking(told);
    stops.forgive("web1");
    expect(stops.isStopping(web)).toBe(true);
    verdict = "refused";
    await clock.advance(GRACE_MS);
    stops.forgive("web2");
    expect(stops.isStopping(web)).toBe(true);
    stops.forgive(web.id);
    expect(stops.isStopping(web)).toBe(false);
  });

  test("is nothing of the kind once it has ended, or has been started anew", () => {
    taking(told);
    expect(taking({ ...told, status: "exited" })).toBeUndefined();
    taking(told);
    expect(taking({ ...web, startedAt: "2026-01-03T00:00:00Z" })).toBeUndefined();
    taking(told);
    stops.take([], context, seenFrom);
    expect(stops.isStopping(web)).toBeUndefined();
  });

  test("takes along those that live in its network, which ends with it", async () => {
    const guest = container("guest", { networkMode: `container:${web.id}`, networks: {}, ports: [published(9090, 1)] });
    expect(taking(guest, web)).toBeUndefined();
    expect(taking(guest, told)).toBe(true);
    await clock.advance(GRACE_MS + SEEN_MS);
    expect([stops.isStopping(guest), stops.isStopping(web)]).toEqual([false, false]);
  });
});

describe("a container that was ending when an earlier agent left", () => {
  test("is so still, with its whole grace before it", async () => {
    stops.believe(left({ state: "draining", stopping: true }));
    expect(taking(web)).toBe(true);
    await clock.advance(GRACE_MS + SEEN_MS - 1);
    expect(stops.isStopping(web)).toBe(true);
    await clock.advance(1);
    expect(stops.isStopping(web)).toBe(false);
    expect(taking(web)).toBe(false);
  });

  test.each<[string, readonly [Container, ...Container[]]]>([
    ["it", [{ ...web, stopTimeoutMs: 300_000 }]],
    [
      "the one whose network it lives in",
      [{ ...web, networkMode: "container:owner" }, container("owner", { id: "owner", stopTimeoutMs: 300_000 })],
    ],
  ])("has the time that %s asks for, where that is longer", async (_, [first, ...others]) => {
    stops.believe(left({ state: "draining", stopping: true }));
    expect(taking(first, ...others)).toBe(true);
    await clock.advance(304_999);
    expect([asked, stops.isStopping(web)]).toEqual([[], true]);
    await clock.advance(1);
    expect(asked).toHaveLength(1);
  });

  test("is so too when Docker was heard of before its record was", () => {
    expect(taking(web)).toBeUndefined();
    stops.believe(left({ state: "draining", stopping: true }));
    expect(stops.isStopping(web)).toBe(true);
  });

  test.each<[string, Partial<Instance>]>([
    ["served", {}],
    ["was drained", { state: "draining", drained: true }],
    ["has been started anew since", { stopping: true, container: { id: "x", image: "x", startedAt: "2025-01-01" } }],
  ])("is not when it %s", (_, changes) => {
    stops.believe(left(changes));
    expect(taking(web)).toBeUndefined();
  });
});

test("whether timers wake early or late, none serves before its grace, and each serves soon after", async () => {
  await fc.assert(
    fc.asyncProperty(someClock, async (untimely) => {
      renew(untimely);
      taking(told);
      await clock.advance(GRACE_MS - UNTIMELY.earlyMs - 1);
      expect(asked).toEqual([]);
      await clock.advance(SEEN_MS - 9 * UNTIMELY.earlyMs);
      expect(stops.isStopping(web)).toBe(true);
      await clock.advance(2 + 10 * (UNTIMELY.earlyMs + UNTIMELY.lateMs));
      expect(stops.isStopping(web)).toBe(false);
    }),
    { numRuns: 50 },
  );
});
