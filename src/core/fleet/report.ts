import type { Outcome } from "../events/event.js";

/** What became of one target. */
export interface TargetReport {
  readonly target: string;
  readonly result: "changed" | "same" | "failed" | "not tried";
  /** What is worth knowing besides. */
  readonly detail?: string;
}

/** What came of bringing a file to a target; `wasChanged` by this push, before it was broken off. */
export function resultOf(outcome: Outcome, wasChanged: boolean): Omit<TargetReport, "target"> {
  switch (outcome.kind) {
    case "unchanged":
      return wasChanged ? { result: "changed", detail: "before this push was broken off" } : { result: "same" };
    case "applied":
      return { result: "changed", detail: howApplied(outcome) };
    case "rejected":
      return {
        result: "failed",
        detail: `its HAProxy refuses the file, and goes on with what it had: ${outcome.output}`,
      };
    case "rolled-back":
      return {
        result: "failed",
        detail: `it could not load the file, and is back at the one before: ${outcome.output}`,
      };
    case "waiting":
    case "differs":
    case "reload-failed":
      return { result: "failed", detail: outcome.output };
    case "failed":
      return { result: "failed", detail: outcome.reason };
    case "held":
    case "would-change":
      return { result: "failed", detail: `it ended as ${outcome.kind}` };
  }
}

function howApplied(outcome: Extract<Outcome, { readonly kind: "applied" }>): string {
  if (outcome.reload !== undefined) return `reloaded: ${outcome.reload}`;
  return outcome.commands === undefined ? "reloaded" : `without a reload, by ${outcome.commands} commands`;
}

/** One target in a line for people; more lines where it says more. */
export function lineOf({ target, result, detail }: TargetReport): string {
  return `${result.padEnd(9)}  ${target}${detail === undefined ? "" : `\n${detail.trim().replace(/^/gm, "           ")}`}`;
}

/** The end of a push in one line. */
export function pushSummary(reports: readonly TargetReport[]): string {
  const count = (wanted: TargetReport["result"]): number => reports.filter(({ result }) => result === wanted).length;
  const parts = (["changed", "same", "failed", "not tried"] as const).flatMap((result) =>
    count(result) === 0 ? [] : [`${count(result)} ${result}`],
  );
  return `${reports.length} ${reports.length === 1 ? "target" : "targets"}: ${parts.join(", ")}`;
}
