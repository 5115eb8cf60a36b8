import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BackendServer } from "../../../src/haproxy/config/backends.js";
import {
  commandsIn,
  commandsPerLine,
  effortOf,
  obstacleOfTime,
  pairsIn,
  paceAfterCheck,
  paceAfterCommands,
  patienceMs,
  reloadMsOf,
  TURN,
  USUAL_PACE,
} from "../../../src/haproxy/runtime/budget.js";

function backendOf(count: number) {
  const servers = Array.from({ length: count }, (_, n): [string, BackendServer] => [
    `s${n}`,
    {
      name: `s${n}`,
      host: "10.0.0.1",
      port: 80,
      weight: 1,
      isDisabled: false,
      isBackup: false,
      words: [],
      isPlain: true,
    },
  ]);
  return { servers: new Map(servers) };
}

describe("commands for a backend", () => {
  test.each([
    [3, 0, 1, false],
    [3_000, 0, 1_000, false],
    [4_800, 0, 1_600, false],
    [9_000, 0, 3_000, true],
    [60_000, 0, 20_000, true],
    [150_000, 0, 50_000, true],
    [3, 50_000, 50_001, false],
    [300, 50_000, 50_100, false],
    [2_000, 2_000, 1, false],
    [50_000, 50_000, 0, true],
  ])("%i of them that make %i servers %i are left to a reload: %s", (commands, before, after, isLeft) => {
    expect(obstacleOfTime(commands, backendOf(before), backendOf(after)) !== undefined).toBe(isLeft);
  });

  test.each([
    ["alone", 0, [1_000], false],
    ["after others that take what a reload takes", 400, [1_000], true],
    ["in a configuration that takes long to load", 400, [1_000, 10_000], false],
  ])("%s are weighed against the reload of all backends", (_, spentMs, sizes, isLeft) => {
    const rival = { spentMs, reloadMs: reloadMsOf(sizes.map(backendOf), USUAL_PACE) };
    const obstacle = obstacleOfTime(2_000, backendOf(0), backendOf(1_000), USUAL_PACE, rival);
    expect(obstacle !== undefined).toBe(isLeft);
  });

  test("are never left to a reload where they are few, and always with more of them where they are", () => {
    const size = fc.nat(3_000);
    fc.assert(
      fc.property(size, size, fc.nat(20_000), fc.nat(20_000), (before, after, some, more) => {
        const [a, b] = [backendOf(before), backendOf(after)];
        if (some <= 100) expect(obstacleOfTime(some, a, b)).toBeUndefined();
        if (obstacleOfTime(some, a, b) !== undefined) expect(obstacleOfTime(some + more, a, b)).toBeDefined();
      }),
      { numRuns: 50 },
    );
  });
});

describe("the pace of an HAProxy", () => {
  test.each([
    ["as quick as usual", 0.000_13, 0.000_05, 9_000, 3_000, true],
    ["quicker with commands than usual", 0.000_02, 0.000_05, 9_000, 3_000, false],
    ["slower with commands than usual", 0.000_5, 0.000_05, 3_000, 1_000, true],
    ["slow to load", 0.000_13, 0.000_5, 9_000, 3_000, false],
    ["quick to load, as from 3.2 on", 0.000_13, 0.000_000_5, 7_000, 2_000, true],
  ])("decides between commands and a reload: %s", (_, commandMs, pairMs, commands, after, isLeft) => {
    const obstacle = obstacleOfTime(commands, backendOf(0), backendOf(after), { commandMs, pairMs });
    expect(obstacle !== undefined).toBe(isLeft);
  });

  test.each([
    ["few commands tell nothing", 100_000, 5_000, 0.000_13],
    ["as long as usual", 10_000_000, 1_300, 0.000_13],
    ["twice as long", 10_000_000, 2_600, 0.000_195],
    ["half as long", 10_000_000, 650, 0.000_097_5],
    ["far too long to be true", 10_000_000, 10_000_000, 0.000_26],
  ])("follows what commands take: %s", (_, effort, tookMs, commandMs) => {
    expect(paceAfterCommands(USUAL_PACE, effort, tookMs).commandMs).toBeCloseTo(commandMs, 9);
  });

  test.each([
    ["a small file tells nothing", 1_000, 5_000, 0.000_05],
    ["2.6 with 10,000 servers", 100_000_000, 2_550, 0.000_05],
    ["3.2 with 50,000 servers", 2_500_000_000, 550, 0.000_025_2],
  ])("follows what a check takes: %s", (_, pairs, tookMs, pairMs) => {
    expect(paceAfterCheck(USUAL_PACE, pairs, tookMs).pairMs).toBeCloseTo(pairMs, 9);
  });

  test("says how many commands fit into a time and into a line, one at least", () => {
    expect(commandsIn(TURN, backendOf(10_000), backendOf(10_000), USUAL_PACE)).toBe(192);
    expect(commandsIn({ ...TURN, ms: 0 }, backendOf(10_000), backendOf(10_000), USUAL_PACE)).toBe(1);
    expect(commandsIn(TURN, backendOf(0), backendOf(3), USUAL_PACE)).toBe(1_000);
    expect(commandsIn({ ...TURN, commands: 30 }, backendOf(0), backendOf(3), USUAL_PACE)).toBe(30);
    expect(commandsIn({ ms: -1, commands: -1 }, backendOf(0), backendOf(3), USUAL_PACE)).toBe(1);
    const effort = effortOf(100, backendOf(10_000), backendOf(10_000));
    expect(commandsPerLine(100, effort, USUAL_PACE)).toBe(32);
    expect(commandsPerLine(0, 0, USUAL_PACE)).toBeGreaterThan(1);
  });

  test("gives large files more time", () => {
    expect(patienceMs(pairsIn([backendOf(100), backendOf(1)]))).toBeLessThan(5);
    expect(patienceMs(pairsIn([backendOf(10_000)]))).toBe(20_000);
  });
});
