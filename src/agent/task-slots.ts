import { type Starts, startsAfter, startsOf } from "../core/decision/flapping.js";
import { taskOf } from "../core/labels/swarm-task.js";
import type { Container } from "../core/model/container.js";

/** How long it is remembered who was last in a slot. */
const MEMORY_MS = 600_000;

/** Who is, or was last, in a slot. */
interface Occupant {
  readonly id: string;
  readonly starts: Starts;
  readonly hasEnded: boolean;
  /** Whether it was told to stop: one that comes after it does so because somebody wanted that. */
  readonly wasStopped: boolean;
  /** When it was seen alive last, in the clock's milliseconds. */
  readonly aliveAt: number;
}

/**
 * What is known of the tasks that come one after another in the slots of swarm: a task that crashes is never started
 * again, another container with another id takes its place.
 */
export class TaskSlots {
  readonly #occupants = new Map<string, Occupant>();

  /** Takes in what has become of those who are in the slots, by the newest state of all containers. */
  take(containers: readonly Container[], now: number): void {
    if (this.#occupants.size === 0) return;
    const present = new Map(containers.map((container) => [container.id, container]));
    for (const [slot, occupant] of this.#occupants) {
      const container = present.get(occupant.id);
      const hasEnded = occupant.hasEnded || container === undefined || !isAlive(container);
      const wasStopped = occupant.wasStopped || container?.stopping !== undefined;
      const aliveAt = hasEnded ? occupant.aliveAt : now;
      if (now - aliveAt > MEMORY_MS) this.#occupants.delete(slot);
      else this.#occupants.set(slot, { ...occupant, hasEnded, wasStopped, aliveAt });
    }
  }

  /** What is known of the starts of a container that was not there before. */
  firstStarts(container: Container, now: number): Starts {
    const slot = isAlive(container) ? taskOf(container)?.slot : undefined;
    const before = slot === undefined ? undefined : this.#occupants.get(slot);
    const isAfterCrash = before !== undefined && before.hasEnded && !before.wasStopped;
    return isAfterCrash ? startsAfter(container, before.starts, now) : startsOf(container, undefined, now);
  }

  /** Takes in who is in its slot from now on. */
  enter(container: Container, starts: Starts, now: number): void {
    const slot = isAlive(container) ? taskOf(container)?.slot : undefined;
    if (slot === undefined) return;
    const wasStopped = container.stopping !== undefined;
    this.#occupants.set(slot, { id: container.id, starts, hasEnded: false, wasStopped, aliveAt: now });
  }
}

/** What has ended stays in swarm's history for a while, and in no slot. */
function isAlive({ status }: Container): boolean {
  return status === "created" || status === "running" || status === "paused";
}
