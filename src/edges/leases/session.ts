import PQueue from "p-queue";
import type { Emit } from "../../core/events/event.js";
import { claimKey } from "../../core/model/keys.js";
import type { Conflict } from "../../core/registry/conflict.js";
import type { Transaction, Write } from "../../core/registry/plan.js";
import { HecdError, reasonOf } from "../../errors.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import type { Session, SessionOptions } from "../../ports.js";
import { type Claimed, claimText } from "./claim.js";
import { type Reached, keepLease } from "./keep-lease.js";
import type { LeasedChange, LeasedCondition, Lease, LeasedKey, LeasedStore, ChangeOutcome } from "./leased-store.js";
import { type Pack, roundsOf } from "./packing.js";

/** Requests on their way at the same time; more gain nothing against one store. */
const IN_FLIGHT = 4;

/** A write, and on what condition it is made. */
interface Attempt {
  readonly write: Write;
  readonly on: LeasedCondition;
}

/** What an orderly end may cost when the store is away: the lease does the rest. */
const CLOSING_MS = 2_000;

/** One lease, the claim that hangs on it, and everything registered under it. */
export class LeasedSession implements Session {
  readonly lost: AbortSignal;
  readonly held: ReadonlyMap<string, string>;
  readonly written: ReadonlyMap<string, bigint>;
  /** Resolves when the lease is no longer kept alive. */
  readonly ended: Promise<void>;
  readonly unwritten: ReadonlySet<string>;
  readonly #held = new Map<string, string>();
  readonly #written = new Map<string, bigint>();
  readonly #unwritten = new Set<string>();
  readonly #store: LeasedStore;
  readonly #options: SessionOptions;
  readonly #lease: Lease;
  readonly #emit: Emit;
  readonly #claimKey: string;
  /** Names this very process, so that nobody else's claim passes for ours, on whatever lease. */
  readonly #ownClaim: string;
  /** What the claim reads while nobody has taken it away. */
  #claim: string;
  readonly #reached: Reached = { position: 0n };
  readonly #losing = new AbortController();
  readonly #closing = new AbortController();

