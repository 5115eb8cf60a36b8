import { parseInstance } from "../model/instance.js";
import { SERVICES } from "../model/keys.js";
import { isBelow } from "../model/prefix.js";
import { keysChanged, type Snapshot } from "../model/snapshot.js";

/** A record that is gone while the simple key of the same address, on the same lease, is still there. */
export interface HalfGone {
  readonly record: string;
  readonly was: string;
  readonly lease: string;
  /** The simple key and its value. */
  readonly beside: readonly [key: string, value: string];
}

/**
 * The records that `after` has no more although the other half of their registration is there as before.
 *
 * An agent, or the end of its lease, takes both away at once; a store may tell of them one after the other. Until the
 * second is told of, the first says nothing: a server would stay without its routes, its weight and its words.
 */
export function halfGone(before: Snapshot, after: Snapshot): readonly HalfGone[] {
  const gone: HalfGone[] = [];
  for (const record of keysChanged(before.entries, after.entries) ?? before.entries.keys()) {
    if (!isBelow(SERVICES, record) || after.entries.has(record)) continue;
    const [was, lease] = [before.entries.get(record), before.leases?.get(record)];
    if (was === undefined || lease === undefined) continue;
    const beside = simpleKeyOf(was, lease, before, after);
    if (beside) gone.push({ record, was, lease, beside });
  }
  return gone;
}

/** The simple key of a record, where both states have it; in whichever prefix that is. */
function simpleKeyOf(record: string, lease: string, before: Snapshot, after: Snapshot): HalfGone["beside"] | undefined {
  const instance = parseInstance(record);
  if ("refused" in instance) return undefined;
  const { service, name, addr } = instance;
  const end = `/${service}/${name}`;
  for (const [key, value] of after.entries) {
    if (value !== addr || !key.endsWith(end) || before.entries.get(key) !== value) continue;
    if (before.leases?.get(key) === lease && after.leases?.get(key) === lease) return [key, value];
  }
  return undefined;
}
