import type { IKeyValue } from "etcd3";
import { claimKey } from "../../core/model/keys.js";
import { foreignHolder } from "../../core/registry/claim.js";
import { HecdError } from "../../errors.js";
import { sleep } from "../../flow/clock.js";
import { Outage } from "../../flow/outage.js";
import type { SessionOptions } from "../../ports.js";
import type { EtcdClient } from "./client.js";
import { saysLeaseIsGone } from "./errors.js";
import { type Lease, grantLease, renewLease } from "./lease.js";
import { leaseAsWanted } from "./moving.js";
import { claimPut, isAbsent, isUnchanged, NO_LEASE } from "./session.js";

/** How often a claim that another agent holds is looked at. */
const LOOK_MS = 1_000;

/** A claim that is ours now. */
export interface Claimed {
  readonly lease: Lease;
  /** Whether the lease is an earlier one, with what hangs on it. */
  readonly adopted: boolean;
}

/**
 * Claims a host, and waits for it as long as another agent holds it.
 *
 * Takes over a claim that was released or is of this very agent, with its lease if that is still alive. Where it is
 * not, nothing of it is left: etcd says so of a lease only when its keys are gone. `previous` is the lease this process
 * had for the host before, which counts when somebody has deleted the claim.
 */
export async function claimHost(
  client: EtcdClient,
  options: SessionOptions,
  previous: string | undefined,
  signal: AbortSignal,
): Promise<Claimed> {
  const key = claimKey(options.hostId);
  const { emit = client.emit } = options;
  const waiting = new Outage(client.clock);
  for (let looks = 0; ; looks++) {
    const pair = await look(client, options.hostId, signal);
    const holder = pair && foreignHolder(pair.value.toString(), options, previous !== undefined);
    if (!pair || holder === undefined) {
      const claimed = await take(client, options, pair, pair ? pair.lease : previous, signal);
      if (claimed) return claimed;
      continue;
    }
    if (options.onHeld === "fail" && (await mustLive(client, pair.lease, looks * LOOK_MS, signal))) {
      throw new HecdError({ code: "host-held", what: key, holder });
    }
    const lastedMs = waiting.failed();
    if (lastedMs !== undefined) emit({ kind: "claim-held", key, holder, lastedMs });
    await sleep(LOOK_MS, client.clock, signal);
  }
}

/** One attempt; undefined when what was seen no longer holds. */
async function take(
  client: EtcdClient,
  options: SessionOptions,
  seen: IKeyValue | undefined,
  earlier: string | undefined,
  signal: AbortSignal,
): Promise<Claimed | undefined> {
  const adopted =
    earlier === undefined || earlier === NO_LEASE
      ? undefined
      : await client.insist(() => renewLease(client, earlier, signal), signal);
  const lease = adopted ?? (await grantLease(client, options.ttlSeconds, signal));
  let isTaken = false;
  try {
    // A dead lease has taken the claim along.
    const present = adopted ? seen : await look(client, options.hostId, signal);
    if (present && present.mod_revision !== seen?.mod_revision) return undefined;
    const key = claimKey(options.hostId);
    const compare = present ? [isUnchanged(present)] : [isAbsent(key)];
    const request = { compare, success: [claimPut(options, lease, "held")] };
    isTaken = (await client.insist(() => client.kv.txn(request), signal)).succeeded;
    if (!isTaken) return undefined;
    return {
      lease: adopted ? await leaseAsWanted(client, options, adopted, signal) : lease,
      adopted: adopted !== undefined,
    };
  } catch (error) {
    if (!saysLeaseIsGone(error)) throw error;
  } finally {
    // Tried once and in its own short time, also when we were called off: what is left over dies by itself.
    if (!isTaken && !adopted) await client.leases.leaseRevoke({ ID: lease.id }).catch(() => undefined);
  }
  return undefined;
}

/**
 * Whether the agent behind a claim must be alive, because we have seen the claim held for `heldMs`.
 *
 * That of a dead one ends with its lease; after twice the time, since a new leader of etcd gives every lease its whole
 * life once more.
 */
async function mustLive(client: EtcdClient, lease: string, heldMs: number, signal: AbortSignal): Promise<boolean> {
  if (lease === NO_LEASE) return true;
  const { TTL, grantedTTL } = await client.insist(() => client.leases.leaseTimeToLive({ ID: lease }), signal);
  return Number(TTL) > 0 && heldMs > 2_000 * Number(grantedTTL);
}

async function look(client: EtcdClient, hostId: string, signal: AbortSignal): Promise<IKeyValue | undefined> {
  const { kvs } = await client.insist(() => client.kv.range({ key: Buffer.from(claimKey(hostId)) }), signal);
  return kvs[0];
}
