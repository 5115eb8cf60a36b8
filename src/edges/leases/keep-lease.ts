import type { Emit } from "../../core/events/event.js";
import { sleep } from "../../flow/clock.js";
import { backoff } from "../../flow/retry.js";
import { BEAT_MS, type Lease, type LeasedStore, type Renewed } from "./leased-store.js";

/** How far the store was seen to be. */
export interface Reached {
  position: bigint;
}

/** Longest time between two renewals: what is lost with a restored store has to be back before anybody believes it gone. */
const LONGEST_REST_MS = 5_000;

/**
 * Renews a lease at every third of its life, and every five seconds at least, until it is lost; then resolves to the reason.
 *
 * Lost is what the store says is gone, and what could not be renewed for its whole life as our clock counts: the store may have
 * removed everything by then. Lost is also what a restored store knows of, since what hangs on it may be of the past: one
 * that is behind `reached`, which is kept up to date here and may be so elsewhere, also where `key` is read.
 * Tells of each renewal. Ends otherwise only by throwing the signal's reason.
 */
export async function keepLease(
  store: LeasedStore,
  lease: Lease,
  { emit, key, reached }: { readonly emit: Emit; readonly key: string; readonly reached: Reached },
  signal: AbortSignal,
): Promise<string> {
  const { clock } = store;
  const lifeMs = lease.ttlSeconds * 1_000;
  const restMs = Math.min(lifeMs / 3, LONGEST_REST_MS);
  let { renewedAt } = lease;
  for (;;) {
    await sleep(Math.max(0, renewedAt + restMs - clock.now()), clock, signal);
    let renewed: Renewed | undefined;
    for (const waitMs of backoff(BEAT_MS / 10, BEAT_MS)) {
      const leftMs = renewedAt + lifeMs - clock.now();
      if (leftMs <= 0) return `it could not be renewed for ${lease.ttlSeconds} s`;
      try {
        renewed = await store.renew(lease.id, Math.min(store.beatMs, leftMs), signal);
        break;
      } catch {
        signal.throwIfAborted();
        await sleep(Math.min(waitMs, Math.max(0, renewedAt + lifeMs - clock.now())), clock, signal);
      }
    }
    if (!renewed) return `${store.product} says that it is gone`;
    if (await isRestored(store, renewed, key, reached, signal))
      return `${store.product} was restored to an earlier state`;
    ({ renewedAt } = renewed);
    emit({ kind: "lease-renewed", lease: store.nameOf(lease.id), ttlSeconds: renewed.ttlSeconds });
  }
}

/** Whether the store is behind what it was: asked where the member that has renewed the lease is, which may only lag. */
async function isRestored(
  store: LeasedStore,
  { id, position }: Renewed,
  key: string,
  reached: Reached,
  signal: AbortSignal,
): Promise<boolean> {
  const { position: known } = reached;
  if (position >= known || position === 0n) {
    reached.position = position || known;
    return false;
  }
  try {
    return (await store.position(key, id, signal)) < known;
  } catch {
    signal.throwIfAborted();
    return false; // the next renewal asks again
  }
}
