import { sleep } from "../../flow/clock.js";
import type { KeyRange } from "../etcd-client/rpc.js";
import { positionOf } from "./listing.js";
import type { EtcdRequests } from "./requests.js";

/** How often it is made sure that a watch is up to date. */
const EVERY_MS = 3_000;

/** No more of the time than one part in so many is spent on looking which keys have changed. */
const SHARE = 50;

/** How long a watch may say nothing at all while there is a change, which a request has seen already. */
const LAG_MS = 1_000;

/** Ranges per request: etcd takes 128 operations unless it is told otherwise. */
const RANGES = 64;

/** A range that is watched, and how far. */
interface Followed {
  readonly range: KeyRange;
  /** Every change of it up to this revision has come. */
  readonly revision: bigint;
  /** How many answers have come, in pieces or whole. */
  readonly heard: number;
}

/**
 * Makes sure, again and again, that a watch has all that there is: asked by requests, which a member answers only once it has
 * everything that was ever confirmed, while a watch on a member that lags, or has lost touch, is merely silent.
 *
 * Tells when it was certain last, in milliseconds of the clock. Resolves when the watch has fallen behind; rejects with
 * the signal's reason.
 */
export async function fallenBehind(
  etcd: EtcdRequests,
  prefix: string,
  watched: readonly Followed[],
  onProof: (at: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = etcd;
  for (let waitMs = EVERY_MS; ;) {
    await sleep(waitMs * (0.8 + Math.random() * 0.4), clock, signal);
    const askedAt = clock.now();
    waitMs = EVERY_MS;
    try {
      const { revision } = await positionOf(etcd, prefix, signal);
      if (watched.some((each) => each.revision < revision)) {
        const newest = await newestIn(etcd, watched, signal);
        waitMs = Math.max(EVERY_MS, (clock.now() - askedAt) * SHARE);
        for (let before = behindIn(watched, newest); before.length > 0;) {
          await sleep(LAG_MS, clock, signal);
          const now = behindIn(watched, newest);
          // One that goes on speaking has much to tell, some of which comes in pieces.
          if (now.some(({ at, heard }) => before.some((was) => was.at === at && was.heard === heard))) return;
          before = now;
        }
      }
      onProof(askedAt);
    } catch {
      signal.throwIfAborted(); // without an answer nothing is proven, and the requests tell why
    }
  }
}

/** The watches that have not told a change yet that there is, and how often each has been heard. */
function behindIn(
  watched: readonly Followed[],
  newest: readonly bigint[],
): readonly { readonly at: number; readonly heard: number }[] {
  return watched.flatMap(({ revision, heard }, at) => (revision < (newest[at] ?? 0n) ? [{ at, heard }] : []));
}

/** The revision of a change in each range that its watch has not told yet; 0 where there is none. */
async function newestIn(
  etcd: EtcdRequests,
  watched: readonly Followed[],
  signal: AbortSignal,
): Promise<readonly bigint[]> {
  const newest: bigint[] = [];
  for (let at = 0; at < watched.length; at += RANGES) {
    const success = watched.slice(at, at + RANGES).map(({ range, revision }) => ({
      request_range: { ...range, min_mod_revision: String(revision + 1n), limit: 1, keys_only: true },
    }));
    const { responses } = await etcd.ask((rpc) => rpc.txn({ success }), signal);
    newest.push(...responses.map(({ response_range: { kvs } }) => BigInt(kvs[0]?.mod_revision ?? 0)));
  }
  return newest;
}
