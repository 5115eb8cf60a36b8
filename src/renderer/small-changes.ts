import { applyChanges, type KeyChange, keysChanged, pathAbove, type Snapshot } from "../core/model/snapshot.js";

/** A service of which so many keys have changed takes longer than all others together. */
const MANY = 100;

/**
 * The newest state, but places in which many keys have changed since `before` as they were then: what is due for the others
 * need not wait for those. The newest itself where there is no such place.
 *
 * A place is whole, as it was or as it is.
 */
export function withSmallChanges(before: Snapshot, newest: Snapshot): Snapshot {
  const changes = changesBetween(before, newest);
  const counts = new Map<string, number>();
  for (const { key } of changes) counts.set(pathAbove(key), (counts.get(pathAbove(key)) ?? 0) + 1);
  const small = changes.filter(({ key }) => (counts.get(pathAbove(key)) ?? 0) < MANY);
  if (small.length === changes.length) return newest;
  const { entries, revision } = applyChanges(before, small, newest.revision);
  return { entries, revision, leases: newest.leases, life: newest.life };
}

function changesBetween(before: Snapshot, newest: Snapshot): readonly KeyChange[] {
  const known = keysChanged(before.entries, newest.entries);
  if (known) {
    return [...known].flatMap((key): readonly KeyChange[] => {
      const value = newest.entries.get(key);
      if (value === before.entries.get(key)) return [];
      return [value === undefined ? { kind: "delete", key } : { kind: "put", key, value }];
    });
  }
  const changes: KeyChange[] = [];
  newest.entries.forEach((value, key) => {
    if (before.entries.get(key) !== value) changes.push({ kind: "put", key, value });
  });
  before.entries.forEach((_, key) => {
    if (!newest.entries.has(key)) changes.push({ kind: "delete", key });
  });
  return changes;
}
