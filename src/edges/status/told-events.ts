import { randomUUID } from "node:crypto";
import { describeEvent, type EventDescription } from "../../core/events/describe-event.js";
import type { HecdEvent } from "../../core/events/event.js";
import { wallTime } from "../../flow/clock.js";

/** An event as it is told to whoever listens: when, of which host where there are several, in words and as facts. */
export interface ToldEvent extends EventDescription {
  /** Names this event among all of this process, and the process. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly host?: string | undefined;
  readonly event: HecdEvent;
}

/** So many events are remembered for whoever comes later; those of level debug are not. */
const REMEMBERED = 500;

/** Passes events on to whoever listens, and remembers the newest. */
export class ToldEvents {
  /** Tells this process from the one before, whose numbers mean other events. */
  readonly #process = randomUUID().slice(0, 8);
  readonly #listeners = new Set<(told: ToldEvent) => void>();
  readonly #recent: ToldEvent[] = [];
  #count = 0;

  tell(event: HecdEvent, host?: string): void {
    const { level, message } = describeEvent(event);
    const isKept = level !== "debug";
    if (!isKept && this.#listeners.size === 0) return;
    const id = `${this.#process}-${++this.#count}`;
    const told: ToldEvent = { id, at: wallTime().toISOString(), host, level, message, event };
    if (isKept) {
      this.#recent.push(told);
      if (this.#recent.length > REMEMBERED) this.#recent.shift();
    }
    for (const listener of this.#listeners) listener(told);
  }

  /** The last `most` of those that are remembered, the oldest first. */
  recent(most: number): readonly ToldEvent[] {
    return most <= 0 ? [] : this.#recent.slice(-most);
  }

  /** Those that are remembered and came after the one of this id; all of them when it is not of this process. */
  since(id: string): readonly ToldEvent[] {
    const [process = "", number = ""] = id.split("-");
    if (process !== this.#process) return this.#recent;
    return this.#recent.filter((told) => Number(told.id.slice(process.length + 1)) > Number(number));
  }

  /** Calls `listener` at each event until it is disposed. */
  listen(listener: (told: ToldEvent) => void): Disposable {
    this.#listeners.add(listener);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener);
      },
    };
  }
}
