/** One change to the store; `over` is the version of somebody else's value that is to be replaced, and no other. */
export type Write =
  | { readonly kind: "put"; readonly key: string; readonly value: string; readonly over?: string }
  | { readonly kind: "delete"; readonly key: string };

/** Writes that are made together or not at all. */
export type Transaction = readonly Write[];

/** What a key holds, and to what it belongs: the keys of one unit (a container) change in one transaction. */
export interface Entry {
  readonly value: string;
  readonly unit: string;
}

/**
 * The transactions that turn `registered` into `desired`, one per unit; none when they agree.
 *
 * Puts come before deletes, so a container that moves to another key is at no time absent.
 */
export function plan(
  desired: ReadonlyMap<string, Entry>,
  registered: ReadonlyMap<string, Entry>,
): readonly Transaction[] {
  const units = new Map<string, Write[]>();
  const writesOf = (unit: string): Write[] => {
    const writes = units.get(unit) ?? [];
    units.set(unit, writes);
    return writes;
  };
  for (const [key, { value, unit }] of desired) {
    if (registered.get(key)?.value !== value) writesOf(unit).push({ kind: "put", key, value });
  }
  for (const [key, entry] of registered) {
    if (!desired.has(key)) writesOf(entry.unit).push({ kind: "delete", key });
  }
  return [...units.values()];
}
