import { required } from "../support/required.js";

/** A part of the time at the beginning that does not count: caches fill, and code is compiled. */
const WARM_UP = 0.1;

/** What is sampled, with how much of it may come on top between the first third and the last: a share, and so much besides. */
const MEASURES = {
  "resident memory, MB": { share: 0.05, besides: 4 },
  "heap in use, MB": { share: 0.1, besides: 4 },
  "open descriptors": { share: 0, besides: 4 },
  "active handles and timers": { share: 0, besides: 4 },
  "old workers of HAProxy": { share: 0, besides: 1 },
} as const;

type Measure = keyof typeof MEASURES;

/** What one reading has found. */
export type Sample = Readonly<Record<Measure, number>>;

/** Readings soon after one another: the least of them is what is there when the garbage since the last collection is gone. */
export type Look = readonly Sample[];

/** How a measure has gone over the whole time: the medians of the looks of its first and its last third after the warm-up. */
export interface Course {
  readonly measure: Measure;
  readonly first: number;
  readonly last: number;
  /** The highest of all readings. */
  readonly peak: number;
  /** Whether it has not grown. */
  readonly isFlat: boolean;
}

/** How each measure has gone over looks at equal distances. Throws on fewer than ten. */
export function coursesOf(looks: readonly Look[]): readonly Course[] {
  if (looks.length < 10) throw new Error(`${looks.length} looks are too few to judge by`);
  const warm = looks.slice(Math.ceil(looks.length * WARM_UP));
  const third = Math.floor(warm.length / 3);
  return (Object.keys(MEASURES) as Measure[]).map((measure) => {
    const readings = warm.map((look) => look.map((sample) => sample[measure]));
    const values = readings.map((look) => Math.min(...look));
    const [first, last] = [medianOf(values.slice(0, third)), medianOf(values.slice(-third))];
    const { share, besides } = MEASURES[measure];
    const isFlat = last <= first * (1 + share) + besides;
    return { measure, first, last, peak: Math.max(...readings.flat()), isFlat };
  });
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return required(sorted[Math.floor(sorted.length / 2)], "value");
}
