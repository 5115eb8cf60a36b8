import type { ICompare, IKeyValue, IRequestOp } from "etcd3";
import PQueue from "p-queue";
import { type Claim, formatClaim } from "../core/claim.js";
import { claimKey } from "../core/keys.js";
import type { Transaction, Write } from "../core/plan.js";
import { HecdError, reasonOf } from "../errors.js";
import { followFor } from "../flow/deadline.js";
import { follow } from "../flow/follow.js";
import type { Conflict, Session, SessionOptions } from "../ports.js";
import type { EtcdClient } from "./etcd-client.js";
import { saysLeaseIsGone } from "./etcd-errors.js";
import { type Lease, formatLease, keepLease } from "./etcd-lease.js";
import { type Pack, roundsOf } from "./etcd-packing.js";

/** Requests on their way at the same time; more gain nothing against one etcd. */
const IN_FLIGHT = 4;

/** How many keys one request asks for; etcd takes no more than 128. */
const KEYS_AT_ONCE = 100;

/** What an orderly end may cost when etcd is away: the lease does the rest. */
const CLOSING_MS = 2_000;

/** One lease in etcd, the claim that hangs on it, and everything registered under it. */
export class EtcdSession implements Session {
  readonly lost: AbortSignal;
  readonly held: ReadonlyMap<string, string>;
  /** Resolves when the lease is no longer kept alive. */
  readonly ended: Promise<void>;
  readonly #held = new Map<string, string>();
  readonly #client: EtcdClient;
  readonly #options: SessionOptions;
  readonly #lease: Lease;
  readonly #claimKey: string;
  readonly #losing = new AbortController();
  readonly #closing = new AbortController();

  /** Keeps the lease alive, on which the claim must hang already, until the session is lost or closed or `ending` aborts. */
  constructor(client: EtcdClient, options: SessionOptions, lease: Lease, ending: AbortSignal) {
    this.#client = client;
    this.#options = options;
    this.#lease = lease;
    this.#claimKey = claimKey(options.hostId);
    this.lost = this.#losing.signal;
    this.held = this.#held;
    this.ended = this.#keep(ending);
  }

