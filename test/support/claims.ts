import { claimKey } from "../../src/core/model/keys.js";
import { type Snapshot, snapshotOf } from "../../src/core/model/snapshot.js";
import { formatClaim } from "../../src/core/registry/claim.js";
import type { Departure } from "../../src/core/registry/departures.js";

/** Keys with their values, and the leases on which they hang. */
export type Rows = readonly (readonly [key: string, value: string, lease?: string | undefined])[];

/** A state of these rows, in a life of the store where that is told. */
export function stateOf(rows: Rows, life?: number): Snapshot {
  const leases = rows.flatMap(([key, , lease]) => (lease === undefined ? [] : [[key, lease] as const]));
  const snapshot = snapshotOf(
    1n,
    rows.map(([key, value]) => [key, value]),
    new Map(leases),
  );
  return life === undefined ? snapshot : { ...snapshot, life };
}

/** The row of a host's claim, on its own lease unless it hangs on another. */
export function claim(host: string, lease: string, { released = false, on = lease } = {}) {
  const holder = { hostname: host, pid: 1, since: "2026-01-01T00:00:00Z" };
  return [claimKey(host), formatClaim({ host, agent: host, lease, released, holder }), on] as const;
}

/** The key of a server that is gone, and was on the lease a1. */
export const GONE: Departure = { key: "/app/web/web-1", was: "10.0.0.5:32768", is: undefined, lease: "a1" };
