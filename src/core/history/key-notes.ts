import { SERVICES } from "../model/keys.js";
import { keysChanged, type Snapshot } from "../model/snapshot.js";
import type { Cause, KeyNote } from "./entry.js";

/** So many keys are named of one change. */
const NAMED = 20;

/** The id of the change that the store took at this revision. */
export function changeId(revision: bigint): string {
  return `r${revision}`;
}

/** The keys in which two states of the store differ, in no order. */
export function keysBetween(before: Snapshot, after: Snapshot): readonly string[] {
  const { recent } = after;
  // Of many keys only those are looked at that events have told of, where these have told of all. A state of which some keys
  // are held as they were knows of no events.
  if (recent && before.recent && before.revision >= recent.since) {
    const told = recent.changes.filter(({ revision }) => revision > before.revision);
    const keys = new Set(told.map(({ key }) => key));
    return [...keys].filter((key) => before.entries.get(key) !== after.entries.get(key));
  }
  const changed = keysChanged(before.entries, after.entries);
  if (changed) return [...changed].filter((key) => before.entries.get(key) !== after.entries.get(key));
  const keys: string[] = [];
  for (const [key, value] of after.entries) if (before.entries.get(key) !== value) keys.push(key);
  for (const key of before.entries.keys()) if (!after.entries.has(key)) keys.push(key);
  return keys;
}

/** Which keys have changed between two states, whose they are, and with which change; undefined where none has. */
export function keysCause(before: Snapshot, after: Snapshot): (Cause & { readonly kind: "keys" }) | undefined {
  const keys = keysBetween(before, after);
  if (keys.length === 0) return undefined;
  const changes = new Map(after.recent?.changes.map(({ key, revision }) => [key, changeId(revision)]));
  const named = [...keys].sort(recordsFirst).slice(0, NAMED);
  const notes = named.map((key): KeyNote => {
    const [was, is] = [before.entries.get(key), after.entries.get(key)];
    const host = hostOf(key, is === undefined ? before : after);
    const change = changes.get(key);
    return {
      key,
      what: was === undefined ? "came" : is === undefined ? "went" : "changed",
      ...(host !== undefined && { host }),
      ...(change !== undefined && { change }),
    };
  });
  return { kind: "keys", keys: notes, more: keys.length - notes.length };
}

/** The ids of the changes of keys that led to an entry: the revisions at which the store took them, as `r1234`. */
export function changesOf(why: Cause): readonly string[] {
  if (why.kind !== "keys") return [];
  return [...new Set(why.keys.flatMap(({ change }) => change ?? []))];
}

/** A record says whose it is, so it is named where not all can be. */
function recordsFirst(a: string, b: string): number {
  return Number(isRecord(b)) - Number(isRecord(a)) || (a < b ? -1 : 1);
}

function isRecord(key: string): boolean {
  return key.startsWith(`${SERVICES}/`);
}

/** The host of a record by its key; of any other key that of a record on the same lease, which its agent has. */
function hostOf(key: string, { entries, leases }: Snapshot): string | undefined {
  if (isRecord(key)) return hostInRecordKey(key);
  const lease = leases?.get(key);
  if (lease === undefined) return undefined;
  for (const other of entries.keys()) {
    if (isRecord(other) && leases?.get(other) === lease) return hostInRecordKey(other);
  }
  return undefined;
}

/** `node1` of `/hecd/v1/services/web/node1:web-1:8080`. */
function hostInRecordKey(key: string): string | undefined {
  const [, host] = /\/([^/:]+):[^/]*$/.exec(key) ?? [];
  return host;
}
