import { z } from "zod";
import { claimKey } from "../../core/model/keys.js";
import type { SessionOptions } from "../../ports.js";
import { claimText } from "../leases/claim.js";
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
import type { StoreRequests } from "../store-requests.js";
import { type ConsulAnswer, type ConsulClient, ConsulRefusal } from "./client.js";
import { carryOutTransaction, readPair } from "./changes.js";
import { type ConsulNames, leaseOf, listPairs, sessionOfLease } from "./listing.js";

const sessionSchema = z.object({ ID: z.uuid(), TTL: z.string().regex(/^[0-9.]+(m?s)$/) });

/** Consul takes no shorter life of a session unless it is told to. */
const LEAST_SECONDS = 10;

/** How many keys one request moves: Consul takes no more than 64 operations. */
const KEYS_AT_ONCE = 20;

/** The sessions of a Consul as leases: each key of an agent is locked by its session, and is deleted with it. */
export class ConsulLeases implements LeasedStore {
  readonly product = "Consul";
  readonly beatMs = BEAT_MS;
  /** Each write is two of 64 operations, and one is the claim's. */
  readonly limits: RequestLimits = { writes: 30, characters: 128 * 1024 };
  readonly clock: LeasedStore["clock"];
  readonly emit: LeasedStore["emit"];
  readonly #requests: StoreRequests;
  readonly #client: ConsulClient;
  readonly #names: ConsulNames;

  constructor(requests: StoreRequests, client: ConsulClient, names: ConsulNames) {
    this.#requests = requests;
    this.#client = client;
    this.#names = names;
    this.clock = requests.clock;
    this.emit = requests.emit;
  }

  nameOf(lease: string): string {
    return lease;
  }

  look(key: string, signal: AbortSignal): Promise<LeasedKey | undefined> {
    return this.#requests.insist(() => readPair(this.#client, this.#names, key), signal);
  }

  transact(change: LeasedChange, signal: AbortSignal, how?: "once"): Promise<ChangeOutcome | NoOutcome> {
    const request = () => carryOutTransaction(change, this.#client, this.#names);
    return how === "once" ? this.#requests.ask(request, signal) : this.#requests.insist(request, signal);
  }

  grant(ttlSeconds: number, signal: AbortSignal): Promise<Lease> {
    return this.#requests.insist(() => this.#create(sessionSeconds(ttlSeconds)), signal);
  }

  adopt(lease: string, signal: AbortSignal): Promise<Lease | undefined> {
    return this.#requests.insist(() => this.#renew(lease), signal);
  }

  async outfit(lease: Lease, _: string, options: SessionOptions, signal: AbortSignal): Promise<Lease | NoOutcome> {
    if (lease.ttlSeconds === sessionSeconds(options.ttlSeconds)) return lease;
    const other = await this.grant(options.ttlSeconds, signal);
    const [left, kept] = other.ttlSeconds === lease.ttlSeconds ? [other, lease] : [lease, other];
    if (kept === other) await this.#move(lease.id, other.id, options, signal);
    await this.revoke(left.id, signal).catch(() => undefined);
    return kept;
  }

  renew(lease: string, _: number, signal: AbortSignal): Promise<Renewed | undefined> {
    return this.#requests.ask(() => this.#renew(lease), signal);
  }

  /** A renewal does not say how far the Consul is, so that nobody asks. */
  position(): Promise<bigint> {
    return Promise.resolve(0n);
  }

  async lifeOf(lease: string, signal: AbortSignal): Promise<number | undefined> {
    const path = `/v1/session/info/${sessionOfLease(lease)}`;
    const asking = () => this.#client.ask({ method: "GET", path });
    const { body } = await this.#requests.insist(asking, signal);
    const [found] = z.array(sessionSchema).parse(body);
    return found && secondsOf(found.TTL);
  }

  async heldBy(lease: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> {
    if ((await this.lifeOf(lease, signal)) === undefined) return undefined;
    const { pairs } = await this.#requests.insist(() => listPairs(this.#client, this.#names, ""), signal);
    const own = [...pairs.values()].filter((pair) => pair.lease === lease);
    return new Map(own.map(({ key, value }) => [key, value]));
  }

  async revoke(lease: string, signal: AbortSignal): Promise<void> {
    const path = `/v1/session/destroy/${sessionOfLease(lease)}`;
    await this.#requests.ask(() => this.#client.ask({ method: "PUT", path }), signal);
  }

  leave(): void {
    // Nothing is held open for a session.
  }

  hasSpace(): void {
    this.#requests.hasSpace();
  }

  async #create(ttlSeconds: number): Promise<Lease> {
    const renewedAt = this.clock.now();
    const body = { Name: "hecd", TTL: `${ttlSeconds}s`, Behavior: "delete", LockDelay: "0s", NodeChecks: [] };
    let answer: ConsulAnswer;
    try {
      answer = await this.#client.ask({ method: "PUT", path: "/v1/session/create", body });
    } catch (error) {
      // A Consul may ask for longer lives than is usual.
      const least = /TTL.*between \[([0-9.]+m?s)/.exec(error instanceof ConsulRefusal ? error.message : "")?.[1];
      if (least === undefined || secondsOf(least) <= ttlSeconds) throw error;
      return this.#create(secondsOf(least));
    }
    const { ID: id } = sessionSchema.pick({ ID: true }).parse(answer.body);
    return { id: leaseOf(id), ttlSeconds, renewedAt };
  }

  async #renew(lease: string): Promise<Renewed | undefined> {
    const renewedAt = this.clock.now();
    const path = `/v1/session/renew/${sessionOfLease(lease)}`;
    const { status, body } = await this.#client.ask({ method: "PUT", path }, [404]);
    const [found] = status === 404 ? [] : z.array(sessionSchema).parse(body);
    return found && { id: lease, ttlSeconds: secondsOf(found.TTL), renewedAt, position: 0n };
  }

  /** Moves all that one session holds to another one, and the claim. Each key is at no time absent. */
  async #move(from: string, to: string, options: SessionOptions, signal: AbortSignal): Promise<void> {
    const claim = claimKey(options.hostId);
    for (;;) {
      const held = await this.heldBy(from, signal);
      if (!held || held.size === 0) return;
      const some = [...held].slice(0, KEYS_AT_ONCE);
      const conditions = some.map(([key]) => ({ kind: "on-lease", key, lease: from }) as const);
      const writes = some.map(([key, value]) => {
        return { kind: "put", key, value: key === claim ? claimText(options, to, "held") : value } as const;
      });
      await this.transact({ conditions, writes, lease: to, otherwise: [] }, signal);
    }
  }
}

/**
 * The life of a session of which nothing is left after so many seconds: Consul ends one that is not renewed between its life and
 * twice as long.
 */
function sessionSeconds(ttlSeconds: number): number {
  return Math.max(LEAST_SECONDS, Math.ceil(ttlSeconds / 2));
}

function secondsOf(text: string): number {
  return text.endsWith("ms") ? Number.parseFloat(text) / 1_000 : Number.parseFloat(text);
}
