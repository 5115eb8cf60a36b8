import fc from "fast-check";
import { expect, test } from "vitest";
import { FAULTS } from "./faults.js";
import { scheduleOf } from "./schedule.js";

test("a seed stands for the same schedule each time, of as many different faults as are asked for", () => {
  const run = (seed: number, length: number) => {
    const steps = scheduleOf(seed, length);
    expect(steps).toEqual(scheduleOf(seed, length));
    expect(new Set(steps.map(({ fault }) => fault.name)).size).toBe(length);
  };
  fc.assert(fc.property(fc.nat(), fc.integer({ min: 1, max: 8 }), run), { numRuns: 50 });
});

test("fifty seeds try every fault", () => {
  const seeds = Array.from({ length: 50 }, (_, index) => index + 1);
  const tried = new Set(seeds.flatMap((seed) => scheduleOf(seed, 4).map(({ fault }) => fault.name)));
  expect(FAULTS.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
});
