import type { Emit, Outcome } from "../../core/events/event.js";
import { hasTaken, isGood, retryOf } from "../../core/events/outcome.js";
import type { Cause, HistoryEntry, HistoryLine, NewestHistory } from "../../core/history/entry.js";
import { keysBetween, keysCause } from "../../core/history/key-notes.js";
import { addressesIn, addressesOf } from "../../core/history/store-addresses.js";
import type { HistoryEnd } from "../../core/history/versions.js";
import type { Snapshot } from "../../core/model/snapshot.js";
import { digestOf } from "../../core/text/digest.js";
import { reasonOf } from "../../errors.js";
import { type Clock, wallTime } from "../../flow/clock.js";
import { Outage } from "../../flow/outage.js";
import { describeEdit } from "../../haproxy/config/edit.js";
import type { History, Resource } from "../../ports.js";
import type { TurnLog } from "./turn-log.js";

/** What a history is kept with. */
interface FileHistoryParts {
  readonly history: History;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Gives each entry of a renderer its number; knows the last one. */
  readonly ids: { last: number };
  /** Hears that `newest` says something else. */
  readonly onNews?: () => void;
}

/** How a turn has ended, as its history has it. */
export interface TurnEnd {
  readonly outcome: Outcome;
  readonly tookMs: number;
  /** The state of the store that it was about; undefined where none came to be applied. */
  readonly snapshot: Snapshot | undefined;
  /** The text that was wanted; undefined where none could be made. */
  readonly text: string | undefined;
  /** The text that the file has now. */
  readonly file: string | undefined;
  readonly log: TurnLog;
}

/** More of what a check has said is left out. */
const MOST_OUTPUT = 4_000;

/** So many entries are held in memory for whoever looks on, and so many deeds of each. */
const NEWEST = 20;
const NEWEST_DEEDS = 20;

/** How many entries are looked through for a text, or for the version before the present one. */
export const MOST_LOOKED_AT = 10_000;

/**
 * Puts down what becomes of one file, and why: which keys have changed since it was right last, or what else has.
 *
 * It is written after the turn, which waits for nothing of it; a disk that is full is told, and nothing else.
 */
export class FileHistory {
  readonly #parts: FileHistoryParts;
  readonly #outage: Outage;
  #resource: Resource;
  /** Of what the resource is. */
  #digest: string;
  #end: HistoryEnd | undefined;
  /** All addresses that the store has shown. */
  #known = new Set<string>();
  /** The state of the last turn that has ended well. */
  #before: Snapshot | undefined;
  /** What the next turns are due to until one ends well, where it is not the keys. */
  #due: Cause | undefined = { kind: "start" };
  /** The text that the file has from us, of this process or of an earlier one; undefined where that is not known. */
  ownText: string | undefined;
  /** What somebody else has made of the file since, where no turn has ended well with it. */
  #edit: { readonly theirs: string; readonly cause?: Cause } | undefined;
  /** What the last entry has said of a turn that has not ended well. */
  #lastFailure = "";
  #writing: Promise<void> = Promise.resolve();
  /** Held in memory from when somebody has asked for them. */
  #newest: readonly HistoryEntry[] | undefined;
  #reading: Promise<void> | undefined;
  /** Why it can be read or written no more. */
  readonly #faults: { reading?: string | undefined; writing?: string | undefined } = {};

  constructor(resource: Resource, parts: FileHistoryParts) {
    this.#parts = parts;
    this.#outage = new Outage(parts.clock);
    this.#resource = resource;
    this.#digest = digestOf(JSON.stringify(resource));
  }

  get resource(): Resource {
    return this.#resource;
  }

  /** The newest entries, as far as `readNewest` has read them, with each that has come since. */
  get newest(): NewestHistory {
    const { name, dest } = this.#resource;
    return { name, dest, entries: this.#newest, fault: this.#faults.writing ?? this.#faults.reading };
  }

  /** Has the newest entries in memory from now on; where they cannot be read that is told, and tried again the next time. */
  async readNewest(): Promise<void> {
    if (this.#newest) return;
    this.#reading ??= this.#writing = this.#writing.then(async () => {
      try {
        this.#newest = (await this.#parts.history.entries(NEWEST)).map(shortened);
        this.#faults.reading = undefined;
        this.#parts.onNews?.();
      } catch (error) {
        this.#fail("reading", error);
      }
      this.#reading = undefined;
    });
    await this.#reading;
  }

