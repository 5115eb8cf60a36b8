import { z } from "zod";
import { digestOf } from "../text/digest.js";

/** How far a push has come, for the next one of the same text to the same targets. */
export interface PushState {
  /** Of the text, and of where it goes. */
  readonly job: string;
  /** The names of the targets that it has changed, in the order in which that was. */
  readonly changed: readonly string[];
  /** Whether the canaries were watched to the end, and were well. */
  readonly isWatched: boolean;
}

const schema = z.object({
  version: z.literal(1),
  job: z.string(),
  changed: z.array(z.string()),
  isWatched: z.boolean(),
});

/** Names a text that goes to these targets; another name is another push. */
export function jobOf(text: string, targets: readonly { readonly name: string }[]): string {
  return digestOf(JSON.stringify([text, targets.map(({ name }) => name)]));
}

/** A push that has not begun. */
export function freshState(job: string): PushState {
  return { job, changed: [], isWatched: false };
}

/** What is remembered of this job; what is of another one, or cannot be read, is of no use. */
export function parseState(text: string, job: string): PushState {
  const parsed = schema.safeParse(jsonOf(text));
  return parsed.success && parsed.data.job === job ? parsed.data : freshState(job);
}

/** The text that `parseState` reads. */
export function formatState({ job, changed, isWatched }: PushState): string {
  return `${JSON.stringify({ version: 1, job, changed, isWatched })}\n`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
