import { claimKey } from "../../core/model/keys.js";
import type { SessionOptions } from "../../ports.js";
import type { Lease } from "../leases/leased-store.js";
import { grantLease } from "./lease.js";
import { claimPut, comparisonOf } from "./operations.js";
import type { EtcdRequests } from "./requests.js";
import type { Operation } from "../etcd-client/rpc.js";

/** How many keys one request moves; etcd takes no more than 128. */
const KEYS_AT_ONCE = 100;

/**
 * The lease of an earlier session if it lives as long as is wanted now, else a new one with everything that hung on it.
 *
 * Every key keeps its value and is at no time absent: a watch sees it put once more, as it is. Fails like `insist`.
 */
export async function leaseAsWanted(
  etcd: EtcdRequests,
  options: SessionOptions,
  earlier: Lease,
  signal: AbortSignal,
): Promise<Lease> {
  if (earlier.ttlSeconds === options.ttlSeconds) return earlier;
  const lease = await grantLease(etcd, options.ttlSeconds, signal);
  // etcd has a least life of its own, and gave it before, too.
  if (lease.ttlSeconds === earlier.ttlSeconds) {
    await revoke(etcd, lease);
    return earlier;
  }
  for (;;) {
    const { keys } = await etcd.insist((rpc) => rpc.readLease(earlier.id, "with-keys"), signal);
    if (keys.length === 0) break;
    await move(etcd, keys.slice(0, KEYS_AT_ONCE), options, { from: earlier, to: lease }, signal);
  }
  await revoke(etcd, earlier);
  return lease;
}

/** Moves these keys together; moves none, and says nothing, when one of them has been changed meanwhile. */
async function move(
  etcd: EtcdRequests,
  keys: readonly Buffer[],
  options: SessionOptions,
  { from, to }: { readonly from: Lease; readonly to: Lease },
  signal: AbortSignal,
): Promise<void> {
  const claim = claimKey(options.hostId);
  const operation = (key: Buffer): Operation =>
    key.toString() === claim
      ? claimPut(options, to, "held")
      : { request_put: { key, lease: to.id, ignore_value: true } };
  const compare = keys.map((key) => comparisonOf({ kind: "on-lease", key: key.toString(), lease: from.id }));
  const request = { compare, success: keys.map(operation) };
  await etcd.insist((rpc) => rpc.txn(request), signal);
}

/** Tried once: nothing hangs on it, and it dies by itself. */
async function revoke({ rpc }: EtcdRequests, { id }: Lease): Promise<void> {
  await rpc.revokeLease(id).catch(() => undefined);
}
