import { applyChanges, pathAbove, type Snapshot } from "../core/model/snapshot.js";
import type { Departure } from "../core/registry/departures.js";
import type { HalfGone } from "../core/registry/half-gone.js";
import { isMass } from "../haproxy/config/removal.js";

/** A key that is kept as it was, since nobody may have meant what the store says of it. */
export interface HeldKey {
  readonly was: string;
  /** What the store says; undefined where the key is gone. */
  readonly is: string | undefined;
  /** When it was first held, by the clock. */
  readonly since: number;
  /** The half of its registration that is still there, for which alone it is held; undefined of any other key. */
  readonly half?: Pick<HalfGone, "beside" | "lease"> | undefined;
}

/** By key. */
export type HeldKeys = ReadonlyMap<string, HeldKey>;

/** No key at all. */
export const NONE_HELD: HeldKeys = new Map();

/** Those of which the store still says the same; of the others there is news. The very same map where it is all. */
export function stillHeld(held: HeldKeys, { entries }: Snapshot): HeldKeys {
  const rest = [...held].filter(([key, { is, half }]) => {
    return entries.get(key) === is && (!half || entries.get(half.beside[0]) === half.beside[1]);
  });
  return rest.length === held.size ? held : new Map(rest);
}

/** Keys that are gone by halves, until the store tells of the other half. */
export function heldByHalves(halves: readonly HalfGone[], now: number): HeldKeys {
  return new Map(
    halves.map(({ record, was, lease, beside }) => [
      record,
      { was, is: undefined, since: now, half: { beside, lease } },
    ]),
  );
}

/** Whether nobody is to be told of what is held, if anything is: the store is about to tell of the other halves. */
export function isHeldByHalves(held: HeldKeys): boolean {
  return [...held.values()].every(({ half }) => half !== undefined);
}

/**
 * The keys that a store has turned back to another value, as one does that was restored from a copy. Who keeps such a key
 * will say anew what it is; until then it leads to where a server has been.
 */
export function turnedBack(applied: Snapshot | undefined, newest: Snapshot, now: number): HeldKeys {
  if (!applied || newest.revision >= applied.revision) return NONE_HELD;
  return new Map(
    [...applied.entries].flatMap(([key, was]) => {
      const is = newest.entries.get(key);
      return is === undefined || is === was ? [] : [[key, { was, is, since: now }] as const];
    }),
  );
}

/**
 * The snapshot with held keys as they were, and all else as it is. Who keeps a held key is for the store to say, but for one
 * whose other half says it.
 */
export function withHeld(newest: Snapshot, held: Iterable<readonly [string, Omit<HeldKey, "since">]>): Snapshot {
  const puts = [...held].map(([key, { was, half }]) => {
    return { kind: "put", key, value: was, lease: half?.lease ?? newest.leases?.get(key) } as const;
  });
  return puts.length === 0 ? newest : applyChanges(newest, puts, newest.revision);
}

/** The snapshot as it would be if nothing but these had happened to it. */
export function withDepartures(before: Snapshot, departures: readonly Departure[]): Snapshot {
  const changes = departures.map(({ key, is }) =>
    is === undefined ? ({ kind: "delete", key } as const) : ({ kind: "put", key, value: is } as const),
  );
  return applyChanges(before, changes, before.revision);
}

/** Those of `candidates` that lie where departures, all in all, take the last key away or most of them. */
export function massesAmong(
  candidates: readonly Departure[],
  departures: readonly Departure[],
  before: Snapshot,
): readonly Departure[] {
  const lost = countByPlace(departures.map(({ key }) => key));
  const had = countByPlace(before.entries.keys(), lost);
  return candidates.filter(({ key }) => isMass(lost.get(pathAbove(key)) ?? 0, had.get(pathAbove(key)) ?? 0));
}

/** When the first grace ends of keys that are held; undefined where none is. */
export function firstEnd(held: HeldKeys, graceMs: number): number | undefined {
  let first: number | undefined;
  for (const { since } of held.values()) first = Math.min(first ?? since, since);
  return first === undefined ? undefined : first + graceMs;
}

/** What becomes of held keys by the answer of the store at a time. */
export interface Release {
  /** The keys whose grace goes on. */
  readonly held: HeldKeys;
  /** What the store says of the keys whose grace is over; undefined of one that is gone. */
  readonly believed: ReadonlyMap<string, string | undefined>;
}

/** Believes the store of keys whose grace is over. */
export function release(held: HeldKeys, answer: Snapshot, at: number, graceMs: number): Release {
  const due = [...held].filter(([, { since }]) => since + graceMs <= at);
  const believed = new Map(due.map(([key]) => [key, answer.entries.get(key)]));
  return { held: new Map([...held].filter(([key]) => !believed.has(key))), believed };
}

function countByPlace(keys: Iterable<string>, only?: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) {
    const place = pathAbove(key);
    if (!only || only.has(place)) counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return counts;
}
