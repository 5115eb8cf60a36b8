import { compareKeys } from "../text/key-order.js";
import { withChanged } from "../memo/key-overlay.js";

/**
 * All keys below the watched prefixes, as the store held them: immutable, complete, sorted by the bytes of the keys.
 *
 * Equal snapshots give equal renderings. An unreachable store yields no snapshot at all, never an empty one.
 */
export interface Snapshot {
  /** The store's revision; grows with every change, starts anew when the store is wiped. */
  readonly revision: bigint;
  readonly entries: ReadonlyMap<string, string>;
  /** The lease on which each key hangs, as claims name it; keys on none are not among them. */
  readonly leases?: ReadonlyMap<string, string> | undefined;
  /**
   * Differs from that of an earlier snapshot when a key is gone that no event has told of: the store may be another one,
   * or an older one. Undefined where the store tells of no events.
   */
  readonly life?: number | undefined;
  readonly recent?: RecentChanges | undefined;
}

/** The last changes of keys, as a store has told of them one by one. */
export interface RecentChanges {
  /** All that changed after this revision is among `changes`. */
  readonly since: bigint;
  /** The oldest first; a key may be there several times. */
  readonly changes: readonly { readonly key: string; readonly revision: bigint }[];
}

/** One key that came, changed or went, and at which revision, where that is known. */
export type KeyChange =
  | {
      readonly kind: "put";
      readonly key: string;
      readonly value: string;
      readonly lease?: string | undefined;
      readonly revision?: bigint | undefined;
    }
  | { readonly kind: "delete"; readonly key: string; readonly revision?: bigint | undefined };

/** A snapshot of these entries, put in order. */
export function snapshotOf(
  revision: bigint,
  entries: Iterable<readonly [string, string]>,
  leases: ReadonlyMap<string, string> = NO_LEASES,
): Snapshot {
  return withLeases({ revision, entries: new Map([...entries].sort(([a], [b]) => compareKeys(a, b))) }, leases);
}

/** What entries came of, and the keys in which alone the two can differ. */
interface Origin {
  readonly before: WeakRef<Snapshot["entries"]>;
  readonly keys: readonly string[];
}

/** Of entries that came of others; it keeps neither of the two in memory. */
const ORIGINS = new WeakMap<Snapshot["entries"], Origin>();

/** A state that so many others, or so many changes at once, lie before is compared as a whole. */
const MOST_STEPS = 16;
const MOST_CHANGES = 1_000;

/**
 * Keys among which all are in which two states differ; undefined where it is not known how one came of the other.
 *
 * Of many keys only those need be looked at.
 */
export function keysChanged(before: Snapshot["entries"], after: Snapshot["entries"]): ReadonlySet<string> | undefined {
  const keys = new Set<string>();
  let entries: Snapshot["entries"] | undefined = after;
  for (let steps = 0; steps < MOST_STEPS && entries && entries !== before; steps++) {
    const origin: Origin | undefined = ORIGINS.get(entries);
    for (const key of origin?.keys ?? []) keys.add(key);
    entries = origin?.before.deref();
  }
  return entries === before ? keys : undefined;
}

/** The snapshot that follows when `changes` happened, in this order, at `revision`. */
export function applyChanges(snapshot: Snapshot, changes: readonly KeyChange[], revision: bigint): Snapshot {
  const outcome = new Map(changes.map((change) => [change.key, change]));
  const values = [...outcome.values()].map(
    (change) => [change.key, change.kind === "put" ? change.value : undefined] as const,
  );
  const entries = withChanged(snapshot.entries, new Map(values));
  if (outcome.size <= MOST_CHANGES)
    ORIGINS.set(entries, { before: new WeakRef(snapshot.entries), keys: [...outcome.keys()] });
  const { life } = snapshot;
  return withLeases({ revision, entries, ...(life !== undefined && { life }) }, leasesAfter(snapshot, outcome));
}

/** The very same leases as before where none has changed, as when a server moves. */
function leasesAfter({ leases = NO_LEASES }: Snapshot, changes: ReadonlyMap<string, KeyChange>): typeof leases {
  const changed = [...changes.values()].flatMap((change) => {
    const lease = change.kind === "put" ? change.lease : undefined;
    return leases.get(change.key) === lease ? [] : [[change.key, lease] as const];
  });
  if (changed.length === 0) return leases;
  const after = new Map(leases);
  for (const [key, lease] of changed) {
    if (lease === undefined) after.delete(key);
    else after.set(key, lease);
  }
  return after;
}

function withLeases(snapshot: Snapshot, leases: ReadonlyMap<string, string>): Snapshot {
  return leases.size === 0 ? snapshot : { ...snapshot, leases };
}

const NO_LEASES: ReadonlyMap<string, string> = new Map();

/** The path above a key: in all layouts that of its service. */
export function pathAbove(key: string): string {
  return key.slice(0, key.lastIndexOf("/"));
}
