import { required } from "../support/required.js";

/** What is told of a series of measurements, in its own unit. */
export interface Summary {
  readonly rounds: number;
  readonly p50: number;
  readonly p99: number;
}

/** The median and the 99th percentile (nearest rank). Throws when nothing was measured. */
export function summaryOf(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (share: number): number =>
    required(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)], "measurement");
  return { rounds: values.length, p50: rank(0.5), p99: rank(0.99) };
}

/** One line of a table: something, beside the least that it could take. */
export interface Comparison {
  readonly what: string;
  readonly ours: Summary;
  readonly floor: Summary;
}

/** Comparisons as a Markdown table, times in milliseconds. */
export function tableOf(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ what, ours, floor }) => {
    const times = [ours.p50, ours.p99, floor.p50, floor.p99].map((ms) => ms.toFixed(1));
    return `| ${what} | ${times.join(" | ")} | ${(ours.p50 / floor.p50).toFixed(2)} |`;
  });
  return [
    "| | HECD p50 ms | p99 ms | floor p50 ms | p99 ms | ratio of p50 |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
