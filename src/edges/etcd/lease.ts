import type { Emit } from "../../core/events/event.js";
import { sleep } from "../../flow/clock.js";
import { backoff } from "../../flow/retry.js";
import { formatLease } from "./lease-id.js";
import { keyRead } from "./operations.js";
import type { EtcdRequests } from "./requests.js";
import type { KeepAliveAnswer, KeepAliveRequest } from "../etcd-client/rpc.js";
import { converse } from "./stream.js";

/** A lease that was alive at some moment. */
export interface Lease {
  /** As etcd3 gives it: decimal. */
  readonly id: string;
  readonly ttlSeconds: number;
  /** When, on the clock, the request was sent whose answer said that it is alive: it lives on from no earlier than this. */
  readonly renewedAt: number;
}

/** A lease as a renewal has found it. */
interface Renewed extends Lease {
  /** How far the member was that has renewed it; 0 where it does not say. */
  readonly revision: bigint;
}

/** How far the store was seen to be. */
export interface Reached {
  revision: bigint;
}

/** Longest wait for the answer to one renewal, unless the way is longer than usual. */
const BEAT_MS = 2_000;

/** Longest time between two renewals: what is lost with a restored etcd has to be back before anybody believes it gone. */
const LONGEST_REST_MS = 5_000;

/** Takes out a lease; etcd may give it a longer life than was asked for. */
export async function grantLease(etcd: EtcdRequests, ttlSeconds: number, signal: AbortSignal): Promise<Lease> {
  let renewedAt = 0;
  const { ID, TTL } = await etcd.insist((rpc) => {
    renewedAt = etcd.clock.now();
    return rpc.grantLease(ttlSeconds);
  }, signal);
  return { id: ID, ttlSeconds: Number(TTL), renewedAt };
}

/** Renews a lease; undefined when etcd says that there is none. */
export async function renewLease(etcd: EtcdRequests, id: string, signal: AbortSignal): Promise<Lease | undefined> {
  return renew(etcd, id, beatMs(etcd), signal);
}

function beatMs({ rpc }: EtcdRequests): number {
  return Math.max(BEAT_MS, rpc.patienceMs);
}

/**
 * Renews a lease at every third of its life, and every five seconds at least, until it is lost; then resolves to the reason.
 *
 * Lost is what etcd says is gone, and what could not be renewed for its whole life as our clock counts: etcd may have
 * removed everything by then. Lost is also what a restored etcd knows of, since what hangs on it may be of the past: one
 * that is behind `reached`, which is kept up to date here and may be so elsewhere, also where `key` is read.
 * Tells of each renewal. Ends otherwise only by throwing the signal's reason.
 */
export async function keepLease(
  etcd: EtcdRequests,
  lease: Lease,
  { emit, key, reached }: { readonly emit: Emit; readonly key: string; readonly reached: Reached },
  signal: AbortSignal,
): Promise<string> {
  const { clock } = etcd;
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
        renewed = await renew(etcd, lease.id, Math.min(beatMs(etcd), leftMs), signal);
        break;
      } catch {
        signal.throwIfAborted();
        await sleep(Math.min(waitMs, Math.max(0, renewedAt + lifeMs - clock.now())), clock, signal);
      }
    }
    if (!renewed) return "etcd says that it is gone";
    if (await isRestored(etcd, renewed, key, reached, signal)) return "etcd was restored to an earlier state";
    ({ renewedAt } = renewed);
    emit({ kind: "lease-renewed", lease: formatLease(lease.id), ttlSeconds: renewed.ttlSeconds });
  }
}

/** Whether the store is behind what it was: asked where the member that has renewed the lease is, which may only lag. */
async function isRestored(
  etcd: EtcdRequests,
  { revision }: Renewed,
  key: string,
  reached: Reached,
  signal: AbortSignal,
): Promise<boolean> {
  const { revision: known } = reached;
  if (revision >= known || revision === 0n) {
    reached.revision = revision || known;
    return false;
  }
  try {
    // Unlike a renewal, a reading is answered by a member only once that has all which was ever confirmed.
    const { header } = await etcd.ask((rpc) => rpc.txn({ success: [keyRead(key)] }), signal);
    return BigInt(header.revision) < known;
  } catch {
    signal.throwIfAborted();
    return false; // the next renewal asks again
  }
}

/** One renewal on a stream of its own, so that no broken stream outlives it and each may go to another member. */
async function renew(
  etcd: EtcdRequests,
  id: string,
  withinMs: number,
  signal: AbortSignal,
): Promise<Renewed | undefined> {
  const renewedAt = etcd.clock.now();
  const { TTL, header } = await etcd.ask(
    (rpc) =>
      converse<KeepAliveRequest, KeepAliveAnswer, KeepAliveAnswer>(
        () => rpc.openKeepAlive(withinMs),
        [{ ID: id }],
        (answer) => answer,
        signal,
      ),
    signal,
  );
  const ttlSeconds = Number(TTL);
  return ttlSeconds > 0 ? { id, ttlSeconds, renewedAt, revision: BigInt(header.revision) } : undefined;
}
