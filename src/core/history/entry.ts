import { z } from "zod";

const text = z.string();

const keyNote = z.object({
  key: text,
  what: z.enum(["came", "changed", "went"]),
  /** The host whose agent has it, where a record says so. */
  host: text.optional(),
  /** The change that it was part of; absent where the store does not say. */
  change: text.optional(),
});

/** A key that has changed, how, and whose it is. */
export type KeyNote = z.output<typeof keyNote>;

const cause = z.discriminatedUnion("kind", [
  /** What has changed while nobody followed the store. */
  z.object({ kind: z.literal("start") }),
  /** Keys have changed; `more` are not named. */
  z.object({ kind: z.literal("keys"), keys: z.array(keyNote), more: z.number() }),
  /** The template, or what its resource says, was edited. */
  z.object({ kind: z.literal("template") }),
  /** No key has, but somebody else the file, in these sections of it. */
  z.object({ kind: z.literal("edited"), differences: z.array(text) }),
  /** Nobody has: the file or HAProxy was otherwise than it should be, or an earlier attempt had failed. */
  z.object({ kind: z.literal("resync") }),
  /** Somebody has pinned an earlier version. */
  z.object({ kind: z.literal("rollback"), to: z.number() }),
  /** The pin has ended, by an order or by its time. */
  z.object({ kind: z.literal("resume"), by: z.enum(["order", "time"]) }),
  /** The file was found so: nobody of us has written it. Where what it had from us is known, it differs in this. */
  z.object({ kind: z.literal("found"), differences: z.array(text).optional() }),
]);

/** Why a file, or what reads it, was changed. */
export type Cause = z.output<typeof cause>;

/** How an entry is read. */
export const historyEntry = z.object({
  /** Counts the entries of a renderer. */
  id: z.int().min(1),
  /** ISO 8601. */
  at: text,
  resource: text,
  dest: text,
  why: cause,
  /** How it has ended: as `Outcome` has it, or `found`. */
  outcome: text,
  /** How what reads the file was brought to it; absent where it was not. */
  how: z.enum(["runtime", "reload"]).optional(),
  /** Why that took a reload. */
  reason: text.optional(),
  /** What commands have done to a running HAProxy, in words. */
  did: z.array(text).optional(),
  commands: z.int().optional(),
  /** What the check, the reload or the template has said where it did not come to its end. */
  output: text.optional(),
  tookMs: z.number(),
  /** The store's revision that it is of. */
  revision: text.optional(),
  /** Of the text: the same for the same text. */
  digest: text.optional(),
});

/** One line of the history of a file. */
export type HistoryEntry = z.output<typeof historyEntry>;

/** The newest of the history of a file, as it is held in memory. */
export interface NewestHistory {
  /** Of the resource. */
  readonly name: string;
  readonly dest: string;
  /** The newest first; undefined until they have been read. */
  readonly entries: readonly HistoryEntry[] | undefined;
  /** Why it cannot be read or written; absent where it can be. */
  readonly fault?: string | undefined;
}

/** What a version has changed, or how it differs from another one. */
export interface VersionDiff {
  readonly entry: HistoryEntry;
  /** Whether it was refused, so that the file has never had it. */
  readonly isRefused: boolean;
  /** A unified diff; undefined for whoever may not read the file. */
  readonly diff: string | undefined;
}

const splice = z.tuple([z.int().min(0), z.int().min(0), text]);
const patch = z.array(splice);

const line = z.union([
  z.object({
    /** The whole text from which the lines that follow go on, and the addresses in the store. */
    text,
    addresses: z.array(text),
  }),
  z.object({
    entry: historyEntry,
    /** Of what the resource was. */
    resource: text,
    /** How the text has changed with this entry. */
    patch: patch.optional(),
    /** How it would have changed, where that was refused. */
    refused: patch.optional(),
    /** Addresses of the store that were in none of the lines before. */
    addresses: z.array(text).optional(),
  }),
]);

/** A line of the file that holds a history. */
export type HistoryLine = z.output<typeof line>;

/** A line as it is written, with its end. */
export function formatHistoryLine(it: HistoryLine): string {
  return `${JSON.stringify(it)}\n`;
}

/** Reads a line; undefined where it is torn, or somebody else's. */
export function parseHistoryLine(written: string): HistoryLine | undefined {
  try {
    return line.safeParse(JSON.parse(written)).data;
  } catch {
    return undefined;
  }
}
