import { claimKey } from "../../core/model/keys.js";
import { hasCode } from "../../errors.js";
import type { SessionOptions } from "../../ports.js";
import type { StoreRequests } from "../store-requests.js";
import { claimText } from "./claim.js";
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
} from "./leased-store.js";

/** What a server is asked about leases, each once; all of it rejects with whatever the server, or the way to it, says. */
export interface LeaseRequests {
  readonly limits: RequestLimits;

  look(key: string): Promise<LeasedKey | undefined>;

  transact(change: LeasedChange): Promise<ChangeOutcome | "lease-gone">;

  /** For what life a lease is asked so that nothing is left of it after so many seconds. */
  lifeWithin(ttlSeconds: number): number;

  grant(lifeSeconds: number): Promise<Lease>;

  /** Undefined when the server says that there is none. */
  renew(lease: string): Promise<Renewed | undefined>;

  /** The same with another life. Absent where a lease keeps the one with which it was granted. */
  renewFor?(lease: string, lifeSeconds: number): Promise<Renewed | undefined>;

  /** How far the server is for certain; 0 where it does not say. */
  position(key: string, lease: string): Promise<bigint>;

  lifeOf(lease: string): Promise<number | undefined>;

  heldBy(lease: string): Promise<ReadonlyMap<string, string> | undefined>;

  revoke(lease: string): Promise<void>;

  /** Ends what is held open for a lease. Absent where that is nothing. */
  leave?(lease: string): void;
}

/** How many keys one request moves to another lease: Consul takes no more than 64 operations, and a move is three. */
const MOVES_AT_ONCE = 20;

/** The leases of a server whose requests are made by `StoreRequests`; a lease goes by its name in claims. */
export class RequestedLeases implements LeasedStore {
  readonly product: string;
  readonly beatMs = BEAT_MS;
  readonly limits: RequestLimits;
  readonly clock: LeasedStore["clock"];
  readonly emit: LeasedStore["emit"];
  readonly #requests: StoreRequests;
  readonly #server: LeaseRequests;

  constructor(requests: StoreRequests, server: LeaseRequests) {
    this.#requests = requests;
    this.#server = server;
    this.product = requests.place.product ?? "etcd";
    this.limits = server.limits;
    this.clock = requests.clock;
    this.emit = requests.emit;
  }

  nameOf(lease: string): string {
    return lease;
  }

  look(key: string, signal: AbortSignal): Promise<LeasedKey | undefined> {
    return this.#requests.insist(() => this.#server.look(key), signal);
  }

  transact(change: LeasedChange, signal: AbortSignal, how?: "once"): Promise<ChangeOutcome | NoOutcome> {
    const request = () => this.#server.transact(change);
    return orFull(how === "once" ? this.#requests.ask(request, signal) : this.#requests.insist(request, signal));
  }

  grant(ttlSeconds: number, signal: AbortSignal): Promise<Lease | "full"> {
    const lifeSeconds = this.#server.lifeWithin(ttlSeconds);
    return orFull(this.#requests.insist(() => this.#server.grant(lifeSeconds), signal));
  }

  adopt(lease: string, signal: AbortSignal): Promise<Lease | undefined> {
    return this.#requests.insist(() => this.#server.renew(lease), signal);
  }

  async outfit(lease: Lease, _: string, options: SessionOptions, signal: AbortSignal): Promise<Lease | NoOutcome> {
    const server = this.#server;
    const lifeSeconds = server.lifeWithin(options.ttlSeconds);
    if (lease.ttlSeconds === lifeSeconds) return lease;
    const renewing = server.renewFor?.bind(server, lease.id, lifeSeconds);
    if (renewing) return (await this.#requests.insist(renewing, signal)) ?? "lease-gone";
    const other = await this.grant(options.ttlSeconds, signal);
    if (other === "full") return other;
    // The server has a least and a longest life of its own, and gave it before, too.
    const [left, kept] = other.ttlSeconds === lease.ttlSeconds ? [other, lease] : [lease, other];
    if (kept === other) await this.#move(lease.id, other.id, options, signal);
    await this.revoke(left.id, signal).catch(() => undefined);
    return kept;
  }

  renew(lease: string, _: number, signal: AbortSignal): Promise<Renewed | undefined> {
    return this.#requests.ask(() => this.#server.renew(lease), signal);
  }

  position(key: string, lease: string, signal: AbortSignal): Promise<bigint> {
    return this.#requests.ask(() => this.#server.position(key, lease), signal);
  }

  lifeOf(lease: string, signal: AbortSignal): Promise<number | undefined> {
    return this.#requests.insist(() => this.#server.lifeOf(lease), signal);
  }

  heldBy(lease: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> {
    return this.#requests.insist(() => this.#server.heldBy(lease), signal);
  }

  async revoke(lease: string, signal: AbortSignal): Promise<void> {
    await this.#requests.ask(() => this.#server.revoke(lease), signal);
    this.leave(lease);
  }

  leave(lease: string): void {
    this.#server.leave?.(lease);
  }

  hasSpace(): void {
    this.#requests.hasSpace();
  }

  /** Moves all that hangs on one lease to another one, and the claim. Each key is at no time absent. */
  async #move(from: string, to: string, options: SessionOptions, signal: AbortSignal): Promise<void> {
    const claim = claimKey(options.hostId);
    for (;;) {
      const held = await this.heldBy(from, signal);
      if (!held || held.size === 0) return;
      const some = [...held].slice(0, MOVES_AT_ONCE);
      const conditions = some.map(([key]) => ({ kind: "on-lease", key, lease: from }) as const);
      const writes = some.map(([key, value]) => {
        return { kind: "put", key, value: key === claim ? claimText(options, to, "held") : value } as const;
      });
      await this.transact({ conditions, writes, lease: to, otherwise: [] }, signal);
    }
  }
}

/** What a request comes to, where want of space is no failure. */
async function orFull<T>(request: Promise<T>): Promise<T | "full"> {
  try {
    return await request;
  } catch (error) {
    if (hasCode(error, "store-full")) return "full";
    throw error;
  }
}
