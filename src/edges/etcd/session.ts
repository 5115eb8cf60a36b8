import PQueue from "p-queue";
import type { Emit } from "../../core/events/event.js";
import { claimKey } from "../../core/model/keys.js";
import type { Conflict } from "../../core/registry/conflict.js";
import type { Transaction, Write } from "../../core/registry/plan.js";
import { HecdError, hasCode, reasonOf } from "../../errors.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import type { Session, SessionOptions } from "../../ports.js";
import type { Claimed } from "./claim.js";
import { saysLeaseIsGone } from "./errors.js";
import { type Lease, type Reached, keepLease } from "./lease.js";
import { formatLease, NO_LEASE } from "./lease-id.js";
import { claimPut, claimText, hasValue, isAbsent, isOn, isUnchanged, keyRead } from "./operations.js";
import { type Pack, roundsOf } from "./packing.js";
import type { EtcdRequests } from "./requests.js";
import type { Condition, EtcdRpc, KeyValue, Operation } from "../etcd-client/rpc.js";

/** Requests on their way at the same time; more gain nothing against one etcd. */
const IN_FLIGHT = 4;

/** How many keys one request asks for; etcd takes no more than 128. */
const KEYS_AT_ONCE = 100;

/** A write, and on what condition it is made. */
interface Attempt {
  readonly write: Write;
  readonly on: Condition;
}

/** What an orderly end may cost when etcd is away: the lease does the rest. */
const CLOSING_MS = 2_000;

/** One lease in etcd, the claim that hangs on it, and everything registered under it. */
export class EtcdSession implements Session {
  readonly lost: AbortSignal;
  readonly held: ReadonlyMap<string, string>;
  readonly written: ReadonlyMap<string, bigint>;
  /** Resolves when the lease is no longer kept alive. */
  readonly ended: Promise<void>;
  readonly unwritten: ReadonlySet<string>;
  readonly #held = new Map<string, string>();
  readonly #written = new Map<string, bigint>();
  readonly #unwritten = new Set<string>();
  readonly #etcd: EtcdRequests;
  readonly #options: SessionOptions;
  readonly #lease: Lease;
  readonly #emit: Emit;
  readonly #claimKey: string;
  /** Names this very process, so that nobody else's claim passes for ours, on whatever lease. */
  readonly #ownClaim: string;
  /** What the claim reads while nobody has taken it away. */
  #claim: string;
  readonly #reached: Reached = { revision: 0n };
  readonly #losing = new AbortController();
  readonly #closing = new AbortController();

  /** Keeps the lease alive, on which the claim must hang already, until the session is lost or closed or `ending` aborts. */
  constructor(
    etcd: EtcdRequests,
    options: SessionOptions,
    { lease, text }: Pick<Claimed, "lease" | "text">,
    ending: AbortSignal,
  ) {
    this.#etcd = etcd;
    this.#options = options;
    this.#lease = lease;
    this.#emit = options.emit ?? etcd.emit;
    this.#claimKey = claimKey(options.hostId);
    this.#ownClaim = claimText(options, lease, "held");
    this.#claim = text;
    this.lost = this.#losing.signal;
    this.held = this.#held;
    this.written = this.#written;
    this.unwritten = this.#unwritten;
    this.ended = this.#keep(ending);
  }

