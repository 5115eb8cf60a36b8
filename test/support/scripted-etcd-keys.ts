import type {
  Condition,
  KeyEvent,
  KeyRange,
  KeyValue,
  Operation,
  RangeAnswer,
  RangeRequest,
  TxnRequest,
} from "../../src/edges/etcd-client/rpc.js";
import type { Clock } from "../../src/flow/clock.js";

interface FakeLease {
  readonly ttlSeconds: number;
  endsAt: number;
}

/** All keys at one revision. */
type State = ReadonlyMap<string, KeyValue>;

/** What etcd holds: keys with their history, and leases, which end when the clock says so. */
export class FakeKeys {
  readonly #clock: Clock;
  readonly #onEvents: (revision: bigint) => void;
  readonly #states = new Map<bigint, State>([[1n, new Map()]]);
  readonly #events = new Map<bigint, readonly KeyEvent[]>();
  readonly leases = new Map<string, FakeLease>();
  revision = 1n;
  compacted = 0n;
  /** What etcd grants at least. */
  leastTtl = 0;
  #lastLease = 7_000;

  constructor(clock: Clock, onEvents: (revision: bigint) => void) {
    this.#clock = clock;
    this.#onEvents = onEvents;
  }

  /** Ends the leases whose time is over. */
  expire(): void {
    for (const [id, { endsAt }] of this.leases) if (endsAt <= this.#clock.now()) this.revoke(id);
  }

  grant(ttlSeconds: number): { readonly ID: string; readonly TTL: string } {
    const ID = String(++this.#lastLease);
    const granted = Math.max(ttlSeconds, this.leastTtl);
    this.leases.set(ID, { ttlSeconds: granted, endsAt: this.#clock.now() + granted * 1_000 });
    return { ID, TTL: String(granted) };
  }

  /** The TTL of the lease, renewed; 0 when it is gone. */
  renew(id: string): number {
    const lease = this.leases.get(id);
    if (!lease) return 0;
    lease.endsAt = this.#clock.now() + lease.ttlSeconds * 1_000;
    return lease.ttlSeconds;
  }

  revoke(id: string): void {
    if (!this.leases.delete(id)) throw leaseNotFound();
    const keys = this.keysOn(id);
    this.write(keys.map((key) => ({ request_delete_range: { key } })));
  }

  keysOn(id: string): Buffer[] {
    return this.#sorted(this.#now()).flatMap(({ key, lease }) => (lease === id ? [key] : []));
  }

  get(key: string): KeyValue | undefined {
    return this.#now().get(key);
  }

  range({
    key,
    range_end: end,
    limit,
    revision,
    count_only: counts,
    min_mod_revision: least = "0",
  }: RangeRequest): RangeAnswer {
    const at = revision === undefined || revision === "0" ? this.revision : BigInt(revision);
    if (at < this.compacted) {
      throw new Error("11 OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted");
    }
    const all = this.#sorted(this.#states.get(at) ?? new Map<string, KeyValue>()).filter(
      (pair) =>
        isIn({ key, ...(end ? { range_end: end } : {}) }, pair.key) && BigInt(pair.mod_revision) >= BigInt(least),
    );
    const kvs = counts ? [] : limit ? all.slice(0, limit) : all;
    return { kvs, more: !counts && kvs.length < all.length };
  }

  txn({ compare = [], success = [], failure = [] }: TxnRequest): {
    succeeded: boolean;
    responses: { response_range: RangeAnswer }[];
  } {
    for (const branch of [compare, success, failure]) {
      if (branch.length > 128) throw new Error("3 INVALID_ARGUMENT: etcdserver: too many operations in txn request");
    }
    const succeeded = compare.every((condition) => this.#holds(condition));
    return { succeeded, responses: this.write(succeeded ? success : failure) };
  }

  /** Carries out operations at one revision. */
  write(operations: readonly Operation[]): { response_range: RangeAnswer }[] {
    for (const one of operations) {
      if ("request_put" in one && one.request_put.lease !== "0" && !this.leases.has(one.request_put.lease))
        throw leaseNotFound();
    }
    const next = new Map(this.#now());
    const revision = this.revision + 1n;
    const events: KeyEvent[] = [];
    const responses = operations.map((one) => {
      if ("request_range" in one) return { response_range: this.range(one.request_range) };
      if ("request_put" in one) {
        const { key, value, lease } = one.request_put;
        const kv = {
          key,
          value: value ?? next.get(key.toString())?.value ?? Buffer.alloc(0),
          lease,
          mod_revision: String(revision),
        };
        next.set(key.toString(), kv);
        events.push({ type: "Put", kv });
      } else {
        const { key } = one.request_delete_range;
        if (next.delete(key.toString())) {
          events.push({
            type: "Delete",
            kv: { key, value: Buffer.alloc(0), lease: "0", mod_revision: String(revision) },
          });
        }
      }
      return { response_range: { kvs: [], more: false } };
    });
    if (events.length > 0) {
      this.revision = revision;
      this.#states.set(revision, next);
      this.#events.set(revision, events);
      this.#onEvents(revision);
    }
    return responses;
  }

  /** The events of a range at one revision. */
  eventsAt(revision: bigint, range: KeyRange): readonly KeyEvent[] {
    return (this.#events.get(revision) ?? []).filter(({ kv }) => isIn(range, kv.key));
  }

  #now(): State {
    return this.#states.get(this.revision) ?? new Map<string, KeyValue>();
  }

  #sorted(state: State): KeyValue[] {
    return [...state.values()].sort((a, b) => Buffer.compare(a.key, b.key));
  }

  #holds(condition: Condition): boolean {
    const pair = this.get(condition.key.toString());
    switch (condition.target) {
      case "Value":
        return pair?.value.equals(condition.value) ?? false;
      case "Lease":
        return (pair?.lease ?? "0") === condition.lease;
      case "Mod":
        return (pair?.mod_revision ?? "0") === condition.mod_revision;
      case "Create":
        // The product asks only whether there is such a key.
        return (pair ? "some" : "0") === condition.create_revision;
    }
  }
}

function isIn({ key, range_end: end }: KeyRange, candidate: Buffer): boolean {
  if (!end) return candidate.equals(key);
  return Buffer.compare(candidate, key) >= 0 && Buffer.compare(candidate, end) < 0;
}

function leaseNotFound(): Error {
  return new Error("Lease 5 NOT_FOUND: etcdserver: requested lease not found is expired or revoked");
}
