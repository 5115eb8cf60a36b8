import type { Emit } from "../../core/events/event.js";
import type { Write } from "../../core/registry/plan.js";
import type { Clock } from "../../flow/clock.js";
import type { SessionOptions } from "../../ports.js";

/**
 * What sessions ask of a store whose keys can hang on leases.
 *
 * Every request but `renew` and `revoke` is made until the store answers it, and fails with the signal's reason alone.
 */
export interface LeasedStore {
  /** As people are told of it: `etcd`. */
  readonly product: string;
  readonly clock: Clock;
  /** Hears what happens where nobody else is named. */
  readonly emit: Emit;
  /** How long one renewal may take: longer where the way to the store is. */
  readonly beatMs: number;
  /** What a request may hold at most. */
  readonly limits: RequestLimits;

  /** The name of a lease in claims and for people: lower-case hexadecimal digits. */
  nameOf(lease: string): string;

  /** Reads one key. */
  look(key: string, signal: AbortSignal): Promise<LeasedKey | undefined>;

  /** Carries out a change if all its conditions hold, as one; told `once`, by one request. */
  transact(change: LeasedChange, signal: AbortSignal, how?: "once"): Promise<ChangeOutcome | NoOutcome>;

  /** Takes out a lease; the store may give it another life than was asked for. */
  grant(ttlSeconds: number, signal: AbortSignal): Promise<Lease | "full">;

  /** The lease on which to go on with what hangs on `lease`; undefined when that is gone, with all that hung on it. */
  adopt(lease: string, signal: AbortSignal): Promise<Lease | undefined>;

  /**
   * The same lease if it lives as long as is wanted now, else another one, with everything that hangs on `earlier`, and with
   * the claim. Every key keeps its value and is at no time absent.
   */
  outfit(lease: Lease, earlier: string, options: SessionOptions, signal: AbortSignal): Promise<Lease | NoOutcome>;

  /** Renews a lease, by one request within that time; undefined when the store says that there is none. */
  renew(lease: string, withinMs: number, signal: AbortSignal): Promise<Renewed | undefined>;

  /** How far the store is for certain, which a member that has renewed a lease may be behind: one request about a key. */
  position(key: string, lease: string, signal: AbortSignal): Promise<bigint>;

  /** The life for which a lease was granted; undefined when it is gone. */
  lifeOf(lease: string, signal: AbortSignal): Promise<number | undefined>;

  /** What hangs on a lease, the claim among it; undefined when it is gone. */
  heldBy(lease: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined>;

  /** Ends a lease and all that hangs on it, by one request. */
  revoke(lease: string, signal: AbortSignal): Promise<void>;

  /** Ends what this process does for a lease, which lives on for its time. */
  leave(lease: string): void;

  /** Takes in that the store has taken a value, and so has space. */
  hasSpace(): void;
}

/** How long a renewal may take where the way to the store is as usual. */
export const BEAT_MS = 2_000;

/** The most writes of a request, and the most characters of their keys and values together. */
export interface RequestLimits {
  readonly writes: number;
  readonly characters: number;
}

/** A lease that was alive at some moment. */
export interface Lease {
  readonly id: string;
  readonly ttlSeconds: number;
  /** When, on the clock, the request was sent whose answer said that it is alive: it lives on from no earlier than this. */
  readonly renewedAt: number;
}

/** A lease as a renewal has found it. */
export interface Renewed extends Lease {
  /** How far whoever has renewed it was; 0 where he does not say. */
  readonly position: bigint;
}

/** A key, and on what it hangs. */
export interface LeasedKey {
  readonly key: string;
  readonly value: string;
  /** Undefined for none that we know of. */
  readonly lease: string | undefined;
  /** Whether it ends by itself, with whoever keeps it alive. */
  readonly isLeased: boolean;
  /** Names this very state of it. */
  readonly version: string;
}

/** What must be so for a change to be made. */
export type LeasedCondition =
  | { readonly kind: "absent"; readonly key: string }
  | { readonly kind: "unchanged"; readonly key: string; readonly version: string }
  | { readonly kind: "on-lease"; readonly key: string; readonly lease: string }
  | { readonly kind: "has-value"; readonly key: string; readonly value: string };

/** Whether a condition holds of the key that was found. */
export function holds(condition: LeasedCondition, found: LeasedKey | undefined): boolean {
  switch (condition.kind) {
    case "absent":
      return found === undefined;
    case "unchanged":
      return found?.version === condition.version;
    case "on-lease":
      return found?.lease === condition.lease;
    case "has-value":
      return found?.value === condition.value;
  }
}

/** Writes that are made together, or not at all. */
export interface LeasedChange {
  readonly conditions: readonly LeasedCondition[];
  readonly writes: readonly Write[];
  /** On what the keys hang that are put. */
  readonly lease: string;
  /** The keys that are read where a condition does not hold. */
  readonly otherwise: readonly string[];
}

/** What came of a change. */
export type ChangeOutcome =
  | {
      readonly kind: "made";
      /** The revision at which a watch tells of it. */
      readonly revision: bigint;
      /** How far the store is now, as renewals say it. */
      readonly position: bigint;
    }
  | {
      readonly kind: "refused";
      /** In the order in which they were asked for. */
      readonly found: readonly (LeasedKey | undefined)[];
      readonly position: bigint;
    };

/** `full`: there is no space for what is put. `lease-gone`: nothing can hang on that lease any more. */
export type NoOutcome = "full" | "lease-gone";
