import { tableOf } from "../support/documents.js";
import type { Outcome } from "./bench.js";
import { FAULTS } from "./faults.js";

/** Whether nothing failed that somebody could have answered, and all came right. */
export function isGood({ failures, wrong }: Outcome): boolean {
  return failures.length === 0 && wrong === undefined;
}

/** A row for each fault that was tried, in Markdown; what is not as promised is bold. */
export function tableOfFaults(outcomes: readonly Outcome[]): string {
  const rows = FAULTS.flatMap(({ name }) => {
    const own = outcomes.filter(({ fault }) => fault === name);
    return own.length === 0 ? [] : [[name, ...cellsOf(own)]];
  });
  return tableOf(["fault", "times", "requests", "failed", "all well again: median", "latest"], rows);
}

function cellsOf(outcomes: readonly Outcome[]): readonly string[] {
  const asked = sum(outcomes.map((outcome) => outcome.asked));
  const failed = sum(outcomes.map(({ failures }) => failures.length));
  const unanswered = sum(outcomes.map((outcome) => outcome.unanswered));
  const times = outcomes.flatMap(({ convergedMs }) => convergedMs ?? []).sort((a, b) => a - b);
  const stuck = outcomes.length - times.length;
  const cutOff = sum(outcomes.map((outcome) => outcome.cutOff));
  const besides = [
    ...(unanswered > 0 ? [`${unanswered} without HAProxy`] : []),
    ...(cutOff > 0 ? [`${cutOff} cut off`] : []),
  ];
  const words = [String(failed), ...besides].join(", and ");
  const latest = secondsOf(times.at(-1));
  return [
    String(outcomes.length),
    asked.toLocaleString("en"),
    failed > 0 ? `**${words}**` : words,
    secondsOf(times[Math.floor((times.length - 1) / 2)]),
    stuck > 0 ? `**${stuck} never**` : latest,
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function secondsOf(ms: number | undefined): string {
  return ms === undefined ? "" : `${(ms / 1_000).toFixed(1)} s`;
}
