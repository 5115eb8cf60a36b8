import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BackendServer } from "../../../src/haproxy/config/backends.js";
import { obstacleOfTime } from "../../../src/haproxy/runtime/budget.js";

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
