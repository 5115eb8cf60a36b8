import { describeCause } from "../history/describe-entry.js";
import { describePin, moment } from "../history/describe-pin.js";
import type { HistoryEntry, NewestHistory } from "../history/entry.js";
import type { PinState } from "../history/pin.js";
import type { ResourceFacts } from "./facts.js";
import { type Mark, mark } from "./mark.js";

/** The newest of what became of one file, and what it is pinned to. */
export interface HistoryModel {
  readonly id: string;
  readonly name: string;
  readonly dest: string;
  readonly state: Mark;
  /** When it changed last, and why. */
  readonly words: string;
  readonly pin: PinModel | undefined;
  /** Why it cannot be read or written; empty where it can. */
  readonly fault: string;
  readonly versions: readonly VersionModel[];
}

/** What a file is pinned to. */
interface PinModel {
  readonly to: number;
  readonly words: string;
  /** Servers that are kept out of work for it. */
  readonly out: string;
  readonly order: HistoryOrder;
}

/** One entry of a history. */
interface VersionModel {
  readonly id: string;
  readonly version: number;
  readonly when: string;
  readonly state: Mark;
  /** The reason of a reload, or what commands have done. */
  readonly how: string;
  readonly took: string;
  readonly why: string;
  /** The first line of what a check, a reload or a template has said. */
  readonly said: string;
  /** Whether the file is pinned to it, or has it now. */
  readonly place: "pinned" | "present" | "";
  /** Undefined where it cannot come back. */
  readonly order: HistoryOrder | undefined;
}

/** An order about a history: what is sent, what stands on its button, and what that means. */
interface HistoryOrder {
  readonly value: string;
  readonly label: string;
  readonly about: string;
}

/** Ends that have left the file as it was. */
const REFUSED: ReadonlySet<string> = new Set(["rejected", "rolled-back", "failed", "held"]);

/** Ends after which somebody should look. */
const OPEN: ReadonlySet<string> = new Set(["held", "waiting", "differs", "reload-failed"]);

const MOST_LETTERS = 200;

/** The histories of the files that are kept, in their order. */
export function historiesModel(
  resources: readonly ResourceFacts[],
  histories: readonly NewestHistory[],
): readonly HistoryModel[] {
  const byDest = new Map(histories.map((history) => [history.dest, history]));
  return resources.flatMap(({ dest, pinned }) => {
    const history = byDest.get(dest);
    return history ? [historyOf(history, pinned)] : [];
  });
}

function historyOf({ name, dest, entries, fault = "" }: NewestHistory, pinned: PinState | undefined): HistoryModel {
  const [last] = entries ?? [];
  const present = presentIn(entries ?? []);
  return {
    ...{ id: `history/${name}`, name, dest, fault },
    state: pinned
      ? mark("warn", `pinned to ${pinned.to}`)
      : fault !== ""
        ? mark("warn", "not kept")
        : last
          ? markOf(last)
          : mark("rest", entries ? "nothing yet" : "being read"),
    words: last ? `version ${last.id}, ${moment(last.at)}, ${describeCause(last.why)}` : "",
    pin: pinned && pinOf(name, pinned),
    versions: (entries ?? []).map((entry) => versionOf(name, entry, present, pinned)),
  };
}

/** The entry whose text a file has, the newest first; undefined where none of these has it. */
export function presentIn(entries: readonly HistoryEntry[]): HistoryEntry | undefined {
  return entries.find(({ outcome }) => !REFUSED.has(outcome));
}

function pinOf(name: string, pinned: PinState): PinModel {
  const order = { value: `resume file ${name}`, label: "resume", about: `resume: have ${name} follow the store again` };
  return { to: pinned.to, words: describePin(name, pinned), out: pinned.out.join(", "), order };
}

function versionOf(
  name: string,
  entry: HistoryEntry,
  present: HistoryEntry | undefined,
  pinned: PinState | undefined,
): VersionModel {
  const { id, at, tookMs, why, did = [], output = "" } = entry;
  const isPresent = id === present?.id;
  return {
    ...{ id: `history/${name}/${id}`, version: id, when: moment(at), state: markOf(entry), how: howOf(entry) },
    took: `${tookMs} ms`,
    why: [describeCause(why), ...did.slice(0, 2)].join("; "),
    said: firstLineOf(output),
    place: id === pinned?.to ? "pinned" : isPresent ? "present" : "",
    order: id === pinned?.to ? undefined : rollbackOf(name, entry, isPresent),
  };
}

function rollbackOf(name: string, { id, outcome, digest }: HistoryEntry, isPresent: boolean): HistoryOrder | undefined {
  if (REFUSED.has(outcome) || digest === undefined) return undefined;
  const label = isPresent ? "pin" : "roll back";
  return { value: `rollback version ${id}`, label, about: `${label} ${name} to version ${id}` };
}

/** How an entry has ended, in a word. */
export function markOf({ outcome, how }: HistoryEntry): Mark {
  if (outcome === "applied") {
    return how === "reload" ? mark("note", "reload") : mark("rest", how === "runtime" ? "run time" : "file");
  }
  if (outcome === "found") return mark("note", "found");
  if (outcome === "unchanged") return mark("rest", outcome);
  return mark(OPEN.has(outcome) ? "warn" : "bad", outcome);
}

/** What stands behind that word. */
export function howOf({ outcome, how, reason = "", commands = 0 }: HistoryEntry): string {
  if (how === "runtime") return `${commands} ${commands === 1 ? "command" : "commands"}`;
  if (how !== "reload" || outcome === "applied") return reason;
  return reason === "" ? "by a reload" : `by a reload: ${reason}`;
}

function firstLineOf(text: string): string {
  const [line = ""] = text.split("\n");
  return line.length > MOST_LETTERS ? `${line.slice(0, MOST_LETTERS)}...` : line;
}
