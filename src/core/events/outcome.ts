import type { Outcome } from "./event.js";

/** When a turn with this end is made again: for a newer state, the cause being perhaps in the state, or only with time. */
export function retryOf(outcome: Outcome): "never" | "for news" | "later" {
  switch (outcome.kind) {
    case "unchanged":
    case "would-change":
    case "applied":
    case "differs": // another attempt would change nothing, and it is looked at all the time
      return "never";
    case "held":
    case "rejected":
    case "waiting":
    case "reload-failed":
    case "failed":
      return "for news";
    case "rolled-back":
      return "later"; // a reload that fails can cost HAProxy seconds, which a busy store must not multiply
  }
}

/** Whether the file, and what reads it, are as they should be at this end. */
export function isGood(outcome: Outcome): boolean {
  return retryOf(outcome) === "never" && outcome.kind !== "differs";
}

/** Whether the file has a text at this end that its check has accepted, and that nothing has refused. */
export function hasTaken(kind: string): boolean {
  return TAKEN.has(kind);
}

/** What nothing reads yet is in order, too. */
const TAKEN: ReadonlySet<string> = new Set<Outcome["kind"]>(["unchanged", "applied", "differs", "waiting"]);
