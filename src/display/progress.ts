import { signsOf } from "./signs.js";

/** How far something has come. */
export interface Progress {
  readonly done: number;
  readonly all: number;
  /** What is being done. */
  readonly now: string;
}

const BAR = 20;

/** A bar of one line: `[#####---------------] 2 of 8  edge@tcp://10.0.0.3:2375`. */
export function progressBar({ done, all, now }: Progress, columns: number): string {
  const filled = all === 0 ? BAR : Math.floor((done / all) * BAR);
  const line = `[${"#".repeat(filled)}${"-".repeat(BAR - filled)}] ${done} of ${all}  ${now}`;
  return signsOf(line)
    .slice(0, Math.max(0, columns - 1))
    .join("");
}
