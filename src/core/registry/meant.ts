import { parseInstance } from "../model/instance.js";
import { AGENTS } from "../model/keys.js";
import { isBelow } from "../model/prefix.js";
import type { Snapshot } from "../model/snapshot.js";
import { parseClaim } from "./claim.js";
import { type Departure, recordsBeside } from "./departures.js";

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
