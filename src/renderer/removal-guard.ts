import type { Snapshot } from "../core/model/snapshot.js";
import { type Departure, departuresBetween, evidenceFor, goneRecords } from "../core/registry/departures.js";
import type { HalfGone } from "../core/registry/half-gone.js";
import type { Loss } from "../haproxy/config/removal.js";
import {
  heldByHalves,
  type HeldKey,
  type HeldKeys,
  massesAmong,
  NONE_HELD,
  stillHeld,
  turnedBack,
  withDepartures,
  withHeld,
} from "./held-keys.js";

/** What the guard of one resource remembers from turn to turn. */
export interface GuardMemory {
  /** The state that file and reader have, held keys as they were; undefined before the first. */
  readonly applied: Snapshot | undefined;
  readonly held: HeldKeys;
  /** Keys whose grace is over and that the store has confirmed, with what it says of them. */
  readonly believed: ReadonlyMap<string, string | undefined>;
}

/** The guard of a resource that has applied nothing yet. */
export const NO_GUARD: GuardMemory = { applied: undefined, held: NONE_HELD, believed: new Map() };

/** What a guard looks with. */
export interface GuardSight {
  readonly textOf: (snapshot: Snapshot) => Promise<string>;
  /** What a text takes away of the present one so suddenly that it may be a mistake. */
  readonly lossesOf: (text: string) => readonly Loss[];
  /** What the store holds at present below these prefixes; undefined where it does not answer. */
  readonly read: (prefixes: readonly string[]) => Promise<Snapshot | undefined>;
  readonly now: () => number;
}

/** What becomes of a new state. */
export type Judgement =
  /** It is applied, with the keys that are held as they were. */
  | {
      readonly kind: "passed";
      readonly snapshot: Snapshot;
      readonly held: HeldKeys;
      /** What was kept from being taken away in this turn, and in none before. */
      readonly losses: readonly Loss[];
      /** How many keys were kept from being turned back, in this turn and in none before. */
      readonly turnedBack: number;
    }
  /** Nothing of it is applied: it takes away what no key accounts for. */
  | { readonly kind: "withheld"; readonly losses: readonly Loss[] };

/**
 * Judges a new state by the text that follows from it: what nobody seems to have meant is held, key by key.
 *
 * A loss that comes of keys that agents have taken away themselves, and live, is meant. For any other the keys are kept
 * as they were: first those in whose places most are gone, and all of them where that does not prevent it. Kept is also,
 * whatever it takes away, what a restored store has turned back and what is gone by halves.
 */
export async function judge(newest: Snapshot, memory: GuardMemory, sight: GuardSight): Promise<Judgement> {
  const { applied } = memory;
  const before = stillHeld(memory.held, newest);
  const turned = turnedBack(applied, newest, sight.now());
  const halves = heldByHalves(await goneByHalves(memory, newest), sight.now());
  const held = together(together(turned, halves), before);
  const snapshot = withHeld(newest, held);
  const losses = sight.lossesOf(await sight.textOf(snapshot));
  const passing = { kind: "passed", turnedBack: together(turned, before).size - before.size } as const;
  if (losses.length === 0) return { ...passing, snapshot, held, losses };
  const departures = applied ? departuresBetween(applied, snapshot) : [];
  if (!applied || departures.length === 0) return { kind: "withheld", losses };
  const meant = new Set([...(await meantBy(departures, sight)), ...believedAmong(departures, memory.believed)]);
  const isUnmeant = await unexplainedBy([...meant], applied, sight);
  if (!losses.some(isUnmeant)) return { ...passing, snapshot, held, losses: [] };
  const others = departures.filter((departure) => !meant.has(departure));
  for (const some of [massesAmong(others, departures, applied), others]) {
    if (some.length === 0) continue;
    const kept = new Map([...held, ...some.map((departure) => heldAt(departure, memory.held, sight.now()))]);
    const milder = withHeld(newest, kept);
    if (sight.lossesOf(await sight.textOf(milder)).some(isUnmeant)) continue;
    const isNews = some.some(({ key }) => !memory.held.has(key));
    return { ...passing, snapshot: milder, held: kept, losses: isNews ? losses.filter(isUnmeant) : [] };
  }
  return { kind: "withheld", losses };
}

/** Of a key that is in both what `other` says; one of the two very same maps where the other is empty. */
function together(one: HeldKeys, other: HeldKeys): HeldKeys {
  if (one.size === 0) return other;
  return other.size === 0 ? one : new Map([...one, ...other]);
}

/** The records that are gone by half, but for those of which the store has been believed. */
async function goneByHalves({ applied, believed }: GuardMemory, newest: Snapshot): Promise<readonly HalfGone[]> {
  const gone = applied ? goneRecords(applied, newest).filter((key) => !believed.has(key)) : [];
  if (!applied || gone.length === 0) return [];
  const { halfGone } = await import("../core/registry/half-gone.js"); // one pass does without
  return halfGone(gone, applied, newest);
}

/** The departures that agents meant; none while the store cannot be asked. */
async function meantBy(departures: readonly Departure[], sight: GuardSight): Promise<readonly Departure[]> {
  const prefixes = evidenceFor(departures);
  const evidence = prefixes.length === 0 ? undefined : await sight.read(prefixes);
  if (!evidence) return [];
  const { meantAmong } = await import("../core/registry/meant.js"); // one pass judges nothing and does without
  return meantAmong(departures, evidence);
}

function believedAmong(departures: readonly Departure[], believed: GuardMemory["believed"]): readonly Departure[] {
  return departures.filter(({ key, is }) => believed.has(key) && believed.get(key) === is);
}

/** Tells of a loss whether it is more than what is meant takes away alone. */
async function unexplainedBy(
  meant: readonly Departure[],
  applied: Snapshot,
  { textOf, lossesOf }: GuardSight,
): Promise<(loss: Loss) => boolean> {
  const explained = meant.length === 0 ? [] : lossesOf(await textOf(withDepartures(applied, meant)));
  const lost = new Map(explained.map((loss) => [loss.backend, loss.lost]));
  return (loss) => loss.lost > (lost.get(loss.backend) ?? 0);
}

/** A key of which there is news that is no better is held for no longer than without it. */
function heldAt({ key, was, is }: Departure, before: HeldKeys, now: number): readonly [string, HeldKey] {
  return [key, { was, is, since: before.get(key)?.since ?? now }];
}

/** What nobody has to hold, or what is taken whatever it takes away. */
export function passed({ snapshot, held }: { readonly snapshot: Snapshot; readonly held: HeldKeys }): Judgement {
  return { kind: "passed", snapshot, held, losses: [], turnedBack: 0 };
}

/** What is held because the store has turned back, in words. */
export function describeTurnedBack(count: number): readonly string[] {
  return count === 0 ? [] : [`what ${count} keys say, which etcd has turned back`];
}
