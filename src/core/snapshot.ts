/**
 * All keys below the watched prefixes, as the store held them: immutable, complete, sorted by the bytes of the keys.
 *
 * Equal snapshots give equal renderings. An unreachable store yields no snapshot at all, never an empty one.
 */
export interface Snapshot {
  /** The store's revision; grows with every change, starts anew when the store is wiped. */
  readonly revision: bigint;
  readonly entries: ReadonlyMap<string, string>;
}

/** One key that came, changed or went. */
export type KeyChange =
  | { readonly kind: "put"; readonly key: string; readonly value: string }
  | { readonly kind: "delete"; readonly key: string };

/** A snapshot of these entries, put in order. */
export function snapshotOf(revision: bigint, entries: Iterable<readonly [string, string]>): Snapshot {
  return { revision, entries: new Map([...entries].sort(([a], [b]) => compareKeys(a, b))) };
}

/** The snapshot that follows when `changes` happened at `revision`. */
export function applyChanges(snapshot: Snapshot, changes: readonly KeyChange[], revision: bigint): Snapshot {
  const entries = new Map(snapshot.entries);
  let added = false;
  for (const change of changes) {
    if (change.kind === "delete") entries.delete(change.key);
    else {
      added ||= !entries.has(change.key);
      entries.set(change.key, change.value);
    }
  }
  // Only a new key can be out of order: a Map keeps the place of those it has.
  return added ? snapshotOf(revision, entries) : { revision, entries };
}

/** Orders keys by their UTF-8 bytes, as etcd and confd do; UTF-16 units agree but for surrogates, which sort above all. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Moves surrogates, which stand for code points beyond U+FFFF, above the rest of the plane they are written in. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
