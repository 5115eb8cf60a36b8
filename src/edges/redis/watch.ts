import { z } from "zod";
import type { KeyChange } from "../../core/model/snapshot.js";
import { reasonOf } from "../../errors.js";
import { Notifier } from "../../flow/notifier.js";
import type { KeyCache } from "../key-cache.js";
import type { StoreRequests } from "../store-requests.js";
import { type RedisAccess, RedisConnection } from "./connection.js";
import { listAll, readSince, WRITES } from "./listing.js";
import type { Names } from "./names.js";
import { channelOf } from "./scripts.js";

/** How often it is made sure that whoever is listened to is there, and that nothing was wiped. */
const PROOF_MS = 3_000;

/** How often everything is read anew where the Redis tells of every change, and where it does not. */
const RESYNC_MS = 60_000;
const POLL_MS = 5_000;

/** What is only told of the time that a key has left. */
const TIMINGS: ReadonlySet<string> = new Set(["expire", "persist"]);

const messageSchema = z.object({ revision: z.string().regex(/^[0-9]+$/), keys: z.array(z.string()) });

/** What a watch depends on. */
export interface WatchParts {
  readonly requests: StoreRequests;
  readonly access: RedisAccess;
  readonly names: Names;
}

/** Two connections: one that listens, and one that reads. */
interface Line extends Disposable {
  readonly listening: RedisConnection;
  readonly reading: RedisConnection;
  /** Whether the Redis tells of every change of a key, not merely of those that sessions make. */
  readonly isNotified: boolean;
  readonly prints: { readonly hashes: readonly string[]; readonly writes: number };
}

/**
 * Follows the keys below some paths.
 *
 * Which keys may have changed, Redis tells by its notifications where those are on, and sessions by messages of their own.
 * What they are now is read, all of them at one moment. Everything is read anew after each connection, where something was
 * wiped, and every now and then.
 */
export class RedisWatch {
  /** When it was last certain that there is no newer state, on the clock. */
  provenAt: number;
  readonly #parts: WatchParts;
  readonly #paths: readonly string[];
  readonly #cache: KeyCache;
  readonly #news = new Notifier();
  /** Names that may have changed, each with the revision of that where it was told. */
  readonly #touched = new Map<string, bigint | undefined>();
  #hasAdvised = false;

  constructor(parts: WatchParts, paths: readonly string[], cache: KeyCache) {
    this.#parts = parts;
    this.#paths = paths;
    this.#cache = cache;
    this.provenAt = parts.requests.clock.now();
  }

