import { z } from "zod";
import type { Clock } from "../../flow/clock.js";
import type { ChangeOutcome, Lease, LeasedChange, LeasedKey, LeasedStore, Renewed } from "../leases/leased-store.js";
import { type LeaseRequests, RequestedLeases } from "../leases/requested-leases.js";
import type { StoreRequests } from "../store-requests.js";
import { carryOutTransaction, readPair } from "./changes.js";
import { type ConsulAnswer, type ConsulClient, ConsulRefusal } from "./client.js";
import { type ConsulNames, leaseOf, listPairs, sessionOfLease } from "./listing.js";

const sessionSchema = z.object({ ID: z.uuid(), TTL: z.string().regex(/^[0-9.]+(m?s)$/) });

/** Consul takes no shorter life of a session unless it is told to. */
const LEAST_SECONDS = 10;

/** The sessions of a Consul as leases: each key of an agent is locked by its session, and is deleted with it. */
export function consulLeases(requests: StoreRequests, client: ConsulClient, names: ConsulNames): LeasedStore {
  return new RequestedLeases(requests, new ConsulSessions(client, names, requests.clock));
}

class ConsulSessions implements LeaseRequests {
  /** Each write is two of 64 operations, and one is the claim's. */
  readonly limits = { writes: 30, characters: 128 * 1024 };
  readonly #client: ConsulClient;
  readonly #names: ConsulNames;
  readonly #clock: Clock;

  constructor(client: ConsulClient, names: ConsulNames, clock: Clock) {
    this.#client = client;
    this.#names = names;
    this.#clock = clock;
  }

  look(key: string): Promise<LeasedKey | undefined> {
    return readPair(this.#client, this.#names, key);
  }

  transact(change: LeasedChange): Promise<ChangeOutcome | "lease-gone"> {
    return carryOutTransaction(change, this.#client, this.#names);
  }

  /** Consul ends a session that is not renewed between its life and twice as long. */
  lifeWithin(ttlSeconds: number): number {
    return Math.max(LEAST_SECONDS, Math.ceil(ttlSeconds / 2));
  }

  async grant(ttlSeconds: number): Promise<Lease> {
    const renewedAt = this.#clock.now();
    const body = { Name: "hecd", TTL: `${ttlSeconds}s`, Behavior: "delete", LockDelay: "0s", NodeChecks: [] };
    let answer: ConsulAnswer;
    try {
      answer = await this.#client.ask({ method: "PUT", path: "/v1/session/create", body });
    } catch (error) {
      // A Consul may ask for longer lives than is usual.
      const least = /TTL.*between \[([0-9.]+m?s)/.exec(error instanceof ConsulRefusal ? error.message : "")?.[1];
      if (least === undefined || secondsOf(least) <= ttlSeconds) throw error;
      return this.grant(secondsOf(least));
    }
    const { ID: id } = sessionSchema.pick({ ID: true }).parse(answer.body);
    return { id: leaseOf(id), ttlSeconds, renewedAt };
  }

  async renew(lease: string): Promise<Renewed | undefined> {
    const renewedAt = this.#clock.now();
    const path = `/v1/session/renew/${sessionOfLease(lease)}`;
    const { status, body } = await this.#client.ask({ method: "PUT", path }, [404]);
    const [found] = status === 404 ? [] : z.array(sessionSchema).parse(body);
    return found && { id: lease, ttlSeconds: secondsOf(found.TTL), renewedAt, position: 0n };
  }

  /** A renewal does not say how far the Consul is, so that nobody asks. */
  position(): Promise<bigint> {
    return Promise.resolve(0n);
  }

  async lifeOf(lease: string): Promise<number | undefined> {
    const path = `/v1/session/info/${sessionOfLease(lease)}`;
    const { body } = await this.#client.ask({ method: "GET", path });
    const [found] = z.array(sessionSchema).parse(body);
    return found && secondsOf(found.TTL);
  }

  async heldBy(lease: string): Promise<ReadonlyMap<string, string> | undefined> {
    if ((await this.lifeOf(lease)) === undefined) return undefined;
    const { pairs } = await listPairs(this.#client, this.#names, "");
    const own = [...pairs.values()].filter((pair) => pair.lease === lease);
    return new Map(own.map(({ key, value }) => [key, value]));
  }

  async revoke(lease: string): Promise<void> {
    await this.#client.ask({ method: "PUT", path: `/v1/session/destroy/${sessionOfLease(lease)}` });
  }
}

function secondsOf(text: string): number {
  return text.endsWith("ms") ? Number.parseFloat(text) / 1_000 : Number.parseFloat(text);
}
