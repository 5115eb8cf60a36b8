import fc from "fast-check";
import type { FuzzTarget } from "./targets.js";

/** No text may take longer than this of a processor: it is seconds where nothing is wrong with the machine. */
const LONGEST_MS = 3_000;

/** Has a target read texts made by chance; throws with the smallest text that it does not stand, or takes too long for. */
export function fuzz({ texts, read }: FuzzTarget, numRuns: number, seed?: number): void {
  const timed = (text: string): void => {
    const before = process.cpuUsage();
    read(text);
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1_000;
    if (ms > LONGEST_MS) throw new Error(`it took ${Math.round(ms)} ms`);
  };
  fc.assert(fc.property(texts, timed), { numRuns, ...(seed === undefined ? {} : { seed }) });
}
