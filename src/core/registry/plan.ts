import { misleads } from "../model/layouts.js";

/** One change to the store. */
export type Write =
  | {
      readonly kind: "put";
      readonly key: string;
      readonly value: string;
      /** The version of somebody else's value that is to be replaced, and no other. */
      readonly over?: string;
      /** What the key holds misleads whoever reads it: where the store has no space for the new value, the key goes. */
      readonly elseDelete?: true;
    }
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
    const before = registered.get(key)?.value;
    if (before === value) continue;
    const isWrong = before !== undefined && misleads(key, before, value);
    writesOf(unit).push({ kind: "put", key, value, ...(isWrong && { elseDelete: true }) });
  }
  for (const [key, entry] of registered) {
    if (!desired.has(key)) writesOf(entry.unit).push({ kind: "delete", key });
  }
  return [...units.values()];
}
