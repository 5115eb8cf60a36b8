import fc from "fast-check";
import { required } from "../support/required.js";
import { type Act, ACTS } from "./acts.js";
import { type Fault, FAULTS } from "./faults.js";

/** How long a fault lasts, and what happens to containers meanwhile, how long after it has begun. */
interface Course {
  readonly lastsMs: number;
  readonly act: Act;
  readonly actAfterMs: number;
}

/** A fault and its course. */
export interface Step extends Course {
  readonly fault: Fault;
}

/** What a seed stands for, different faults all of them: the same each time, as long as there are the same faults and acts. */
export function scheduleOf(seed: number, length: number): readonly Step[] {
  const faults = fc.shuffledSubarray([...FAULTS], { minLength: length, maxLength: length });
  const course = fc.record({
    lastsMs: fc.integer({ min: 200, max: 8_000 }),
    act: fc.constantFrom(...ACTS),
    actAfterMs: fc.integer({ min: 0, max: 2_000 }),
  });
  const step = fc.tuple(faults, fc.array(course, { minLength: length, maxLength: length }));
  const [chosen, courses] = required(fc.sample(step, { seed, numRuns: 1 })[0], "schedule");
  return chosen.map((fault, index) => ({ fault, ...required(courses[index], "course") }));
}
