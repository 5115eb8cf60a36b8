import { claimKey } from "../../core/model/keys.js";
import { foreignHolder, formatClaim, parseClaim } from "../../core/registry/claim.js";
import { HecdError } from "../../errors.js";
import { sleep } from "../../flow/clock.js";
import { Outage } from "../../flow/outage.js";
import type { SessionOptions } from "../../ports.js";
import type { LeasedCondition, Lease, LeasedKey, LeasedStore } from "./leased-store.js";

/** How often a claim that another agent holds is looked at. */
const LOOK_MS = 1_000;

/** A claim that is ours now. */
export interface Claimed {
  readonly lease: Lease;
  /** Whether the lease is an earlier one, with what hangs on it. */
  readonly adopted: boolean;
  /** What the claim reads: an earlier one of this very agent, where the store has no space for the new one. */
  readonly text: string;
}

/**
 * Claims a host, and waits for it as long as another agent holds it.
 *
 * Takes over a claim that was released or is of this very agent, with its lease if that is still alive. Where it is
 * not, nothing of it is left: a store says so of a lease only when its keys are gone. `previous` is the lease this process
 * had for the host before, which counts when somebody has deleted the claim.
 */
export async function claimHost(
  store: LeasedStore,
  options: SessionOptions,
  previous: string | undefined,
  signal: AbortSignal,
): Promise<Claimed> {
  const key = claimKey(options.hostId);
  const { emit = store.emit } = options;
  const waiting = new Outage(store.clock);
  for (let looks = 0; ; looks++) {
    const pair = await store.look(key, signal);
    const holder = pair && foreignHolder(pair.value, options, previous !== undefined);
    if (!pair || holder === undefined) {
      const claimed = await take(store, options, pair, pair ? pair.lease : previous, signal);
      if (claimed === "full") await sleep(LOOK_MS, store.clock, signal);
      else if (claimed) return claimed;
      continue;
    }
    if (options.onHeld === "fail" && (await mustLive(store, pair.lease, looks * LOOK_MS, signal))) {
      throw new HecdError({ code: "host-held", what: key, holder });
    }
    const lastedMs = waiting.failed();
    if (lastedMs !== undefined) emit({ kind: "claim-held", key, holder, lastedMs });
    await sleep(LOOK_MS, store.clock, signal);
  }
}

/** The claim of a host under a lease by its name; it names this very process, so that nobody else's claim passes for ours. */
export function claimText(
  { hostId, agent, holder }: SessionOptions,
  lease: string,
  state: "held" | "released",
): string {
  return formatClaim({ host: hostId, agent, lease, released: state === "released", holder });
}

/**
 * One attempt; undefined when what was seen no longer holds, `full` when the store has no space for the claim: the next attempt
 * renews the earlier lease once more.
 */
async function take(
  store: LeasedStore,
  options: SessionOptions,
  seen: LeasedKey | undefined,
  earlier: string | undefined,
  signal: AbortSignal,
): Promise<Claimed | "full" | undefined> {
  const adopted = earlier === undefined ? undefined : await store.adopt(earlier, signal);
  const lease = adopted ?? (await store.grant(options.ttlSeconds, signal));
  if (lease === "full") return lease;
  let isTaken = false;
  try {
    // A dead lease has taken the claim along.
    const key = claimKey(options.hostId);
    const present = adopted ? seen : await store.look(key, signal);
    if (present && present.version !== seen?.version) return undefined;
    const condition: LeasedCondition = present
      ? { kind: "unchanged", key, version: present.version }
      : { kind: "absent", key };
    const value = claimText(options, store.nameOf(lease.id), "held");
    const change = { conditions: [condition], lease: lease.id, otherwise: [] };
    const outcome = await store.transact({ ...change, writes: [{ kind: "put", key, value }] }, signal);
    if (outcome === "full") return adopted && seen ? earlierClaim(seen, options, adopted) : "full";
    isTaken = outcome !== "lease-gone" && outcome.kind === "made";
    if (!isTaken) return undefined;
    store.hasSpace();
    if (adopted === undefined || earlier === undefined) return { lease, adopted: false, text: value };
    const kept = await store.outfit(adopted, earlier, options, signal);
    if (kept === "full") return { lease, adopted: true, text: value };
    if (kept === "lease-gone") return undefined;
    return { lease: kept, adopted: true, text: claimText(options, store.nameOf(kept.id), "held") };
  } finally {
    // Tried once and in its own short time, also when we were called off: what is left over dies by itself.
    if (!isTaken && !adopted) await store.revoke(lease.id, new AbortController().signal).catch(() => undefined);
  }
}

/** The claim as an earlier process of this very agent has left it, which is as good: what has ended can be removed. */
function earlierClaim({ value }: LeasedKey, { agent }: SessionOptions, lease: Lease): Claimed | "full" {
  return parseClaim(value)?.agent === agent ? { lease, adopted: true, text: value } : "full";
}

/**
 * Whether the agent behind a claim must be alive, because we have seen the claim held for `heldMs`.
 *
 * That of a dead one ends with its lease; after twice the time, since a store whose servers change roles may give every
 * lease its whole life once more.
 */
async function mustLive(
  store: LeasedStore,
  lease: string | undefined,
  heldMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (lease === undefined) return true;
  const life = await store.lifeOf(lease, signal);
  return life !== undefined && heldMs > 2_000 * life;
}