  async apply(transactions: readonly Transaction[], signal: AbortSignal): Promise<readonly Conflict[]> {
    using work = follow(signal, this.lost);
    const conflicts: Conflict[] = [];
    for (const round of roundsOf(transactions)) {
      const queue = new PQueue({ concurrency: IN_FLIGHT });
      const outcomes = await queue.addAll(round.map((pack) => () => this.#carryOut(pack, work.signal)));
      conflicts.push(...outcomes.flat());
    }
    return conflicts;
  }

  async audit(signal: AbortSignal): Promise<void> {
    using work = follow(signal, this.lost);
    const request = { ID: this.#lease.id, keys: true };
    const { keys, TTL } = await this.#client.insist(() => this.#client.leases.leaseTimeToLive(request), work.signal);
    if (Number(TTL) <= 0) throw this.#lose("etcd says that it is gone");
    const names = keys.map((key) => key.toString());
    if (!names.includes(this.#claimKey)) throw this.#lose("the claim of this host was taken away");
    const found = new Map<string, string>();
    for (const { key, value } of await this.#read(names, work.signal)) found.set(key.toString(), value.toString());
    this.#held.clear();
    for (const [key, value] of found) this.#held.set(key, value);
  }

  async close(how: "release" | "revoke", signal: AbortSignal): Promise<void> {
    this.#closing.abort(new DOMException("The session was closed", "AbortError"));
    await this.ended;
    if (this.lost.aborted) return;
    const tooLate = new HecdError({ code: "deadline", what: "etcd to end the session", afterMs: CLOSING_MS });
    using work = followFor(CLOSING_MS, tooLate, this.#client.clock, signal);
    try {
      await this.#client.ask(() => this.#end(how), work.signal);
    } catch {
      // Has been told; what could not be ended now ends with the lease.
      signal.throwIfAborted();
    }
  }

  async #end(how: "release" | "revoke"): Promise<void> {
    switch (how) {
      case "revoke":
        await this.#client.leases.leaseRevoke({ ID: this.#lease.id });
        return;
      case "release":
        await this.#client.kv.txn({
          compare: [this.#isOurs(this.#claimKey)],
          success: [claimPut(this.#options, this.#lease, "released")],
        });
    }
  }

  async #keep(ending: AbortSignal): Promise<void> {
    using work = follow(ending, this.#closing.signal, this.lost);
    try {
      this.#lose(await keepLease(this.#client, this.#lease, work.signal));
    } catch (error) {
      if (!work.signal.aborted) this.#lose(reasonOf(error));
    }
  }

  /** Makes one request until it fits what etcd holds: every refusal comes with the present state of its keys. */
  async #carryOut(pack: Pack, signal: AbortSignal): Promise<readonly Conflict[]> {
    const conflicts: Conflict[] = [];
    let writes = pack;
    const ours = new Set(pack.flatMap(({ key }) => (this.#held.has(key) ? [key] : [])));
    while (writes.length > 0) {
      const { succeeded, responses } = await this.#commit(writes, ours, signal);
      if (succeeded) {
        for (const write of writes) this.#note(write);
        break;
      }
      const [claim, ...found] = responses.map(({ response_range: range }) => range.kvs[0]);
      if (claim?.lease !== this.#lease.id) throw this.#lose("the claim of this host was taken away");
      const left: Write[] = [];
      for (const [index, write] of writes.entries()) {
        const pair = found[index];
        if (pair?.lease === this.#lease.id) ours.add(write.key);
        else ours.delete(write.key);
        if (!pair ? write.kind === "put" : ours.has(write.key)) left.push(write);
        else {
          this.#held.delete(write.key);
          if (pair && write.kind === "put") conflicts.push(conflictOf(write.key, write.value, pair));
        }
      }
      writes = left;
    }
    return conflicts;
  }

  async #commit(writes: Pack, ours: ReadonlySet<string>, signal: AbortSignal) {
    const request = {
      compare: [
        this.#isOurs(this.#claimKey),
        ...writes.map(({ key }) => (ours.has(key) ? this.#isOurs(key) : isAbsent(key))),
      ],
      success: writes.map((write) => this.#operationOf(write)),
      failure: [this.#claimKey, ...writes.map(({ key }) => key)].map(rangeOf),
    };
    try {
      return await this.#client.insist(() => this.#client.kv.txn(request), signal);
    } catch (error) {
      if (saysLeaseIsGone(error)) throw this.#lose("etcd says that it is gone");
      throw error;
    }
  }

  /** What this lease really holds of `keys`. */
  async #read(keys: readonly string[], signal: AbortSignal): Promise<readonly IKeyValue[]> {
    const pairs: IKeyValue[] = [];
    const wanted = keys.filter((key) => key !== this.#claimKey);
    for (let start = 0; start < wanted.length; start += KEYS_AT_ONCE) {
      const success = wanted.slice(start, start + KEYS_AT_ONCE).map(rangeOf);
      const { responses } = await this.#client.insist(() => this.#client.kv.txn({ success }), signal);
      pairs.push(...responses.flatMap(({ response_range: range }) => range.kvs));
    }
    return pairs.filter(({ lease }) => lease === this.#lease.id);
  }

  #note(write: Write): void {
    if (write.kind === "put") this.#held.set(write.key, write.value);
    else this.#held.delete(write.key);
  }

  #operationOf(write: Write): IRequestOp {
    const key = Buffer.from(write.key);
    if (write.kind === "delete") return { request_delete_range: { key } };
    return { request_put: { key, value: Buffer.from(write.value), lease: this.#lease.id } };
  }

  #isOurs(key: string): ICompare {
    return { key: Buffer.from(key), target: "Lease", result: "Equal", lease: this.#lease.id };
  }

  /** Makes the session lost, once, and returns the reason to throw. */
  #lose(why: string): Error {
    if (!this.lost.aborted) {
      const lease = formatLease(this.#lease.id);
      this.#client.tell({ kind: "session-lost", lease, reason: why });
      this.#losing.abort(new HecdError({ code: "session-lost", lease, reason: why }));
    }
    return this.lost.reason as Error; // what we have aborted it with
  }
}

/** The operation that writes the claim of a host under a lease. */
export function claimPut(
  { hostId, agent, holder }: SessionOptions,
  { id }: Lease,
  state: "held" | "released",
): IRequestOp {
  const claim: Claim = { host: hostId, agent, lease: formatLease(id), released: state === "released", holder };
  return { request_put: { key: Buffer.from(claimKey(hostId)), value: Buffer.from(formatClaim(claim)), lease: id } };
}

/** The condition that there is no such key. */
export function isAbsent(key: string): ICompare {
  return { key: Buffer.from(key), target: "Create", result: "Equal", create_revision: "0" };
}

function rangeOf(key: string): IRequestOp {
  return { request_range: { key: Buffer.from(key) } };
}

function conflictOf(key: string, wanted: string, pair: IKeyValue): Conflict {
  const held = pair.value.toString();
  return { key, held, agrees: held === wanted };
}
