import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../flow/clock.js";
import type { LateConnection } from "../late-connection.js";
import type { ChangeOutcome, Lease, LeasedChange, LeasedKey, LeasedStore, Renewed } from "../leases/leased-store.js";
import { type LeaseRequests, RequestedLeases } from "../leases/requested-leases.js";
import type { StoreRequests } from "../store-requests.js";
import type { RedisConnection } from "./connection.js";
import { leaseName } from "./listing.js";
import { channelOf, GRANT, HELD, LOOK, RENEW, REVOKE, TRANSACT } from "./scripts.js";

const foundSchema = z.union([
  z.literal(false),
  z.object({
    key: z.string(),
    value: z.string(),
    version: z.string(),
    leased: z.boolean(),
    lease: z.string().optional(),
  }),
]);

const outcomeSchema = z.union([
  z.object({ gone: z.literal(true) }),
  z.object({ revision: z.string(), writes: z.string() }),
  // An empty list is `{}` in Lua's JSON.
  z.object({ found: z.union([z.array(foundSchema), z.object({})]), writes: z.string() }),
]);

/** Leases in a Redis: keys that end by themselves unless somebody keeps them. */
export function redisLeases(requests: StoreRequests, link: LateConnection<RedisConnection>): LeasedStore {
  return new RequestedLeases(requests, new EndingKeys(link, requests.clock));
}

class EndingKeys implements LeaseRequests {
  readonly limits = { writes: 500, characters: 1024 * 1024 };
  readonly #link: LateConnection<RedisConnection>;
  readonly #clock: Clock;

  constructor(link: LateConnection<RedisConnection>, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  async look(key: string): Promise<LeasedKey | undefined> {
    const answer = await this.#run(LOOK, { key });
    const [found] = z.array(foundSchema).parse(JSON.parse(String(answer)));
    return found ? leasedKeyOf(found) : undefined;
  }

  async transact({ conditions, writes, lease, otherwise }: LeasedChange): Promise<ChangeOutcome | "lease-gone"> {
    const answer = await this.#run(TRANSACT, { conditions, writes, lease, otherwise });
    const outcome = outcomeSchema.parse(JSON.parse(String(answer)));
    if ("gone" in outcome) return "lease-gone";
    const position = BigInt(outcome.writes);
    if ("revision" in outcome) return { kind: "made", revision: BigInt(outcome.revision), position };
    const found = Array.isArray(outcome.found) ? outcome.found : [];
    return { kind: "refused", found: found.map((each) => (each ? leasedKeyOf(each) : undefined)), position };
  }

  lifeWithin(ttlSeconds: number): number {
    return ttlSeconds;
  }

  async grant(ttlSeconds: number): Promise<Lease> {
    const [id, renewedAt] = [randomBytes(8).toString("hex"), this.#clock.now()];
    await this.#run(GRANT, { lease: id, ttlMs: ttlSeconds * 1_000 });
    return { id, ttlSeconds, renewedAt };
  }

  renew(lease: string): Promise<Renewed | undefined> {
    return this.#renew(lease);
  }

  renewFor(lease: string, lifeSeconds: number): Promise<Renewed | undefined> {
    return this.#renew(lease, lifeSeconds * 1_000);
  }

  async position(_: string, lease: string): Promise<bigint> {
    return BigInt(Number(await this.#link.use((redis) => redis.askOne("HGET", leaseName(lease), ":writes"))));
  }

  async lifeOf(lease: string): Promise<number | undefined> {
    const life = await this.#link.use((redis) => redis.askOne("HGET", leaseName(lease), ":ttl"));
    return life === null ? undefined : Number(life) / 1_000;
  }

  async heldBy(lease: string): Promise<ReadonlyMap<string, string> | undefined> {
    const answer = await this.#run(HELD, { lease });
    if (!Array.isArray(answer)) return undefined;
    const held = new Map<string, string>();
    for (let at = 0; at < answer.length; at += 2) held.set(String(answer[at]), String(answer[at + 1]));
    return held;
  }

  async revoke(lease: string): Promise<void> {
    await this.#run(REVOKE, { lease });
  }

  async #renew(lease: string, ttlMs?: number): Promise<Renewed | undefined> {
    const renewedAt = this.#clock.now();
    const answer = await this.#run(RENEW, { lease, ttlMs });
    if (!Array.isArray(answer)) return undefined;
    const [writes, life] = answer.map(Number);
    return { id: lease, ttlSeconds: (life ?? 0) / 1_000, renewedAt, position: BigInt(writes ?? 0) };
  }

  #run(script: string, input: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#link.use((redis) => {
      const channel = channelOf(redis.node.database);
      return redis.askOne("EVAL", script, "0", JSON.stringify({ ...input, channel }));
    });
  }
}

function leasedKeyOf({
  key,
  value,
  version,
  leased: isLeased,
  lease,
}: Exclude<z.infer<typeof foundSchema>, false>): LeasedKey {
  return { key, value, lease, isLeased, version };
}
