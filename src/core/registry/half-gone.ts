import { parseInstance } from "../model/instance.js";
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
 */
export function halfGone(gone: readonly string[], before: Snapshot, after: Snapshot): readonly HalfGone[] {
  return gone.flatMap((record) => {
    const [was, lease] = [before.entries.get(record), before.leases?.get(record)];
    if (was === undefined || lease === undefined) return [];
    const beside = simpleKeyOf(was, lease, before, after);
    return beside ? [{ record, was, lease, beside }] : [];
  });
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
