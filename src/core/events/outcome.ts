import type { Outcome } from "./event.js";

/** When a turn with this end is made again: for a newer state, the cause being perhaps in the state, or only with time. */
export function retryOf(outcome: Outcome): "never" | "for news" | "later" {
  switch (outcome.kind) {
    case "unchanged":
    case "would-change":
    case "applied":
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
