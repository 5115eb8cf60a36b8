import type { Cause, HistoryEntry, KeyNote } from "./entry.js";

/** So many keys are named in one sentence. */
const NAMED = 3;

/** Why something was changed, as the second half of a sentence: `because /app/web/a came (host node1, r12)`. */
export function describeCause(why: Cause): string {
  switch (why.kind) {
    case "start":
      return "by what has changed before the renderer started";
    case "keys": {
      const named = why.keys.slice(0, NAMED).map(describeKey).join(", ");
      const rest = Math.max(0, why.keys.length - NAMED) + why.more;
      return `because ${named}${rest > 0 ? ` and ${rest} more keys` : ""}`;
    }
    case "template":
      return "because the template or its resource was edited";
    case "edited":
      return `because somebody else had edited the file: ${why.differences.join(", ")}`;
    case "resync":
      return "to have it as it should be: no key has changed";
    case "rollback":
      return `by hecd rollback to version ${why.to}`;
    case "resume":
      return why.by === "order" ? "by hecd resume" : "since the time of the pin is over";
    case "found":
      return `as somebody else has written it${why.differences ? `: ${why.differences.join(", ")}` : ""}`;
  }
}

/** One of them: `/app/web/a came (host node1, r12)`. */
export function describeKey({ key, what, host, change }: KeyNote): string {
  const facts = [...(host === undefined ? [] : [`host ${host}`]), ...(change === undefined ? [] : [change])];
  return `${key} ${what}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`;
}

/** What became of a file, in a few words: `run time, 3 commands`. */
export function describeEnd({ outcome, how, commands = 0, reason }: HistoryEntry): string {
  const words = outcome === "applied" ? "" : outcome;
  const way = how === "reload" ? `reload${reason === undefined ? "" : `: ${reason}`}` : runtimeWords(how, commands);
  return [words, way].filter((part) => part !== "").join(", ") || "file";
}

function runtimeWords(how: HistoryEntry["how"], commands: number): string {
  return how === undefined ? "" : `run time, ${commands} ${commands === 1 ? "command" : "commands"}`;
}
