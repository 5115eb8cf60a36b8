import type { EventDescription } from "./describe-event.js";
import type { HecdEvent } from "./event.js";
import { isGood } from "./outcome.js";

/** How long lines are counted together, in milliseconds. */
export const MINUTE_MS = 60_000;

/** So many lines that say the same of one thing are written in a minute; one more says how many there were besides. */
const PER_MINUTE = 20;

/** So many things are told apart; beyond them those of one kind are counted together. */
const MOST_TOLD_APART = 10_000;

/** An event with its words, as it was told last, and how often it has been kept back. */
export interface Repeated extends EventDescription {
  readonly event: HecdEvent;
  readonly host: string | undefined;
  readonly more: number;
}

/**
 * Counts what is told again and again of one thing, such as a container that restarts every second, so that it does not fill
 * a log. What is said for the first time of anything is always to be written, and so is each change that came into use.
 */
export class Repeats {
  readonly #counts = new Map<string, { readonly since: number; told: number; kept: Repeated | undefined }>();

  /** Whether anything is counted that `end` has not ended. */
  get isCounting(): boolean {
    return this.#counts.size > 0;
  }

  /** Whether an event is to be written now. */
  take(event: HecdEvent, host: string | undefined, words: EventDescription, now: number): boolean {
    if (event.kind === "applied" && isGood(event.outcome)) return true;
    const own = `${host ?? ""} ${event.kind} ${subjectOf(event)} ${words.message.replace(/\d+/g, "0")}`;
    const key = this.#counts.has(own) || this.#counts.size < MOST_TOLD_APART ? own : event.kind;
    const count = this.#counts.get(key) ?? { since: now, told: 0, kept: undefined };
    this.#counts.set(key, count);
    if (count.told < PER_MINUTE) {
      count.told++;
      return true;
    }
    count.kept = { ...words, event, host, more: (count.kept?.more ?? 0) + 1 };
    return false;
  }

  /** Ends the counts that are a minute old; returns what was kept back in them. */
  end(now: number): readonly Repeated[] {
    const kept: Repeated[] = [];
    for (const [key, count] of this.#counts) {
      if (now - count.since < MINUTE_MS) continue;
      this.#counts.delete(key);
      if (count.kept) kept.push(count.kept);
    }
    return kept;
  }
}

/** What the fields of an event name that says the same of many things. */
const SUBJECTS = [
  "container",
  "key",
  "resource",
  "file",
  "path",
  "url",
  "endpoints",
  "prefix",
  "about",
  "lease",
] as const;

function subjectOf(event: HecdEvent): string {
  const facts: Readonly<Record<string, unknown>> = { ...event };
  return JSON.stringify(SUBJECTS.map((name) => facts[name]));
}
