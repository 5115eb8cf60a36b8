import { randomBytes } from "node:crypto";
import { z } from "zod";
import { hasCode } from "../../errors.js";
import type { SessionOptions } from "../../ports.js";
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
import type { LateConnection } from "../late-connection.js";
import type { StoreRequests } from "../store-requests.js";
import { leaseName } from "./listing.js";
import type { RedisConnection } from "./connection.js";
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

/** Leases in a Redis, as sessions need them: keys that end by themselves unless somebody keeps them. */
export class RedisLeases implements LeasedStore {
  readonly product = "Redis";
  readonly beatMs = BEAT_MS;
  readonly limits: RequestLimits = { writes: 500, characters: 1024 * 1024 };
  readonly clock: LeasedStore["clock"];
  readonly emit: LeasedStore["emit"];
  readonly #requests: StoreRequests;
  readonly #link: LateConnection<RedisConnection>;

  constructor(requests: StoreRequests, link: LateConnection<RedisConnection>) {
    this.#requests = requests;
    this.#link = link;
    this.clock = requests.clock;
    this.emit = requests.emit;
  }

  nameOf(lease: string): string {
    return lease;
  }

  async look(key: string, signal: AbortSignal): Promise<LeasedKey | undefined> {
    const answer = await this.#requests.insist(() => this.#run(LOOK, { key }), signal);
    const [found] = z.array(foundSchema).parse(JSON.parse(String(answer)));
    return found ? leasedKeyOf(found) : undefined;
  }

  async transact(change: LeasedChange, signal: AbortSignal, how?: "once"): Promise<ChangeOutcome | NoOutcome> {
    const { conditions, writes, lease, otherwise } = change;
    const request = () => this.#run(TRANSACT, { conditions, writes, lease, otherwise });
    try {
      const answer = await (how === "once"
        ? this.#requests.ask(request, signal)
        : this.#requests.insist(request, signal));
      const outcome = outcomeSchema.parse(JSON.parse(String(answer)));
      if ("gone" in outcome) return "lease-gone";
      const position = BigInt(outcome.writes);
      if ("revision" in outcome) return { kind: "made", revision: BigInt(outcome.revision), position };
      const found = Array.isArray(outcome.found) ? outcome.found : [];
      return { kind: "refused", found: found.map((each) => (each ? leasedKeyOf(each) : undefined)), position };
    } catch (error) {
      if (hasCode(error, "store-full")) return "full";
      throw error;
    }
  }

  async grant(ttlSeconds: number, signal: AbortSignal): Promise<Lease | "full"> {
    const id = randomBytes(8).toString("hex");
    let renewedAt = 0;
    try {
      await this.#requests.insist(() => {
        renewedAt = this.clock.now();
        return this.#run(GRANT, { lease: id, ttlMs: ttlSeconds * 1_000 });
      }, signal);
    } catch (error) {
      if (hasCode(error, "store-full")) return "full";
      throw error;
    }
    return { id, ttlSeconds, renewedAt };
  }

  adopt(lease: string, signal: AbortSignal): Promise<Lease | undefined> {
    return this.#requests.insist(() => this.#renew(lease), signal);
  }

  async outfit(lease: Lease, _: string, options: SessionOptions, signal: AbortSignal): Promise<Lease | NoOutcome> {
    if (lease.ttlSeconds === options.ttlSeconds) return lease;
    const ttlMs = options.ttlSeconds * 1_000;
    return (await this.#requests.insist(() => this.#renew(lease.id, ttlMs), signal)) ?? "lease-gone";
  }

  renew(lease: string, _: number, signal: AbortSignal): Promise<Renewed | undefined> {
    return this.#requests.ask(() => this.#renew(lease), signal);
  }

  async position(_: string, lease: string, signal: AbortSignal): Promise<bigint> {
    const question = () => this.#link.use((redis) => redis.askOne("HGET", leaseName(lease), ":writes"));
    return BigInt(Number(await this.#requests.ask(question, signal)));
  }

  async lifeOf(lease: string, signal: AbortSignal): Promise<number | undefined> {
    const question = () => this.#link.use((redis) => redis.askOne("HGET", leaseName(lease), ":ttl"));
    const life = await this.#requests.insist(question, signal);
    return life === null ? undefined : Number(life) / 1_000;
  }

  async heldBy(lease: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> {
    const answer = await this.#requests.insist(() => this.#run(HELD, { lease }), signal);
    if (!Array.isArray(answer)) return undefined;
    const held = new Map<string, string>();
    for (let at = 0; at < answer.length; at += 2) held.set(String(answer[at]), String(answer[at + 1]));
    return held;
  }

  async revoke(lease: string, signal: AbortSignal): Promise<void> {
    await this.#requests.ask(() => this.#run(REVOKE, { lease }), signal);
  }

  leave(): void {
    // Nothing is held open for a lease.
  }

  hasSpace(): void {
    this.#requests.hasSpace();
  }

  async #renew(lease: string, ttlMs?: number): Promise<Renewed | undefined> {
    const renewedAt = this.clock.now();
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
