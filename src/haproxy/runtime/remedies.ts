import type { Model } from "../config/model.js";
import { type Change, commandsFor } from "./change.js";

/** A command that mends what no configuration says, and the backend that it touches. */
export interface Remedy {
  readonly backend: string;
  readonly command: string;
}

/** The same change of what runs, with remedies ahead of its commands; a reload needs none. */
export function withRemedies(change: Change, remedies: readonly Remedy[], running: Model): Change {
  if (remedies.length === 0 || change.kind === "reload") return change;
  const rest = change.kind === "runtime" ? change.commands : commandsFor([], running);
  return {
    kind: "runtime",
    commands: {
      ...rest,
      lines: [...remedies.map(({ command }) => command), ...rest.lines],
      backends: [...new Set([...remedies.map(({ backend }) => backend), ...rest.backends])],
    },
  };
}
