import { type Starts, startsAfter, startsOf } from "../core/decision/flapping.js";
import { taskOf } from "../core/decision/swarm.js";
import type { Container } from "../core/model/container.js";

/** How long it is remembered who was last in a slot. */
const MEMORY_MS = 600_000;

/** Who is, or was last, in a slot. */
interface Occupant {
  readonly id: string;
  readonly starts: Starts;
  /** Whether it was told to stop: one that comes after it does so because somebody wanted that. */
  readonly wasStopped: boolean;
  readonly seenAt: number;
}

/**
 * What is known of the tasks that come one after another in the slots of swarm: a task that crashes is never started
 * again, another container with another id takes its place.
 */
export class TaskSlots {
  readonly #occupants = new Map<string, Occupant>();

  /** What is known of the first start of a container that was not there before. */
  firstStarts(container: Container, now: number): Starts {
    const slot = liveSlotOf(container);
    const before = slot === undefined ? undefined : this.#occupants.get(slot);
    const isSuccessor = before !== undefined && before.id !== container.id && !before.wasStopped;
    return isSuccessor ? startsAfter(container, before.starts, now) : startsOf(container, undefined, now);
  }

  /** Takes in who is in its slot now. */
  note(container: Container, starts: Starts, now: number): void {
    const slot = liveSlotOf(container);
    if (slot === undefined) return;
    const before = this.#occupants.get(slot);
    const wasStopped = container.stopping || (before?.id === container.id && before.wasStopped);
    this.#occupants.set(slot, { id: container.id, starts, wasStopped, seenAt: now });
  }

  /** Forgets the slots in which nobody has been for long. */
  forget(now: number): void {
    for (const [slot, { seenAt }] of this.#occupants) if (now - seenAt > MEMORY_MS) this.#occupants.delete(slot);
  }
}

/** What has ended stays in swarm's history, and in no slot. */
function liveSlotOf(container: Container): string | undefined {
  return /^(created|running|paused|restarting)$/.test(container.status) ? taskOf(container)?.slot : undefined;
}