  /** Reads how far it has come, and notes a file that somebody else has written meanwhile. */
  async open(file: string | undefined): Promise<void> {
    const { history, ids } = this.#parts;
    try {
      this.#end = await history.end();
      this.#known = new Set(this.#end?.addresses);
    } catch (error) {
      this.#fail("reading", error);
    }
    const end = this.#end;
    ids.last = Math.max(ids.last, end?.id ?? 0);
    if (end && end.resource !== this.#digest) this.#due = { kind: "template" };
    const [newest] = await history.entries(1).catch(() => []); // where it cannot be read, that is told above
    // What was found, and was left so, is not ours.
    this.ownText = newest?.outcome === "found" || end?.text === "" ? undefined : end?.text;
    if (file !== undefined && file !== end?.text) this.#writeFound(file, this.ownText);
  }

  /** Notes that somebody else has edited the file, or has deleted it, while this process runs or before. */
  found(theirs: string | undefined, differences: readonly string[]): void {
    const text = theirs ?? "";
    if (this.#edit?.theirs !== text) this.#writeFound(text, this.ownText);
    this.#edit = { theirs: text, cause: { kind: "edited", differences: [...differences] } };
  }

  #writeFound(theirs: string, ours: string | undefined): void {
    const differences = ours === undefined ? undefined : [...describeEdit(ours, theirs === "" ? undefined : theirs)];
    this.#edit = { theirs };
    this.#write({
      ...{ outcome: "found", why: { kind: "found", ...(differences && { differences }) }, tookMs: 0 },
      ...{ file: theirs, isRefused: false, snapshot: undefined },
    });
  }

  /** From now on the resource is this one. */
  follow(resource: Resource): void {
    const digest = digestOf(JSON.stringify(resource));
    if (digest !== this.#digest) this.#due = { kind: "template" };
    this.#resource = resource;
    this.#digest = digest;
  }

  /** Says what the next turn is due to. */
  expect(cause: Cause): void {
    this.#due = cause;
    this.#lastFailure = "";
  }

  /** Why the turn was made that comes next with this state. */
  causeOf(snapshot: Snapshot | undefined): Cause {
    if (this.#due) return this.#due;
    const keys = this.#before && snapshot && keysCause(this.#before, snapshot);
    return keys ?? this.#edit?.cause ?? { kind: "resync" };
  }

  /** Puts a turn down. */
  note({ outcome, tookMs, snapshot, text, file, log }: TurnEnd, why: Cause): void {
    const before = this.#before;
    const isDue = this.#due !== undefined && why.kind === this.#due.kind && ORDERED.has(why.kind);
    if (retryOf(outcome) === "never") {
      if (isGood(outcome)) this.#due = undefined;
      this.#edit = undefined;
      this.#before = snapshot ?? before;
    }
    const failure = isGood(outcome) ? "" : JSON.stringify([outcome, why.kind === "keys" ? "" : why]);
    if (outcome.kind === "unchanged" ? !isDue : failure !== "" && failure === this.#lastFailure) return;
    this.#lastFailure = failure;
    const { how, reason, commands, did } = log;
    const isRefused = text !== undefined && text !== file && REFUSED.has(outcome.kind);
    const said = "output" in outcome ? outcome.output : "reason" in outcome ? outcome.reason : undefined;
    const output = outcome.kind === "held" ? outcome.losses.join(", ") : said;
    this.#write({
      ...{ why, tookMs: Math.round(tookMs), outcome: outcome.kind, isRefused },
      ...{ snapshot, before, text, file },
      ...(how && { how }),
      ...(reason !== undefined && reason !== "" && { reason }),
      ...(commands > 0 && { commands }),
      ...(did.length > 0 && { did: [...did] }),
      ...(output !== undefined && { output: output.slice(0, MOST_OUTPUT) }),
    });
  }

  /** Whether a turn, of whatever process, has left the file in order with this text. */
  async hasTaken(text: string): Promise<boolean> {
    await this.written();
    const { history } = this.#parts;
    const digest = history.digestOf(text);
    const entries = await history.entries(MOST_LOOKED_AT);
    return entries.some((entry) => entry.digest === digest && hasTaken(entry.outcome));
  }

  /** See `History`. */
  isPublic(): Promise<boolean> {
    return this.#parts.history.isPublic();
  }

  /** Resolves when all is on disk that has been put down. */
  async written(): Promise<void> {
    await this.#writing;
  }

  #write(turn: Turn): void {
    const at = wallTime().toISOString();
    this.#writing = this.#writing.then(() => this.#append(turn, at));
  }

  async #append({ snapshot, before, text, file, isRefused, ...said }: Turn, at: string): Promise<void> {
    const { history, ids } = this.#parts;
    const end = this.#end ?? { id: 0, resource: "", text: "", addresses: this.#known };
    const id = ++ids.last;
    const present = file ?? "";
    const wanted = isRefused ? (text ?? present) : present;
    const { name, dest } = this.#resource;
    const entry: HistoryEntry = {
      ...{ id, at, resource: name, dest, ...said },
      ...(snapshot && { revision: String(snapshot.revision) }),
      ...(wanted !== "" && { digest: history.digestOf(wanted) }),
    };
    const { textPatchBetween } = await import("../../core/history/patch-between.js"); // what ends at once does without
    const fresh = snapshot ? newAddresses(before, snapshot, this.#known) : [];
    for (const address of fresh) this.#known.add(address);
    const line: HistoryLine = {
      ...{ entry, resource: this.#digest },
      ...(present !== end.text && { patch: textPatchBetween(end.text, present) }),
      ...(isRefused && { refused: textPatchBetween(present, wanted) }),
      ...(fresh.length > 0 && { addresses: fresh }),
    };
    this.#end = { id, resource: this.#digest, text: present, addresses: this.#known };
    try {
      await history.append(line, end);
      this.#outage.recovered();
      this.#faults.writing = undefined;
      if (this.#newest) this.#newest = [shortened(entry), ...this.#newest].slice(0, NEWEST);
      this.#parts.onNews?.();
    } catch (error) {
      this.#fail("writing", error);
    }
  }

  #fail(what: "reading" | "writing", error: unknown): void {
    const reason = reasonOf(error);
    if (reason !== this.#faults[what]) {
      this.#faults[what] = reason;
      this.#parts.onNews?.();
    }
    const lastedMs = this.#outage.failed();
    if (lastedMs === undefined) return;
    this.#parts.emit({
      kind: "history-unwritable",
      resource: this.#resource.name,
      reason,
      lastedMs,
    });
  }
}

