import type { Emit } from "../../core/events/event.js";
import { claimKey } from "../../core/model/keys.js";
import { formatClaim } from "../../core/registry/claim.js";
import type { Conflict } from "../../core/registry/conflict.js";
import type { Transaction, Write } from "../../core/registry/plan.js";
import { HecdError } from "../../errors.js";
import type { Session, SessionOptions } from "../../ports.js";
import type { MemoryKeys } from "./keys.js";

/** One lease in memory, the claim that hangs on it, and everything registered under it. */
export class MemorySession implements Session {
  readonly lost: AbortSignal;
  readonly held: ReadonlyMap<string, string>;
  readonly written: ReadonlyMap<string, bigint>;
  /** Memory has space. */
  readonly unwritten: ReadonlySet<string> = new Set();
  readonly #held = new Map<string, string>();
  readonly #written = new Map<string, bigint>();
  readonly #keys: MemoryKeys;
  readonly #options: SessionOptions;
  readonly #lease: string;
  readonly #emit: Emit;
  readonly #losing = new AbortController();

  /** Claims the host for `lease`, which may hold something already. */
  constructor(keys: MemoryKeys, options: SessionOptions, lease: string, emit: Emit) {
    this.#keys = keys;
    this.#options = options;
    this.#lease = lease;
    this.#emit = emit;
    this.lost = this.#losing.signal;
    this.held = this.#held;
    this.written = this.#written;
    this.#claim("held");
    this.#look();
  }

  async apply(transactions: readonly Transaction[], signal: AbortSignal): Promise<readonly Conflict[]> {
    const conflicts: Conflict[] = [];
    this.#written.clear();
    for (const transaction of transactions) {
      this.#check(signal);
      const own = transaction.filter((write) => {
        const conflict = this.#conflictOf(write);
        if (conflict && write.kind === "put") conflicts.push(conflict);
        if (conflict) this.#held.delete(write.key);
        return !conflict;
      });
      const effective = own.filter(({ kind, key }) => kind === "put" || this.#keys.get(key) !== undefined);
      const revision = effective.length > 0 ? this.#keys.commit(effective, this.#lease) : undefined;
      if (revision !== undefined) for (const { key } of effective) this.#written.set(key, revision);
      for (const write of own) {
        if (write.kind === "put") this.#held.set(write.key, write.value);
        else this.#held.delete(write.key);
      }
    }
    return conflicts;
  }

  async audit(signal: AbortSignal): Promise<void> {
    this.#check(signal);
    this.#look();
  }

  async close(how: "release" | "revoke", signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.lost.aborted) return;
    switch (how) {
      case "release":
        if (this.#hasClaim()) this.#claim("released");
        return;
      case "revoke":
        this.#keys.drop(this.#lease);
    }
  }

  /** Ends the session without its doing; once. */
  lose(reason: string): void {
    if (this.lost.aborted) return;
    this.#emit({ kind: "session-lost", lease: this.#lease, reason });
    this.#losing.abort(new HecdError({ code: "session-lost", lease: this.#lease, reason }));
  }

  #check(signal: AbortSignal): void {
    signal.throwIfAborted();
    if (!this.#hasClaim()) this.lose("the claim of this host was taken away");
    this.lost.throwIfAborted();
  }

  #hasClaim(): boolean {
    return this.#keys.get(claimKey(this.#options.hostId))?.value === this.#claimText("held");
  }

  #claim(state: "held" | "released"): void {
    const key = claimKey(this.#options.hostId);
    this.#keys.commit([{ kind: "put", key, value: this.#claimText(state) }], this.#lease);
  }

  #claimText(state: "held" | "released"): string {
    const { hostId: host, agent, holder } = this.#options;
    return formatClaim({ host, agent, lease: this.#lease, released: state === "released", holder });
  }

  #look(): void {
    this.#held.clear();
    for (const [key, value] of this.#keys.on(this.#lease)) this.#held.set(key, value);
    this.#held.delete(claimKey(this.#options.hostId));
  }

  #conflictOf(write: Write): Conflict | undefined {
    const pair = this.#keys.get(write.key);
    if (!pair || pair.lease === this.#lease) return undefined;
    const { value: held, lease, revision } = pair;
    const [leased, version] = [lease !== undefined, String(revision)];
    if (write.kind === "delete") return { key: write.key, held, agrees: false, leased, version };
    if (!leased && write.over === version) return undefined;
    return { key: write.key, held, agrees: write.value === held, leased, version };
  }
}
