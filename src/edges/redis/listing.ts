import type { RedisCommand, RedisConnection } from "./connection.js";
import type { Names } from "./names.js";

/** Every lease. */
export const LEASES = "hecd:leases";

/** How many writes sessions have made; the last ones are in `LOG`, the newest first, each as its revision and its name. */
export const WRITES = "hecd:writes";
export const LOG = "hecd:log";

/** So many writes `LOG` has at most. */
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
  /** The revision at which a session has written each, where it is among the last. */
  readonly told: ReadonlyMap<string, bigint>;
  /** By the clock of the Redis, in microseconds. */
  readonly revision: bigint;
  readonly writes: number;
}

/**
 * Reads keys by their names as one, and with them those that sessions have written since `before` writes, as far as `LOG`
 * tells; -1 in the fourth place where it does not.
 */
const READ = `
local input = cjson.decode(ARGV[1])
local names = input.names
local told, revisions = {}, {}
local time = redis.call('TIME')
local writes = tonumber(redis.call('GET', '${WRITES}') or '0')
if input.before then
  local missed = writes - input.before
  if missed < 0 or missed > ${LOGGED} then return { time[1], time[2], writes, -1 } end
  local known = {}
  for _, name in ipairs(names) do known[name] = true end
  for _, entry in ipairs(missed > 0 and redis.call('LRANGE', '${LOG}', 0, missed - 1) or {}) do
    local revision, name = string.match(entry, '^(%d+) (.*)$')
    if not known[name] then names[#names + 1] = name end
    known[name] = true
    told[#told + 1] = name
    revisions[#revisions + 1] = revision
  end
end
local function all(...)
  local found = {}
  for at = 1, #names, 500 do
    local command = { ... }
    for next = at, math.min(at + 499, #names) do command[#command + 1] = names[next] end
    for _, value in ipairs(redis.call(unpack(command))) do found[#found + 1] = value end
  end
  return found
end
local leases = redis.call('SMEMBERS', '${LEASES}')
local held = {}
for _, id in ipairs(leases) do held[#held + 1] = all('HMGET', 'hecd:lease:' .. id) end
return { time[1], time[2], writes, 0, names, all('MGET'), leases, held, told, revisions }`;

/**
 * All that there is below some paths, as it was at one moment.
 *
 * Names are looked for piece by piece, so that nobody else has to wait. What sessions have written meanwhile is read as well,
 * so that a key that moves is seen in one of its places. Where a path is a hash, its fields are the keys below it, as confd has
 * it.
 */
export async function listAll(
  connection: RedisConnection,
  paths: readonly string[],
  names: Names,
): Promise<NamesFound & { readonly hashes: readonly string[] }> {
  const roots = paths.map((path) => names.of(path)).filter((name) => name !== "");
  for (;;) {
    const before = Number((await connection.askOne("GET", WRITES)) ?? 0);
    const scanned = await scan(connection, names.patternFor(paths));
    const wanted = new Set([...roots, ...scanned.filter((name) => names.isBelow(paths, name))]);
    const listing = await readSince(connection, before, [...wanted], names);
    if (!listing) continue;
    const { hashes, entries } = await readHashes(connection, roots, names);
    const below = [...listing.found].filter(([key]) => names.isBelow(paths, names.of(key)));
    return { ...listing, found: new Map([...below, ...entries]), hashes };
  }
}

/**
 * The keys with these names, and those that sessions have written since there were `before` writes, as they were at one
 * moment; undefined where it cannot be told any more which those are.
 */
export async function readSince(
  connection: RedisConnection,
  before: number,
  wanted: readonly string[],
  names: Names,
): Promise<NamesFound | undefined> {
  const input = JSON.stringify({ names: wanted, before });
  const answer = listOf(await connection.askOne("EVAL", READ, "0", input));
  const [seconds, microseconds, writes, state] = answer.map(String);
  if (state === "-1") return undefined;
  const [read, values, leases, held, logged, revisions] = answer.slice(4).map(listOf);
  const found = new Map<string, string | undefined>();
  const holders = new Map<string, string>();
  const holdings = (held ?? []).map(listOf);
  for (const [at, name] of (read ?? []).map(String).entries()) {
    const [key, value] = [names.keyOf(name), values?.[at]];
    found.set(key, typeof value === "string" ? value : undefined);
    if (typeof value !== "string") continue;
    const holder = holdings.findIndex((each) => each[at] === value);
    if (holder >= 0) holders.set(key, String(leases?.[holder]));
  }
  const told = new Map<string, bigint>();
  for (const [at, name] of (logged ?? []).map(String).entries()) {
    const key = names.keyOf(name);
    if (!told.has(key)) told.set(key, BigInt(String(revisions?.[at]))); // the newest comes first
  }
  const revision = BigInt(seconds ?? 0) * 1_000_000n + BigInt(microseconds ?? 0);
  return { found, leases: holders, told, revision, writes: Number(writes) };
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

function listOf(answer: unknown): readonly unknown[] {
  if (!Array.isArray(answer)) throw new Error("it has answered with something else than a list");
  return answer;
}

function textsOf(answer: unknown): string[] {
  return listOf(answer).map(String);
}