/** An entry as it is held in memory: thousands of servers may have come in one turn. */
function shortened({ did, ...entry }: HistoryEntry): HistoryEntry {
  return did ? { ...entry, did: did.slice(0, NEWEST_DEEDS) } : entry;
}

/** What is put down of a turn. */
interface Turn extends Omit<HistoryEntry, "id" | "at" | "resource" | "dest" | "revision" | "digest"> {
  readonly snapshot: Snapshot | undefined;
  readonly before?: Snapshot | undefined;
  readonly text?: string | undefined;
  readonly file: string | undefined;
  readonly isRefused: boolean;
}

/** Ends after which the file has another text than the wanted one. */
const REFUSED: ReadonlySet<Outcome["kind"]> = new Set(["rejected", "rolled-back", "failed"]);

/** Somebody has asked for these, and looks for what came of them. */
const ORDERED: ReadonlySet<Cause["kind"]> = new Set(["rollback", "resume"]);

/** The addresses that a state has brought. */
function newAddresses(before: Snapshot | undefined, snapshot: Snapshot, known: ReadonlySet<string>): string[] {
  const all = before
    ? keysBetween(before, snapshot).flatMap((key) => addressesIn(key, snapshot.entries.get(key) ?? ""))
    : addressesOf(snapshot.entries);
  return [...new Set(all)].filter((address) => !known.has(address));
}
