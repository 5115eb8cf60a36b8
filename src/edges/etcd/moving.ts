import type { IRequestOp } from "etcd3";
import { claimKey } from "../../core/model/keys.js";
import type { SessionOptions } from "../../ports.js";
import type { EtcdClient } from "./client.js";
import { type Lease, grantLease } from "./lease.js";
import { claimPut, isOn } from "./session.js";

/** How many keys one request moves; etcd takes no more than 128. */
const KEYS_AT_ONCE = 100;

/**
 * The lease of an earlier session if it lives as long as is wanted now, else a new one with everything that hung on it.
 *
 * Every key keeps its value and is at no time absent: a watch sees it put once more, as it is. Fails like `insist`.
 */
export async function leaseAsWanted(
  client: EtcdClient,
  options: SessionOptions,
  earlier: Lease,
  signal: AbortSignal,
): Promise<Lease> {
  if (earlier.ttlSeconds === options.ttlSeconds) return earlier;
  const lease = await grantLease(client, options.ttlSeconds, signal);
  // etcd has a least life of its own, and gave it before, too.
  if (lease.ttlSeconds === earlier.ttlSeconds) {
    await revoke(client, lease);
    return earlier;
  }
  for (;;) {
    const request = { ID: earlier.id, keys: true };
    const { keys } = await client.insist(() => client.leases.leaseTimeToLive(request), signal);
    if (keys.length === 0) break;
    await move(client, keys.slice(0, KEYS_AT_ONCE), options, { from: earlier, to: lease }, signal);
  }
  await revoke(client, earlier);
  return lease;
}

/** Moves these keys together; moves none, and says nothing, when one of them has been changed meanwhile. */
async function move(
  client: EtcdClient,
  keys: readonly Buffer[],
  options: SessionOptions,
  { from, to }: { readonly from: Lease; readonly to: Lease },
  signal: AbortSignal,
): Promise<void> {
  const claim = claimKey(options.hostId);
  const operation = (key: Buffer): IRequestOp =>
    key.toString() === claim
      ? claimPut(options, to, "held")
      : { request_put: { key, lease: to.id, ignore_value: true } };
  const request = { compare: keys.map((key) => isOn(from.id, key)), success: keys.map(operation) };
  await client.insist(() => client.kv.txn(request), signal);
}

/** Tried once: nothing hangs on it, and it dies by itself. */
async function revoke({ leases }: EtcdClient, { id }: Lease): Promise<void> {
  await leases.leaseRevoke({ ID: id }).catch(() => undefined);
}
