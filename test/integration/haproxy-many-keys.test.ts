import { expect, test } from "vitest";
import { summaryOf } from "../bench/statistics.js";
import { manyKeys } from "../keys/many-keys.js";

test("while 3,000 keys come into one backend, changes of ten others are served within a second, half of them at least", async () => {
  const { latenciesMs, failures, reloads } = await manyKeys(3_000, 60_000);
  expect(failures).toEqual([]);
  expect(latenciesMs.length).toBeGreaterThan(100);
  expect(summaryOf(latenciesMs).p50).toBeLessThan(1_000);
  expect(reloads).toBeLessThanOrEqual(5);
});