  /** Keeps the lease alive, on which the claim must hang already, until the session is lost or closed or `ending` aborts. */
  constructor(
    store: LeasedStore,
    options: SessionOptions,
    { lease, text }: Pick<Claimed, "lease" | "text">,
    ending: AbortSignal,
  ) {
    this.#store = store;
    this.#options = options;
    this.#lease = lease;
    this.#emit = options.emit ?? store.emit;
    this.#claimKey = claimKey(options.hostId);
    this.#ownClaim = claimText(options, store.nameOf(lease.id), "held");
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
    for (const round of roundsOf(transactions, this.#store.limits)) {
      const queue = new PQueue({ concurrency: IN_FLIGHT });
      const outcomes = await queue.addAll(round.map((pack) => () => this.#carryOut(pack, work.signal)));
      conflicts.push(...outcomes.flat());
    }
    return conflicts;
  }

  async audit(signal: AbortSignal): Promise<void> {
    using work = linkedSignal(signal, this.lost);
    const found = await this.#store.heldBy(this.#lease.id, work.signal);
    if (!found) throw this.#loseGone();
    if (found.get(this.#claimKey) !== this.#claim) throw this.#loseClaim();
    this.#held.clear();
    for (const [key, value] of found) this.#held.set(key, value);
    this.#held.delete(this.#claimKey);
    await this.#renewClaim(work.signal);
  }

  /** Makes the claim that of this process, where the store had no space for that before. */
  async #renewClaim(signal: AbortSignal): Promise<void> {
    if (this.#claim === this.#ownClaim) return;
    const outcome = await this.#store.transact(this.#claiming("held"), signal);
    if (outcome === "full") return;
    if (outcome === "lease-gone") throw this.#loseGone();
    if (outcome.kind === "refused") throw this.#loseClaim();
    this.#store.hasSpace();
    this.#claim = this.#ownClaim;
  }

  async close(how: "release" | "revoke", signal: AbortSignal): Promise<void> {
    this.#closing.abort(new DOMException("The session was closed", "AbortError"));
    await this.ended;
    if (this.lost.aborted) return;
    const tooLate = (): HecdError =>
      new HecdError({ code: "deadline", what: `${this.#store.product} to end the session`, afterMs: CLOSING_MS });
    using work = deadlineSignal(CLOSING_MS, tooLate, this.#store.clock, signal);
    try {
      await this.#end(how, work.signal);
    } catch {
      // Has been told; what could not be ended now ends with the lease.
      signal.throwIfAborted();
    }
  }

  async #end(how: "release" | "revoke", signal: AbortSignal): Promise<void> {
    switch (how) {
      case "revoke":
        await this.#store.revoke(this.#lease.id, signal);
        return;
      case "release":
        await this.#store.transact(this.#claiming("released"), signal, "once");
        this.#store.leave(this.#lease.id);
    }
  }

  async #keep(ending: AbortSignal): Promise<void> {
    using work = linkedSignal(ending, this.#closing.signal, this.lost);
    try {
      const at = { emit: this.#emit, key: this.#claimKey, reached: this.#reached };
      this.#lose(await keepLease(this.#store, this.#lease, at, work.signal));
    } catch (error) {
      if (!work.signal.aborted) this.#lose(reasonOf(error));
    }
  }

  /** Makes one request until it fits what the store holds: every refusal comes with the present state of its keys. */
  async #carryOut(pack: Pack, signal: AbortSignal): Promise<readonly Conflict[]> {
    const conflicts: Conflict[] = [];
    let attempts = pack.map((write): Attempt => ({
      write,
      on: this.#held.has(write.key) ? this.#isOurs(write.key) : isAbsent(write.key),
    }));
    while (attempts.length > 0) {
      const outcome = await this.#commit(attempts, signal);
      if (outcome === "full") {
        attempts = this.#withoutPuts(attempts);
        continue;
      }
      if (outcome.kind === "made") {
        for (const { write } of attempts) {
          this.#note(write);
          this.#written.set(write.key, outcome.revision);
        }
        break;
      }
      const [claim, ...found] = outcome.found;
      if (claim?.value !== this.#claim) throw this.#loseClaim();
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

  async #commit(attempts: readonly Attempt[], signal: AbortSignal): Promise<ChangeOutcome | "full"> {
    const change: LeasedChange = {
      conditions: [this.#isClaimed(), ...attempts.map(({ on }) => on)],
      writes: attempts.map(({ write }) => write),
      lease: this.#lease.id,
      otherwise: [this.#claimKey, ...attempts.map(({ write }) => write.key)],
    };
    const outcome = await this.#store.transact(change, signal);
    if (outcome === "lease-gone") throw this.#loseGone();
    if (outcome === "full") return outcome;
    if (outcome.kind === "made" && attempts.some(({ write }) => write.kind === "put")) this.#store.hasSpace();
    if (outcome.position > this.#reached.position) this.#reached.position = outcome.position;
    return outcome;
  }

  /** What can be done without space: a transaction is refused as a whole for one put in it. */
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
  #conditionOf(write: Write, pair: LeasedKey | undefined): LeasedCondition | undefined {
    if (!pair) return write.kind === "put" ? isAbsent(write.key) : undefined;
    if (pair.lease === this.#lease.id) return this.#isOurs(write.key);
    const mayReplace = write.kind === "put" && !pair.isLeased && pair.version === write.over;
    return mayReplace ? { kind: "unchanged", key: write.key, version: pair.version } : undefined;
  }

  #note(write: Write): void {
    if (write.kind === "put") this.#held.set(write.key, write.value);
    else this.#held.delete(write.key);
  }

  /** The change that makes the claim read so, while it is ours. */
  #claiming(state: "held" | "released"): LeasedChange {
    const value = claimText(this.#options, this.#store.nameOf(this.#lease.id), state);
    const writes = [{ kind: "put", key: this.#claimKey, value }] as const;
    return { conditions: [this.#isClaimed()], writes, lease: this.#lease.id, otherwise: [] };
  }

  #isClaimed(): LeasedCondition {
    return { kind: "has-value", key: this.#claimKey, value: this.#claim };
  }

  #isOurs(key: string): LeasedCondition {
    return { kind: "on-lease", key, lease: this.#lease.id };
  }

  #loseClaim(): Error {
    return this.#lose("the claim of this host was taken away");
  }

  #loseGone(): Error {
    return this.#lose(`${this.#store.product} says that it is gone`);
  }

  /** Makes the session lost, once, and returns the reason to throw. */
  #lose(why: string): Error {
    if (!this.lost.aborted) {
      const lease = this.#store.nameOf(this.#lease.id);
      this.#store.leave(this.#lease.id);
      this.#emit({ kind: "session-lost", lease, reason: why });
      this.#losing.abort(new HecdError({ code: "session-lost", lease, reason: why }));
    }
    return this.lost.reason as Error; // what we have aborted it with
  }
}

function isAbsent(key: string): LeasedCondition {
  return { kind: "absent", key };
}

function conflictOf(wanted: string, { key, value: held, isLeased: leased, version }: LeasedKey): Conflict {
  return { key, held, agrees: held === wanted, leased, version };
}
