import type { RedisCommand, RedisConnection } from "./connection.js";
import type { Names } from "./names.js";

/** Every lease. */
export const LEASES = "hecd:leases";

/** How many writes sessions have made; the names of the last ones are in `LOG`, the newest first. */
export const WRITES = "hecd:writes";
export const LOG = "hecd:log";

/** So many names `LOG` has at most. */
export const LOGGED = 4_096;

/** What a lease holds: name by name the value, beside fields of its own that begin with a colon. */
export function leaseName(id: string): string {
  return `hecd:lease:${id}`;
}

/** Some keys as they were at one moment. */
export interface NamesFound {
  /** By key; undefined for one that was asked for and is not there. */
  readonly found: ReadonlyMap<string, string | undefined>;
  /** The lease on which each hangs. */
  readonly leases: ReadonlyMap<string, string>;
  /** By the clock of the Redis, in microseconds. */
  readonly revision: bigint;
  readonly writes: number;
}

/** Names that one command asks for. */
const AT_ONCE = 500;

/**
 * All that there is below some paths, as it was at one moment.
 *
 * Names are looked for piece by piece, so that nobody else has to wait. What sessions have written meanwhile is asked for
 * as well, so that a key that moves is seen in one of its places. Where a path is a hash, its fields are the keys below it, as
 * confd has it.
 */
export async function listAll(
  connection: RedisConnection,
  paths: readonly string[],
  names: Names,
): Promise<NamesFound & { readonly hashes: readonly string[] }> {
  const roots = paths.map((path) => names.of(path)).filter((name) => name !== "");
  for (;;) {
    const before = Number((await connection.askOne("GET", WRITES)) ?? 0);
    const found = new Set([...roots, ...(await scan(connection, names.patternFor(paths)))]);
    const listing = await readMoved(connection, { found, before, paths, names });
    if (!listing) continue;
    const { hashes, entries } = await readHashes(connection, roots, names);
    return { ...listing, found: new Map([...listing.found, ...entries]), hashes };
  }
}

/** The keys with these names, as they were at one moment. */
export async function readNames(
  connection: RedisConnection,
  wanted: readonly string[],
  names: Names,
): Promise<NamesFound> {
  for (;;) {
    const ids = textsOf(await connection.askOne("SMEMBERS", LEASES)).sort();
    const chunks = chunksOf(wanted);
    const commands: RedisCommand[] = [["TIME"], ["GET", WRITES], ["SMEMBERS", LEASES]];
    for (const chunk of chunks) {
      commands.push(["MGET", ...chunk], ...ids.map((id): RedisCommand => ["HMGET", leaseName(id), ...chunk]));
    }
    const [time, writes, leases, ...answers] = await connection.askAtOnce(commands);
    if (textsOf(leases).sort().join() !== ids.join()) continue;
    const [seconds = 0, microseconds = 0] = textsOf(time);
    const revision = BigInt(seconds) * 1_000_000n + BigInt(microseconds);
    const found = new Map<string, string | undefined>();
    const holders = new Map<string, string>();
    for (const chunk of chunks) {
      const [values = [], ...held] = answers.splice(0, 1 + ids.length).map(listOf);
      for (const [at, name] of chunk.entries()) {
        const key = names.keyOf(name);
        const value = values[at];
        found.set(key, typeof value === "string" ? value : undefined);
        const holder = ids.find((_, lease) => typeof value === "string" && held[lease]?.[at] === value);
        if (holder !== undefined) holders.set(key, holder);
      }
    }
    return { found, leases: holders, revision, writes: Number(writes ?? 0) };
  }
}

/** The names that were found, and those that sessions have written since; undefined when those cannot be told any more. */
async function readMoved(
  connection: RedisConnection,
  search: {
    readonly found: ReadonlySet<string>;
    readonly before: number;
    readonly paths: readonly string[];
    readonly names: Names;
  },
): Promise<NamesFound | undefined> {
  const { paths, names } = search;
  const found = new Set([...search.found].filter((name) => names.isBelow(paths, name)));
  for (let { before } = search; ;) {
    const listing = await readNames(connection, [...found], names);
    const missed = listing.writes - before;
    if (missed === 0) return listing;
    if (missed < 0 || missed > LOGGED) return undefined;
    const written = textsOf(await connection.askOne("LRANGE", LOG, "0", String(missed - 1)));
    const unknown = written.filter((name) => names.isBelow(paths, name) && !found.has(name));
    if (unknown.length === 0) return listing;
    for (const name of unknown) found.add(name);
    before = listing.writes;
  }
}

async function scan(connection: RedisConnection, pattern: string): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor = "0";
  do {
    const [next, names] = listOf(await connection.askOne("SCAN", cursor, "MATCH", pattern, "COUNT", "1000"));
    found.push(...textsOf(names));
    cursor = String(next);
  } while (cursor !== "0");
  return found;
}

/** The fields of those that are hashes. */
async function readHashes(
  connection: RedisConnection,
  roots: readonly string[],
  names: Names,
): Promise<{ readonly hashes: readonly string[]; readonly entries: ReadonlyMap<string, string> }> {
  const kinds = await connection.ask(...roots.map((name): RedisCommand => ["TYPE", name]));
  const hashes = roots.filter((_, at) => kinds[at] === "hash");
  const entries = new Map<string, string>();
  for (const hash of hashes) {
    const fields = textsOf(await connection.askOne("HGETALL", hash));
    for (let at = 0; at < fields.length; at += 2) {
      entries.set(names.keyOf(`${hash}/${fields[at] ?? ""}`), fields[at + 1] ?? "");
    }
  }
  return { hashes, entries };
}

function chunksOf(names: readonly string[]): readonly (readonly [string, ...string[]])[] {
  const chunks: (readonly [string, ...string[]])[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const [first, ...others] = names.slice(at, at + AT_ONCE);
    if (first !== undefined) chunks.push([first, ...others]);
  }
  return chunks;
}

function listOf(answer: unknown): readonly unknown[] {
  if (!Array.isArray(answer)) throw new Error("it has answered with something else than a list");
  return answer;
}

function textsOf(answer: unknown): string[] {
  return listOf(answer).map(String);
}
