import { claimKey } from "../../core/model/keys.js";
import { foreignHolder, parseClaim } from "../../core/registry/claim.js";
import { HecdError, hasCode } from "../../errors.js";
import { sleep } from "../../flow/clock.js";
import { Outage } from "../../flow/outage.js";
import type { SessionOptions } from "../../ports.js";
import { saysLeaseIsGone } from "./errors.js";
import { type Lease, grantLease, renewLease } from "./lease.js";
import { NO_LEASE } from "./lease-id.js";
import { leaseAsWanted } from "./moving.js";
import { claimPut, claimText, isAbsent, isUnchanged } from "./operations.js";
import type { EtcdRequests } from "./requests.js";
import type { KeyValue } from "../etcd-client/rpc.js";

/** How often a claim that another agent holds is looked at. */
const LOOK_MS = 1_000;

/** A claim that is ours now. */
export interface Claimed {
  readonly lease: Lease;
  /** Whether the lease is an earlier one, with what hangs on it. */
  readonly adopted: boolean;
  /** What the claim reads: an earlier one of this very agent, where etcd has no space for the new one. */
  readonly text: string;
}

/**
 * Claims a host, and waits for it as long as another agent holds it.
 *
 * Takes over a claim that was released or is of this very agent, with its lease if that is still alive. Where it is
 * not, nothing of it is left: etcd says so of a lease only when its keys are gone. `previous` is the lease this process
 * had for the host before, which counts when somebody has deleted the claim.
 */
export async function claimHost(
  etcd: EtcdRequests,
  options: SessionOptions,
  previous: string | undefined,
  signal: AbortSignal,
): Promise<Claimed> {
  const key = claimKey(options.hostId);
  const { emit = etcd.emit } = options;
  const waiting = new Outage(etcd.clock);
  for (let looks = 0; ; looks++) {
    const pair = await look(etcd, options.hostId, signal);
    const holder = pair && foreignHolder(pair.value.toString(), options, previous !== undefined);
    if (!pair || holder === undefined) {
      const claimed = await take(etcd, options, pair, pair ? pair.lease : previous, signal);
      if (claimed === "full") await sleep(LOOK_MS, etcd.clock, signal);
      else if (claimed) return claimed;
      continue;
    }
    if (options.onHeld === "fail" && (await mustLive(etcd, pair.lease, looks * LOOK_MS, signal))) {
      throw new HecdError({ code: "host-held", what: key, holder });
    }
    const lastedMs = waiting.failed();
    if (lastedMs !== undefined) emit({ kind: "claim-held", key, holder, lastedMs });
    await sleep(LOOK_MS, etcd.clock, signal);
  }
}

/**
 * One attempt; undefined when what was seen no longer holds, `full` when etcd has no space for the claim: the next attempt
 * renews the earlier lease once more.
 */
async function take(
  etcd: EtcdRequests,
  options: SessionOptions,
  seen: KeyValue | undefined,
  earlier: string | undefined,
  signal: AbortSignal,
): Promise<Claimed | "full" | undefined> {
  const adopted =
    earlier === undefined || earlier === NO_LEASE
      ? undefined
      : await etcd.insist(() => renewLease(etcd, earlier, signal), signal);
  const lease = adopted ?? (await grantIfSpace(etcd, options.ttlSeconds, signal));
  if (lease === "full") return lease;
  let isTaken = false;
  try {
    // A dead lease has taken the claim along.
    const present = adopted ? seen : await look(etcd, options.hostId, signal);
    if (present && present.mod_revision !== seen?.mod_revision) return undefined;
    const key = claimKey(options.hostId);
    const compare = present ? [isUnchanged(present)] : [isAbsent(key)];
    const request = { compare, success: [claimPut(options, lease, "held")] };
    isTaken = (await etcd.insist((rpc) => rpc.txn(request), signal)).succeeded;
    if (!isTaken) return undefined;
    etcd.hasSpace();
    const kept = adopted ? await leaseAsWanted(etcd, options, adopted, signal) : lease;
    return { lease: kept, adopted: adopted !== undefined, text: claimText(options, kept, "held") };
  } catch (error) {
    if (hasCode(error, "store-full")) return adopted && seen ? earlierClaim(seen, options, adopted) : "full";
    if (!saysLeaseIsGone(error)) throw error;
  } finally {
    // Tried once and in its own short time, also when we were called off: what is left over dies by itself.
    if (!isTaken && !adopted) await etcd.rpc.revokeLease(lease.id).catch(() => undefined);
  }
  return undefined;
}

async function grantIfSpace(etcd: EtcdRequests, ttlSeconds: number, signal: AbortSignal): Promise<Lease | "full"> {
  try {
    return await grantLease(etcd, ttlSeconds, signal);
  } catch (error) {
    if (hasCode(error, "store-full")) return "full";
    throw error;
  }
}

/** The claim as an earlier process of this very agent has left it, which is as good: what has ended can be removed. */
function earlierClaim({ value }: KeyValue, { agent }: SessionOptions, lease: Lease): Claimed | "full" {
  const text = value.toString();
  return parseClaim(text)?.agent === agent ? { lease, adopted: true, text } : "full";
}

/**
 * Whether the agent behind a claim must be alive, because we have seen the claim held for `heldMs`.
 *
 * That of a dead one ends with its lease; after twice the time, since a new leader of etcd gives every lease its whole
 * life once more.
 */
async function mustLive(etcd: EtcdRequests, lease: string, heldMs: number, signal: AbortSignal): Promise<boolean> {
  if (lease === NO_LEASE) return true;
  const { TTL, grantedTTL } = await etcd.insist((rpc) => rpc.readLease(lease, "without-keys"), signal);
  return Number(TTL) > 0 && heldMs > 2_000 * Number(grantedTTL);
}

async function look(etcd: EtcdRequests, hostId: string, signal: AbortSignal): Promise<KeyValue | undefined> {
  const { kvs } = await etcd.insist((rpc) => rpc.range({ key: Buffer.from(claimKey(hostId)) }), signal);
  return kvs[0];
}
