import { z } from "zod";
import {
  type ChangeOutcome,
  holds,
  type LeasedChange,
  type LeasedCondition,
  type LeasedKey,
} from "../leases/leased-store.js";
import type { ConsulClient } from "./client.js";
import { type ConsulNames, type FoundPair, pairSchema, sessionOfLease, urlOf } from "./listing.js";
import { carryOutTogether, encoded, type PairOperation } from "./transaction.js";

const madeSchema = z.object({
  Results: z.array(z.object({ KV: z.object({ ModifyIndex: z.int() }).optional() })).nullish(),
});

/** Reads one key. */
export async function readPair(client: ConsulClient, names: ConsulNames, key: string): Promise<LeasedKey | undefined> {
  const path = `/v1/kv/${urlOf(names.of(key))}?consistent`;
  const { status, body } = await client.ask({ method: "GET", path }, [404]);
  const [found] = status === 404 ? [] : z.array(pairSchema).parse(body);
  const pair = found && names.read(found);
  return pair && leasedKeyOf(pair);
}

/**
 * Carries out a change if all its conditions hold, as one transaction.
 *
 * Consul has no condition about a value: a key that must have one is read first, and must still be at that index.
 */
export async function carryOutTransaction(
  change: LeasedChange,
  client: ConsulClient,
  names: ConsulNames,
): Promise<ChangeOutcome | "lease-gone"> {
  const session = sessionOfLease(change.lease);
  for (;;) {
    const known = new Map<string, LeasedKey | undefined>();
    for (const { kind, key } of change.conditions) {
      if (kind === "has-value") known.set(key, await readPair(client, names, key));
    }
    if (change.conditions.every((condition) => mayHold(condition, known))) {
      const outcome = await carryOutTogether(client, operationsOf(change, { known, names, session }));
      if (outcome.kind === "made") {
        const revision = revisionIn(outcome.body) || (await indexOf(client, names, change));
        return { kind: "made", revision, position: 0n };
      }
      if (outcome.reasons.some((reason) => /invalid session|session .*not found/i.test(reason))) return "lease-gone";
    }
    const found = await readPairs(client, names, change.otherwise);
    if (!(await stillHolds(change, client, names))) return { kind: "refused", found, position: 0n };
  }
}

/** Whether all conditions hold after all: somebody was faster, and it is as it was. */
async function stillHolds({ conditions }: LeasedChange, client: ConsulClient, names: ConsulNames): Promise<boolean> {
  const found = await readPairs(
    client,
    names,
    conditions.map(({ key }) => key),
  );
  return conditions.every((condition, at) => holds(condition, found[at]));
}

/** Reads keys, many at once. */
export async function readPairs(
  client: ConsulClient,
  names: ConsulNames,
  keys: readonly string[],
): Promise<readonly (LeasedKey | undefined)[]> {
  return Promise.all(keys.map((key) => readPair(client, names, key)));
}

function mayHold(condition: LeasedCondition, known: ReadonlyMap<string, LeasedKey | undefined>): boolean {
  return condition.kind !== "has-value" || holds(condition, known.get(condition.key));
}

function operationsOf(
  { conditions, writes, lease }: LeasedChange,
  {
    known,
    names,
    session,
  }: {
    readonly known: ReadonlyMap<string, LeasedKey | undefined>;
    readonly names: ConsulNames;
    readonly session: string;
  },
): readonly PairOperation[] {
  const checks = conditions.map((condition): PairOperation => {
    const Key = names.of(condition.key);
    switch (condition.kind) {
      case "absent":
        return { Verb: "check-not-exists", Key };
      case "unchanged":
        return { Verb: "check-index", Key, Index: Number(condition.version) };
      case "has-value":
        return { Verb: "check-index", Key, Index: Number(known.get(condition.key)?.version) };
      case "on-lease":
        return { Verb: "check-session", Key, Session: sessionOfLease(condition.lease) };
    }
  });
  const changes = writes.flatMap((write): readonly PairOperation[] => {
    const Key = names.of(write.key);
    if (write.kind === "delete") return [{ Verb: "delete", Key }];
    const lock = { Verb: "lock", Key, Value: encoded(write.value), Session: session };
    const holder = conditions.find(({ kind, key }) => kind === "on-lease" && key === write.key);
    // What another session of ours holds is let go of within the same transaction.
    return holder?.kind === "on-lease" && holder.lease !== lease
      ? [{ Verb: "unlock", Key, Session: sessionOfLease(holder.lease) }, lock]
      : [lock];
  });
  return [...checks, ...changes];
}

/** How far the store is after a change that has only deleted, of which its answer says nothing. */
async function indexOf(client: ConsulClient, names: ConsulNames, { writes }: LeasedChange): Promise<bigint> {
  const path = `/v1/kv/${urlOf(names.of(writes[0]?.key ?? ""))}?consistent`;
  return (await client.ask({ method: "GET", path }, [404])).index;
}

/** Where it was made: the newest index of what was put; 0 where nothing was. */
function revisionIn(body: unknown): bigint {
  const { Results } = madeSchema.parse(body);
  return BigInt(Math.max(0, ...(Results ?? []).map(({ KV }) => KV?.ModifyIndex ?? 0)));
}

function leasedKeyOf({ key, value, lease, changedAt }: FoundPair): LeasedKey {
  return { key, value, lease, isLeased: lease !== undefined, version: String(changedAt) };
}
