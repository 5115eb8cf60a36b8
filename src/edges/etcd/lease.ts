import type { Lease, Renewed } from "../leases/leased-store.js";
import type { KeepAliveAnswer, KeepAliveRequest } from "../etcd-client/rpc.js";
import type { EtcdRequests } from "./requests.js";
import { converse } from "./stream.js";

/** Takes out a lease; etcd may give it a longer life than was asked for. */
export async function grantLease(etcd: EtcdRequests, ttlSeconds: number, signal: AbortSignal): Promise<Lease> {
  let renewedAt = 0;
  const { ID, TTL } = await etcd.insist((rpc) => {
    renewedAt = etcd.clock.now();
    return rpc.grantLease(ttlSeconds);
  }, signal);
  return { id: ID, ttlSeconds: Number(TTL), renewedAt };
}

/**
 * Renews a lease; undefined when etcd says that there is none. On a stream of its own, so that no broken stream outlives it
 * and each may go to another member.
 */
export async function renewLease(
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
  return ttlSeconds > 0 ? { id, ttlSeconds, renewedAt, position: BigInt(header.revision) } : undefined;
}