  /** Keeps the cache up to date until `signal` aborts, then rejects with its reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { requests } = this.#parts;
    for (let reason: string | undefined; ;) {
      using line = await requests.insist(() => this.#begin(), signal);
      if (reason !== undefined) {
        requests.emit({ kind: "watch-resumed", prefix: this.#paths.join(", "), how: "listed", reason });
      }
      try {
        await this.#follow(line, signal);
      } catch (error) {
        signal.throwIfAborted();
        reason = reasonOf(error);
      }
    }
  }

  /** Connects, listens, and only then reads everything. */
  async #begin(): Promise<Line> {
    const { access, names, requests } = this.#parts;
    const listening = await RedisConnection.open(access, requests.clock);
    let reading: RedisConnection | undefined;
    try {
      const { node } = listening;
      reading = await RedisConnection.open({ ...access, nodes: [node] }, requests.clock);
      const pattern = `__keyspace@${node.database}__:${names.patternFor(this.#paths)}`;
      this.#touched.clear();
      const ring = (): void => {
        this.#news.notify();
      };
      for (const { broken } of [listening, reading]) broken.addEventListener("abort", ring, { once: true });
      await listening.listen([channelOf(node.database)], [pattern], (message, channel) => {
        this.#hear(message, channel, pattern);
      });
      const isNotified = await this.#isNotified(reading);
      const prints = await this.#listAll(reading);
      const [from, to] = [listening, reading];
      return {
        ...{ listening, reading, isNotified, prints },
        [Symbol.dispose]() {
          from.close();
          to.close();
        },
      };
    } catch (error) {
      listening.close();
      reading?.close();
      throw error;
    }
  }

  async #follow({ listening, reading, isNotified, prints: first }: Line, signal: AbortSignal): Promise<never> {
    const { requests } = this.#parts;
    const { clock } = requests;
    let prints = first;
    for (let listedAt = clock.now(); ;) {
      const isRung = await this.#news.waitAtMost(PROOF_MS, clock, signal);
      for (const { broken } of [listening, reading]) {
        if (broken.aborted) await requests.ask(() => Promise.reject(broken.reason as Error), signal);
      }
      const isDue = clock.now() - listedAt >= (isNotified ? RESYNC_MS : POLL_MS);
      await requests.ask(async () => {
        const askedAt = clock.now();
        const read = isRung ? await this.#readTouched(reading, prints) : undefined;
        prints = read ?? prints;
        if (!read || isDue) {
          await listening.ping();
          if (isDue || isRung || (await isWiped(reading, prints.writes))) {
            prints = await this.#listAll(reading);
            listedAt = clock.now();
          }
        }
        this.provenAt = askedAt;
      }, signal);
    }
  }

  #hear(message: string, channel: string, pattern: string): void {
    const { names } = this.#parts;
    const prefix = pattern.slice(0, pattern.indexOf(":") + 1);
    if (channel.startsWith(prefix)) {
      const name = channel.slice(prefix.length);
      if (TIMINGS.has(message) || !names.isBelow(this.#paths, name)) return;
      if (!this.#touched.has(name)) this.#touched.set(name, undefined);
    } else {
      const told = messageSchema.safeParse(parsed(message)).data;
      const touched = told?.keys.filter((name) => names.isBelow(this.#paths, name)) ?? [];
      if (!told || touched.length === 0) return;
      for (const name of touched) this.#touched.set(name, BigInt(told.revision));
    }
    this.#news.notify();
  }

  /**
   * Reads what may have changed, and all that sessions have written since: of a key that moves on and on, the places that were
   * told of may all be of the past. Undefined where only a reading of everything can tell.
   */
  async #readTouched(
    reading: RedisConnection,
    { hashes, writes }: Line["prints"],
  ): Promise<Line["prints"] | undefined> {
    const { names } = this.#parts;
    const touched = new Map(this.#touched);
    this.#touched.clear();
    const roots = new Set([...hashes, ...this.#paths.map((path) => names.of(path))]);
    if ([...touched.keys()].some((name) => roots.has(name))) return undefined;
    const found = await readSince(reading, writes, [...touched.keys()], names);
    if (!found) return undefined;
    const changes: KeyChange[] = [];
    for (const [key, value] of found.found) {
      const name = names.of(key);
      if (!names.isBelow(this.#paths, name)) continue;
      const revision = touched.get(name) ?? found.told.get(key);
      if (value === undefined) changes.push({ kind: "delete", key, revision });
      else changes.push({ kind: "put", key, value, lease: found.leases.get(key), revision });
    }
    if (changes.length > 0) this.#cache.change(changes, found.revision);
    return { hashes, writes: found.writes };
  }

  async #listAll(reading: RedisConnection): Promise<Line["prints"]> {
    const { found, leases, revision, hashes, writes } = await listAll(reading, this.#paths, this.#parts.names);
    for (const path of this.#paths) {
      const below = new Map<string, string>();
      for (const [key, value] of found) {
        if (value !== undefined && this.#parts.names.isBelow([path], this.#parts.names.of(key))) below.set(key, value);
      }
      this.#cache.list(path, below, revision, leases);
    }
    return { hashes, writes };
  }

  /** Whether the Redis notifies of every change; it may not let us ask. */
  async #isNotified(reading: RedisConnection): Promise<boolean> {
    const answer = await reading.askOne("CONFIG", "GET", "notify-keyspace-events").catch((error: unknown) => {
      if (reading.broken.aborted) throw error;
      return [];
    });
    const flags = Array.isArray(answer) ? String(answer[1] ?? "") : "";
    const isNotified =
      flags.includes("K") && (flags.includes("A") || ["g", "$", "h", "x"].every((flag) => flags.includes(flag)));
    if (!isNotified && !this.#hasAdvised) {
      this.#hasAdvised = true;
      this.#parts.requests.emit({ kind: "advice", about: "Redis", advice: ADVICE });
    }
    return isNotified;
  }
}

const ADVICE = `it does not tell of every change, so what is set by hand, and what ends by itself, is seen up to ${POLL_MS / 1_000} s late; CONFIG SET notify-keyspace-events KA changes that`;

/** Whether there is less than there was: that is the one thing that Redis never tells. */
async function isWiped(reading: RedisConnection, writes: number): Promise<boolean> {
  const [now, size] = await reading.ask(["GET", WRITES], ["DBSIZE"]);
  return Number(now ?? 0) < writes || size === 0;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // anybody may publish anything there
  }
}
