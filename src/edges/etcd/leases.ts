import { type HecdError, hasCode } from "../../errors.js";
import type { SessionOptions } from "../../ports.js";
import type { EtcdRpc, KeyValue } from "../etcd-client/rpc.js";
import {
  BEAT_MS,
  type ChangeOutcome,
  type Lease,
  type LeasedChange,
  type LeasedKey,
  type LeasedStore,
  type NoOutcome,
  type Renewed,
  type RequestLimits,
} from "../leases/leased-store.js";
import { saysLeaseIsGone } from "./errors.js";
import { grantLease, renewLease } from "./lease.js";
import { formatLease, NO_LEASE } from "./lease-id.js";
import { leaseAsWanted } from "./moving.js";
import { comparisonOf, keyRead, operationOf } from "./operations.js";
import type { EtcdRequests } from "./requests.js";

/** How many keys one request asks for; etcd takes no more than 128. */
const KEYS_AT_ONCE = 100;

/** The leases of an etcd, as sessions need them. A lease goes by etcd's decimal number. */
export class EtcdLeases implements LeasedStore {
  readonly product = "etcd";
  /** etcd refuses requests of more than 128 operations or 1.5 MiB; one operation is the claim's, and keys count too. */
  readonly limits: RequestLimits = { writes: 100, characters: 256 * 1024 };
  readonly clock: LeasedStore["clock"];
  readonly emit: LeasedStore["emit"];
  readonly #etcd: EtcdRequests;

  constructor(etcd: EtcdRequests) {
    this.#etcd = etcd;
    this.clock = etcd.clock;
    this.emit = etcd.emit;
  }

  get beatMs(): number {
    return Math.max(BEAT_MS, this.#etcd.rpc.patienceMs);
  }

  nameOf(lease: string): string {
    return formatLease(lease);
  }

  async look(key: string, signal: AbortSignal): Promise<LeasedKey | undefined> {
    const { kvs } = await this.#etcd.insist((rpc) => rpc.range({ key: Buffer.from(key) }), signal);
    return kvs[0] && leasedKeyOf(kvs[0]);
  }

  async transact(change: LeasedChange, signal: AbortSignal, how?: "once"): Promise<ChangeOutcome | NoOutcome> {
    const { conditions, writes, lease, otherwise } = change;
    const request = {
      compare: conditions.map(comparisonOf),
      success: writes.map((write) => operationOf(write, lease)),
      failure: otherwise.map(keyRead),
    };
    try {
      const ask = (rpc: EtcdRpc) => rpc.txn(request);
      const answer = how === "once" ? this.#etcd.ask(ask, signal) : this.#etcd.insist(ask, signal);
      const { succeeded, responses, header } = await answer;
      const revision = BigInt(header.revision);
      if (succeeded) return { kind: "made", revision, position: revision };
      const found = responses.map(({ response_range: { kvs } }) => kvs[0] && leasedKeyOf(kvs[0]));
      return { kind: "refused", found, position: revision };
    } catch (error) {
      return noOutcomeOf(error);
    }
  }

  async grant(ttlSeconds: number, signal: AbortSignal): Promise<Lease | "full"> {
    try {
      return await grantLease(this.#etcd, ttlSeconds, signal);
    } catch (error) {
      if (hasCode(error, "store-full")) return "full";
      throw error;
    }
  }

  adopt(lease: string, signal: AbortSignal): Promise<Lease | undefined> {
    return this.#etcd.insist(() => renewLease(this.#etcd, lease, this.beatMs, signal), signal);
  }

  async outfit(lease: Lease, _: string, options: SessionOptions, signal: AbortSignal): Promise<Lease | NoOutcome> {
    try {
      return await leaseAsWanted(this.#etcd, options, lease, signal);
    } catch (error) {
      return noOutcomeOf(error);
    }
  }

  renew(lease: string, withinMs: number, signal: AbortSignal): Promise<Renewed | undefined> {
    return renewLease(this.#etcd, lease, withinMs, signal);
  }

  /** Unlike a renewal, a reading is answered by a member only once that has all which was ever confirmed. */
  async position(key: string, _: string, signal: AbortSignal): Promise<bigint> {
    const { header } = await this.#etcd.ask((rpc) => rpc.txn({ success: [keyRead(key)] }), signal);
    return BigInt(header.revision);
  }

  async lifeOf(lease: string, signal: AbortSignal): Promise<number | undefined> {
    const { TTL, grantedTTL } = await this.#etcd.insist((rpc) => rpc.readLease(lease, "without-keys"), signal);
    return Number(TTL) > 0 ? Number(grantedTTL) : undefined;
  }

  async heldBy(lease: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> {
    const { keys, TTL } = await this.#etcd.insist((rpc) => rpc.readLease(lease, "with-keys"), signal);
    if (Number(TTL) <= 0) return undefined;
    const held = new Map<string, string>();
    for (let start = 0; start < keys.length; start += KEYS_AT_ONCE) {
      const success = keys.slice(start, start + KEYS_AT_ONCE).map((key) => keyRead(key.toString()));
      const { responses } = await this.#etcd.insist((rpc) => rpc.txn({ success }), signal);
      for (const pair of responses.flatMap(({ response_range: { kvs } }) => kvs)) {
        if (pair.lease === lease) held.set(pair.key.toString(), pair.value.toString());
      }
    }
    return held;
  }

  async revoke(lease: string, signal: AbortSignal): Promise<void> {
    await this.#etcd.ask((rpc) => rpc.revokeLease(lease), signal);
  }

  leave(): void {
    // Nothing is held open for a lease.
  }

  hasSpace(): void {
    this.#etcd.hasSpace();
  }
}

function noOutcomeOf(error: unknown): NoOutcome {
  if (hasCode(error, "store-full")) return "full";
  if (saysLeaseIsGone(error)) return "lease-gone";
  throw error as HecdError;
}

function leasedKeyOf({ key, value, lease, mod_revision: version }: KeyValue): LeasedKey {
  const isLeased = lease !== NO_LEASE;
  return {
    key: key.toString(),
    value: value.toString(),
    lease: isLeased ? lease : undefined,
    isLeased,
    version,
  };
}
