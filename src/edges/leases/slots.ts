import { slotKey } from "../../core/model/keys.js";
import { HecdError } from "../../errors.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import type { Slot, SlotAnswer, SlotOptions } from "../../ports.js";
import { keepLease } from "./keep-lease.js";
import type { Lease, LeasedStore } from "./leased-store.js";

/** So long after its last sign of life the slot of a renderer is free again. */
const TTL_SECONDS = 15;

/** What giving a slot back may cost when the store is away: the lease does the rest. */
const LEAVING_MS = 2_000;

/**
 * Takes a slot in one attempt; see `Store.takeSlot`. It is kept until it is disposed, or `life` aborts.
 *
 * Waits while the store is away; throws `store-full` where the store has no space for it.
 */
export async function takeSlot(
  store: LeasedStore,
  options: SlotOptions,
  life: AbortSignal,
  signal: AbortSignal,
): Promise<SlotAnswer> {
  const holders: string[] = [];
  for (let number = 0; number < options.slots; number++) {
    const key = slotKey(options.group, number);
    const present = await store.look(key, signal);
    const slot = present ? undefined : await claim(store, key, options.holder, life, signal);
    if (slot) return { kind: "taken", slot };
    holders.push(present?.value ?? "somebody who was quicker");
  }
  return { kind: "occupied", holders };
}

/** Undefined when somebody was quicker. */
async function claim(
  store: LeasedStore,
  key: string,
  holder: string,
  life: AbortSignal,
  signal: AbortSignal,
): Promise<HeldSlot | undefined> {
  const lease = await store.grant(TTL_SECONDS, signal);
  if (lease === "full") throw fullFault(store);
  let isTaken = false;
  try {
    const write = { kind: "put", key, value: holder } as const;
    const change = { conditions: [{ kind: "absent", key } as const], writes: [write], lease: lease.id, otherwise: [] };
    const outcome = await store.transact(change, signal);
    if (outcome === "full") throw fullFault(store);
    isTaken = outcome !== "lease-gone" && outcome.kind === "made";
    return isTaken ? new HeldSlot(store, key, lease, life) : undefined;
  } finally {
    // Also when we were called off: what is left over dies by itself.
    if (!isTaken) await revoke(store, lease);
  }
}

/** A slot under a lease that is kept alive. */
class HeldSlot implements Slot {
  readonly lost: AbortSignal;
  readonly #store: LeasedStore;
  readonly #lease: Lease;
  readonly #ending = linkedSignal();
  readonly #ended: Promise<void>;

  constructor(store: LeasedStore, key: string, lease: Lease, life: AbortSignal) {
    this.#store = store;
    this.#lease = lease;
    const losing = new AbortController();
    this.lost = losing.signal;
    this.#ended = this.#keep(key, losing, life);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending[Symbol.dispose]();
    await this.#ended;
    if (!this.lost.aborted) await revoke(this.#store, this.#lease);
  }

  async #keep(key: string, losing: AbortController, life: AbortSignal): Promise<void> {
    using work = linkedSignal(this.#ending.signal, life);
    try {
      const at = { emit: () => undefined, key, reached: { position: 0n } };
      losing.abort(new Error(await keepLease(this.#store, this.#lease, at, work.signal)));
    } catch (error) {
      if (!work.signal.aborted) losing.abort(error);
    }
  }
}

async function revoke(store: LeasedStore, lease: Lease): Promise<void> {
  const tooLate = (): Error => new Error("the store does not answer");
  using limit = deadlineSignal(LEAVING_MS, tooLate, store.clock, new AbortController().signal);
  await store.revoke(lease.id, limit.signal).catch(() => undefined); // it ends by itself
  store.leave(lease.id);
}

function fullFault(store: LeasedStore): HecdError {
  return new HecdError({ code: "store-full", endpoints: [store.product], reason: "there is none for a slot" });
}
