import { expect, test } from "vitest";
import { checkPort } from "../../src/agent/port-check.js";
import type { ProbePlan } from "../../src/core/decision/probing.js";
import type { ProbeResult } from "../../src/core/decision/readiness.js";
import type { ProbeVerdict } from "../../src/ports.js";
import { ManualClock, settled } from "../support/manual-clock.js";

const plan: ProbePlan = {
  ip: "172.17.0.2",
  port: 80,
  http: undefined,
  isForwarded: false,
  doubtMs: undefined,
  intervalMs: undefined,
  timeoutMs: 1_000,
  rise: 1,
  fall: 3,
};

/** A check under way, with all that it has found and when it has tried. */
function begin(changes: Partial<ProbePlan>, verdictAt: (ms: number) => ProbeVerdict) {
  const clock = new ManualClock();
  const ending = new AbortController();
  const [found, tries]: [ProbeResult[], number[]] = [[], []];
  const prober = {
    probe: async () => {
      tries.push(clock.now());
      return verdictAt(clock.now());
    },
  };
  const over = (async () => {
    for await (const finding of checkPort({ ...plan, ...changes }, prober, clock, ending.signal))
      found.push(finding.result);
  })().catch(() => undefined);
  return {
    clock,
    found,
    tries,
    async end() {
      ending.abort(new Error("over"));
      await over;
      expect(clock.pending).toBe(0);
    },
  };
}

test("a port is tried at once, then ever less often", async () => {
  const check = begin({}, (ms) => (ms >= 200 ? "passed" : "refused"));
  await check.clock.advance(300);
  expect(check.tries).toEqual([0, 5, 15, 35, 85, 135, 185, 235]);
  expect(check.found).toEqual(["passed"]);
  await check.end();
});

test.each([1_000, 5_000, 15_000, 60_000])(
  "a port that listens after %d ms is found soon after that",
  async (listensAt) => {
    const check = begin({}, (ms) => (ms >= listensAt ? "passed" : "refused"));
    await check.clock.advance(listensAt + 1_000);
    expect(check.found.at(-1)).toBe("passed");
    expect((check.tries.at(-1) ?? 0) - listensAt).toBeLessThanOrEqual(Math.max(50, listensAt / 100));
    expect(check.tries.length).toBeLessThan(400);
    await check.end();
  },
);

test("a port to which there is no way is given up at once, a silent one in time, a refusing one never", async () => {
  const noWay = begin({}, () => "unreachable");
  await settled();
  expect(noWay.found).toEqual(["unreachable"]);
  const silent = begin({}, () => "silent");
  const refusing = begin({}, (ms) => (ms < 100 ? "refused" : "silent"));
  await settled();
  for (let second = 0; second < 30; second++) {
    await silent.clock.advance(500);
    await refusing.clock.advance(500);
  }
  expect(silent.found).toEqual(["unreachable"]);
  expect(refusing.found).toEqual(["pending"]);
  for (const check of [noWay, silent, refusing]) await check.end();
});

test("a port that somebody else may have is given up soon when nobody answers, and in time when somebody refuses", async () => {
  const silent = begin({ doubtMs: 10_000 }, () => "silent");
  const refusing = begin({ doubtMs: 10_000 }, () => "refused");
  const slow = begin({ doubtMs: 10_000 }, (ms) => (ms >= 2_000 ? "passed" : "refused"));
  await silent.clock.advance(10);
  expect(silent.found).toEqual(["unreachable"]);
  expect(silent.tries).toEqual([0, 5]);
  for (const check of [refusing, slow]) await check.clock.advance(9_900);
  expect([refusing.found, slow.found]).toEqual([[], ["passed"]]);
  await refusing.clock.advance(1_000);
  expect(refusing.found).toEqual(["unreachable"]);
  for (const check of [silent, refusing, slow]) await check.end();
});

test("a port at which somebody answers badly is tried on, and what he does is found anew when it changes", async () => {
  const check = begin({}, (ms) => {
    if (ms < 100) return "refused";
    return ms < 30_000 ? { badly: ms < 200 ? "answers with status 502" : "answers with status 503" } : "passed";
  });
  await check.clock.advance(1_000);
  expect(check.found).toEqual(["unfit", "unfit"]);
  await check.clock.advance(40_000);
  expect(check.found).toEqual(["unfit", "unfit", "unfit", "passed"]); // once more when it is late
  await check.end();
});

test("a port with an interval is tried on, and falls and rises as often as it must", async () => {
  const check = begin({ intervalMs: 1_000, rise: 2, fall: 3 }, (ms) =>
    ms < 5_000 || ms > 9_000 ? "passed" : "refused",
  );
  await settled();
  await check.clock.advance(5);
  expect(check.found).toEqual(["passed"]);
  for (let second = 0; second < 14; second++) await check.clock.advance(1_000);
  expect(check.found).toEqual(["passed", "failed", "passed"]);
  await check.end();
});
