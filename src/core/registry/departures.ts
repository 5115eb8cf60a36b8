import { parseInstance } from "../model/instance.js";
import { AGENTS, SERVICES } from "../model/keys.js";
import { isBelow } from "../model/prefix.js";
import type { Snapshot } from "../model/snapshot.js";
import { parseClaim } from "./claim.js";

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

/** What of the store tells whether departures were meant; nothing where that cannot be. */
export function evidenceFor(departures: readonly Departure[]): readonly string[] {
  const leased = departures.filter(({ lease }) => lease !== undefined);
  if (leased.length === 0) return [];
  return [AGENTS, ...new Set(leased.flatMap((departure) => recordsBeside(departure) ?? []))];
}

/**
 * The departures that an agent meant, by what the store holds after them: the agent's claim is there, and so it lives. What
 * ended with its lease has taken the claim along.
 *
 * A key that is gone while the record of its address says that it serves was not taken away by its agent.
 */
export function meantAmong(departures: readonly Departure[], evidence: Snapshot): readonly Departure[] {
  const living = livingLeases(evidence);
  const serving = servingAddresses(departures, evidence);
  return departures.filter((departure) => {
    const { lease, is, was } = departure;
    if (lease === undefined || !living.has(lease)) return false;
    const records = is === undefined ? recordsBeside(departure) : undefined;
    return records === undefined || !serving.has([records, lease, was].join(" "));
  });
}

/** The leases of agents that have a host at present. */
function livingLeases({ entries, leases }: Snapshot): ReadonlySet<string> {
  const living = new Set<string>();
  for (const [key, value] of entries) {
    if (!isBelow(AGENTS, key)) continue;
    const claim = parseClaim(value);
    // A copy of a claim, as somebody may have restored it, ends with no lease.
    if (claim && !claim.released && leases?.get(key) === claim.lease) living.add(claim.lease);
  }
  return living;
}

/** Where the records of a simple key's service are; undefined of a record itself. */
function recordsBeside({ key }: Departure): string | undefined {
  if (isBelow(SERVICES, key)) return undefined;
  const service = key.split("/").at(-2);
  return service === undefined || service === "" ? undefined : `${SERVICES}/${service}`;
}

/** The addresses that records say serve, each behind where the record is and its lease. */
function servingAddresses(departures: readonly Departure[], { entries, leases }: Snapshot): ReadonlySet<string> {
  const places = new Set(departures.flatMap((departure) => recordsBeside(departure) ?? []));
  const serving = new Set<string>();
  for (const [key, value] of entries) {
    const place = key.slice(0, key.lastIndexOf("/"));
    if (!places.has(place)) continue;
    const instance = parseInstance(value);
    if ("refused" in instance || instance.state !== "up") continue;
    for (const addr of [instance.addr, ...(instance.altAddrs ?? [])]) {
      serving.add([place, leases?.get(key), addr].join(" "));
    }
  }
  return serving;
}
