import { AGENTS, SERVICES } from "../model/keys.js";
import { isBelow } from "../model/prefix.js";
import { keysChanged, type Snapshot } from "../model/snapshot.js";

/** A key that is gone, or that says something else than before. */
export interface Departure {
  readonly key: string;
  readonly was: string;
  /** What it says now; undefined where it is gone. */
  readonly is: string | undefined;
  /** The lease of whoever took it away or wrote over it, as far as that can be told. */
  readonly lease: string | undefined;
}

/** The keys of `before` that `after` has no more, or with another value. */
export function departuresBetween(before: Snapshot, after: Snapshot): readonly Departure[] {
  // Whoever has taken away a key of another life of the store has not told of it.
  const isTold = before.life !== undefined && before.life === after.life;
  const departures: Departure[] = [];
  for (const [key, was] of before.entries) {
    const is = after.entries.get(key);
    if (is === was) continue;
    const lease = (is === undefined ? before : after).leases?.get(key);
    departures.push({ key, was, is, lease: isTold ? lease : undefined });
  }
  return departures;
}

/** The records that `after` has no more. */
export function goneRecords(before: Snapshot, after: Snapshot): readonly string[] {
  const candidates = keysChanged(before.entries, after.entries) ?? before.entries.keys();
  return [...candidates].filter((key) => isBelow(SERVICES, key) && before.entries.has(key) && !after.entries.has(key));
}

/** What of the store tells whether departures were meant; nothing where that cannot be. */
export function evidenceFor(departures: readonly Departure[]): readonly string[] {
  const leased = departures.filter(({ lease }) => lease !== undefined);
  if (leased.length === 0) return [];
  return [AGENTS, ...new Set(leased.flatMap((departure) => recordsBeside(departure) ?? []))];
}

/** Where the records of a simple key's service are; undefined of a record itself. */
export function recordsBeside({ key }: Departure): string | undefined {
  if (isBelow(SERVICES, key)) return undefined;
  const service = key.split("/").at(-2);
  return service === undefined || service === "" ? undefined : `${SERVICES}/${service}`;
}
