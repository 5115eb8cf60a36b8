import type { Snapshot } from "../core/model/snapshot.js";
import type { Clock } from "../flow/clock.js";
import { deadlineSignal } from "../flow/deadline.js";
import type { Store } from "../ports.js";
import type { LoopEvent } from "./loop-state.js";

/** A turn waits for no longer to hear whether a loss was meant: others wait behind it. */
const EVIDENCE_MS = 1_000;

/** Who is asked, and what tells the time. */
interface Asked {
  readonly store: Store;
  readonly clock: Clock;
}

/** What the store holds now; of one that does not answer nothing is known. */
export async function askStore(
  { store, clock }: Asked,
  prefixes: readonly string[],
  signal: AbortSignal,
): Promise<LoopEvent> {
  try {
    const snapshot = await store.read(prefixes, signal);
    return { kind: "answered", snapshot, at: clock.now() };
  } catch {
    signal.throwIfAborted();
    return { kind: "unanswered", at: clock.now() };
  }
}

/** What tells whether a loss was meant; undefined where the store does not say so at once. */
export async function readAtOnce(
  { store, clock }: Asked,
  prefixes: readonly string[],
  signal: AbortSignal,
): Promise<Snapshot | undefined> {
  using limit = deadlineSignal(EVIDENCE_MS, () => new Error("the store does not answer"), clock, signal);
  try {
    return await store.read(prefixes, limit.signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