  async apply(transactions: readonly Transaction[], signal: AbortSignal): Promise<readonly Conflict[]> {
    using work = linkedSignal(signal, this.lost);
    const conflicts: Conflict[] = [];
    this.#written.clear();
    this.#unwritten.clear();
    for (const round of roundsOf(transactions)) {
      const queue = new PQueue({ concurrency: IN_FLIGHT });
      const outcomes = await queue.addAll(round.map((pack) => () => this.#carryOut(pack, work.signal)));
      conflicts.push(...outcomes.flat());
    }
    return conflicts;
  }

  async audit(signal: AbortSignal): Promise<void> {
    using work = linkedSignal(signal, this.lost);
    const { keys, TTL } = await this.#etcd.insist((rpc) => rpc.readLease(this.#lease.id, "with-keys"), work.signal);
    if (Number(TTL) <= 0) throw this.#lose("etcd says that it is gone");
    const names = keys.map((key) => key.toString());
    const found = new Map<string, string>();
    for (const { key, value } of await this.#read(names, work.signal)) found.set(key.toString(), value.toString());
    if (found.get(this.#claimKey) !== this.#claim) throw this.#lose("the claim of this host was taken away");
    found.delete(this.#claimKey);
    this.#held.clear();
    for (const [key, value] of found) this.#held.set(key, value);
    await this.#renewClaim(work.signal);
  }

  /** Makes the claim that of this process, where etcd had no space for that before. */
  async #renewClaim(signal: AbortSignal): Promise<void> {
    if (this.#claim === this.#ownClaim) return;
    const request = { compare: [this.#isClaimed()], success: [claimPut(this.#options, this.#lease, "held")] };
    try {
      const { succeeded } = await this.#etcd.insist((rpc) => rpc.txn(request), signal);
      if (!succeeded) throw this.#lose("the claim of this host was taken away");
    } catch (error) {
      if (hasCode(error, "store-full")) return;
      throw error;
    }
    this.#etcd.hasSpace();
    this.#claim = this.#ownClaim;
  }

  async close(how: "release" | "revoke", signal: AbortSignal): Promise<void> {
    this.#closing.abort(new DOMException("The session was closed", "AbortError"));
    await this.ended;
    if (this.lost.aborted) return;
    const tooLate = (): HecdError =>
      new HecdError({ code: "deadline", what: "etcd to end the session", afterMs: CLOSING_MS });
    using work = deadlineSignal(CLOSING_MS, tooLate, this.#etcd.clock, signal);
    try {
      await this.#etcd.ask((rpc) => this.#end(rpc, how), work.signal);
    } catch {
      // Has been told; what could not be ended now ends with the lease.
      signal.throwIfAborted();
    }
  }

  async #end(rpc: EtcdRpc, how: "release" | "revoke"): Promise<void> {
    switch (how) {
      case "revoke":
        await rpc.revokeLease(this.#lease.id);
        return;
      case "release":
        await rpc.txn({
          compare: [this.#isClaimed()],
          success: [claimPut(this.#options, this.#lease, "released")],
        });
    }
  }

  async #keep(ending: AbortSignal): Promise<void> {
    using work = linkedSignal(ending, this.#closing.signal, this.lost);
    try {
      const at = { emit: this.#emit, key: this.#claimKey, reached: this.#reached };
      this.#lose(await keepLease(this.#etcd, this.#lease, at, work.signal));
    } catch (error) {
      if (!work.signal.aborted) this.#lose(reasonOf(error));
    }
  }

  /** Makes one request until it fits what etcd holds: every refusal comes with the present state of its keys. */
  async #carryOut(pack: Pack, signal: AbortSignal): Promise<readonly Conflict[]> {
    const conflicts: Conflict[] = [];
    let attempts = pack.map((write) => ({
      write,
      on: this.#held.has(write.key) ? this.#isOurs(write.key) : isAbsent(write.key),
    }));
    while (attempts.length > 0) {
      const answer = await this.#commit(attempts, signal);
      if (answer === "full") {
        attempts = this.#withoutPuts(attempts);
        continue;
      }
      const { succeeded, responses, header } = answer;
      if (succeeded) {
        for (const { write } of attempts) {
          this.#note(write);
          this.#written.set(write.key, BigInt(header.revision));
        }
        break;
      }
      const [claim, ...found] = responses.map(({ response_range: range }) => range.kvs[0]);
      if (claim?.value.toString() !== this.#claim) throw this.#lose("the claim of this host was taken away");
      const left: Attempt[] = [];
      for (const [index, { write }] of attempts.entries()) {
        const pair = found[index];
        const on = this.#conditionOf(write, pair);
        if (on) left.push({ write, on });
        else {
          this.#held.delete(write.key);
          if (pair && write.kind === "put") conflicts.push(conflictOf(write.value, pair));
        }
      }
      attempts = left;
    }
    return conflicts;
  }

  async #commit(attempts: readonly Attempt[], signal: AbortSignal) {
    const request = {
      compare: [this.#isClaimed(), ...attempts.map(({ on }) => on)],
      success: attempts.map(({ write }) => this.#operationOf(write)),
      failure: [this.#claimKey, ...attempts.map(({ write }) => write.key)].map(keyRead),
    };
    const hasPut = attempts.some(({ write }) => write.kind === "put");
    try {
      const answer = await this.#etcd.insist((rpc) => rpc.txn(request), signal);
      if (hasPut && answer.succeeded) this.#etcd.hasSpace();
      const revision = BigInt(answer.header.revision);
      if (revision > this.#reached.revision) this.#reached.revision = revision;
      return answer;
    } catch (error) {
      if (saysLeaseIsGone(error)) throw this.#lose("etcd says that it is gone");
      if (hasPut && hasCode(error, "store-full")) return "full";
      throw error;
    }
  }

  /** What can be done without space: etcd refuses a transaction as a whole for one put in it. */
  #withoutPuts(attempts: readonly Attempt[]): Attempt[] {
    return attempts.flatMap((attempt): readonly Attempt[] => {
      const { write } = attempt;
      if (write.kind === "delete") return [attempt];
      this.#unwritten.add(write.key);
      if (write.elseDelete !== true || !this.#held.has(write.key)) return [];
      return [{ write: { kind: "delete", key: write.key }, on: this.#isOurs(write.key) }];
    });
  }

  /** What has to hold still for a write to be made, now that its key is known to be so; undefined when it must not be. */
  #conditionOf(write: Write, pair: KeyValue | undefined): Condition | undefined {
    if (!pair) return write.kind === "put" ? isAbsent(write.key) : undefined;
    if (pair.lease === this.#lease.id) return this.#isOurs(write.key);
    const mayReplace = write.kind === "put" && pair.lease === NO_LEASE && pair.mod_revision === write.over;
    return mayReplace ? isUnchanged(pair) : undefined;
  }

  /** What this lease really holds of `keys`. */
  async #read(keys: readonly string[], signal: AbortSignal): Promise<readonly KeyValue[]> {
    const pairs: KeyValue[] = [];
    for (let start = 0; start < keys.length; start += KEYS_AT_ONCE) {
      const success = keys.slice(start, start + KEYS_AT_ONCE).map(keyRead);
      const { responses } = await this.#etcd.insist((rpc) => rpc.txn({ success }), signal);
      pairs.push(...responses.flatMap(({ response_range: range }) => range.kvs));
    }
    return pairs.filter(({ lease }) => lease === this.#lease.id);
  }

  #note(write: Write): void {
    if (write.kind === "put") this.#held.set(write.key, write.value);
    else this.#held.delete(write.key);
  }

  #operationOf(write: Write): Operation {
    const key = Buffer.from(write.key);
    if (write.kind === "delete") return { request_delete_range: { key } };
    return { request_put: { key, value: Buffer.from(write.value), lease: this.#lease.id } };
  }

  #isClaimed(): Condition {
    return hasValue(this.#claimKey, this.#claim);
  }

  #isOurs(key: string): Condition {
    return isOn(this.#lease.id, Buffer.from(key));
  }

  /** Makes the session lost, once, and returns the reason to throw. */
  #lose(why: string): Error {
    if (!this.lost.aborted) {
      const lease = formatLease(this.#lease.id);
      this.#emit({ kind: "session-lost", lease, reason: why });
      this.#losing.abort(new HecdError({ code: "session-lost", lease, reason: why }));
    }
    return this.lost.reason as Error; // what we have aborted it with
  }
}

function conflictOf(wanted: string, { key, value, lease, mod_revision: version }: KeyValue): Conflict {
  const held = value.toString();
  return { key: key.toString(), held, agrees: held === wanted, leased: lease !== NO_LEASE, version };
}
