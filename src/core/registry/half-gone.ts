import { parseInstance } from "../model/instance.js";
import { SERVICES } from "../model/keys.js";
import type { Snapshot } from "../model/snapshot.js";

/** A record that is gone while the simple key of the same address, on the same lease, is still there. */
export interface HalfGone {
  readonly record: string;
  readonly was: string;
  readonly lease: string;
  /** The simple key and its value. */
  readonly beside: readonly [key: string, value: string];
}

/**
 * Those records of `gone` of which the other half of the registration is in `after` as it was before.
 *
 * An agent, or the end of its lease, takes both away at once; a store may tell of them one after the other. Until the
 * second is told of, the first says nothing: a server would stay without its routes, its weight and its words.
 *
 * All keys are gone through once, however many records are gone, and only records are read that have a key of their name.
 */
export function halfGone(gone: readonly string[], before: Snapshot, after: Snapshot): readonly HalfGone[] {
  const [had, has] = [before.leases, after.leases];
  if (!had || !has) return [];
  const records = new Map<string, readonly string[]>();
  for (const record of gone) records.set(nameOf(record), [...(records.get(nameOf(record)) ?? []), record]);
  const halves = new Map<string, HalfGone>();
  for (const beside of after.entries) {
    const [key, value] = beside;
    if (before.entries.get(key) !== value) continue;
    const lease = has.get(key);
    if (lease === undefined || had.get(key) !== lease) continue;
    for (const record of records.get(key.slice(key.lastIndexOf("/", key.lastIndexOf("/") - 1))) ?? []) {
      const was = before.entries.get(record);
      if (was === undefined || had.get(record) !== lease || addressIn(was) !== value) continue;
      halves.set(record, { record, was, lease, beside });
    }
  }
  return [...halves.values()];
}

/** What ends the simple key of a record, `/<service>/<container>`; see `recordKey` and the id of an instance. */
function nameOf(record: string): string {
  const [service = "", id = ""] = record.slice(SERVICES.length + 1).split("/");
  return `/${service}/${id.split(":")[1] ?? ""}`;
}

function addressIn(record: string): string | undefined {
  const instance = parseInstance(record);
  return "refused" in instance ? undefined : instance.addr;
}
