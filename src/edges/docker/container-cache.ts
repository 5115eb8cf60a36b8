import { Memo } from "../../core/memo/memo.js";
import { type Container, keepHealth } from "../../core/model/container.js";
import { endsBy } from "../../core/text/signal.js";
import { earlier } from "../../flow/lag.js";
import type { EngineState } from "../../ports.js";
import type { Listed, Seen } from "./engine.js";

/** A signal that a container was sent. */
interface Kill {
  readonly signal: number;
  /** By the engine's calendar, as the start of a container. */
  readonly sentAt: number;
}

/** The containers that are ending, as they are shown: the same object while nothing of it changes. */
const ending = new Memo<Container, Container>();

/** What is known of the containers of an engine; outlives the connections to it. */
export class ContainerCache {
  readonly #seen = new Map<string, Seen>();
  /** The last signal of each container by which it is to end, or may be: one that was never seen has no known stop signal. */
  readonly #kills = new Map<string, Kill>();
  /** What the list showed of a container when it was last looked at for the list's sake. */
  readonly #summaries = new Map<string, string>();

  /** Whether every container has been looked at once: nothing less is a state of the engine. */
  complete = false;

  /** The time of the newest event that was seen, or since when one would have been, by the engine's calendar. */
  newestEventAt: number | undefined;

  /** When the oldest event came in, by our clock, that has changed this since it was last shown; undefined when none has. */
  #heardAt: number | undefined;

  /** Notes that something has changed here by an event that came in at this time; undefined for what no event has led to. */
  heard(at: number | undefined): void {
    this.#heardAt = earlier(this.#heardAt, at);
  }

  /** The state of the engine; the events that have led to it do not count for the next one. */
  show(): Omit<EngineState, "unseen"> {
    const containers = [...this.#seen.values()].map((seen) => this.#withStop(seen));
    const heardAt = this.#heardAt;
    this.#heardAt = undefined;
    return { containers, heardAt };
  }

  /** Takes in what a look has shown, undefined for a container that is gone; returns whether that is news. */
  put(id: string, seen: Seen | undefined): boolean {
    const before = this.#seen.get(id);
    if (seen === undefined) {
      this.#summaries.delete(id);
      this.#kills.delete(id);
      return this.#seen.delete(id);
    }
    const now = { ...seen, container: keepHealth(before?.container, seen.container) };
    this.#seen.set(id, now);
    return JSON.stringify(before) !== JSON.stringify(now);
  }

  /**
   * Takes in that a container's process ended at `diedAt`; returns whether that is news.
   *
   * It is not when the container has been seen to start again since then.
   */
  end(id: string, diedAt: number): boolean {
    const before = this.#seen.get(id);
    if (before?.container.status !== "running" || Date.parse(before.container.startedAt) > diedAt) return false;
    this.#seen.set(id, { ...before, container: { ...before.container, status: "exited" } });
    return true;
  }

  /** Takes in that a container was sent a signal; returns whether it is to end by that. */
  kill(id: string, kill: Kill): boolean {
    const seen = this.#seen.get(id);
    if (seen && !endsBy(kill.signal, seen.stopRule)) return false;
    this.#kills.set(id, kill);
    return seen !== undefined;
  }

  /** Whether a container has been looked at. */
  has(id: string): boolean {
    return this.#seen.has(id);
  }

  /** Whether a container that runs in a network of its own has no address there yet. */
  lacksAddress(id: string): boolean {
    const container = this.#seen.get(id)?.container;
    if (container?.status !== "running" || Object.keys(container.networks).length > 0) return false;
    return !/^(host|none|container:.*)$/.test(container.networkMode);
  }

  /** Notes that the look at this container is no older than this line of a list. */
  note({ id, summary }: Listed): void {
    if (this.#seen.has(id)) this.#summaries.set(id, summary);
  }

  /** Has every container be looked at for the next list: one that was started again since may be listed as before. */
  mistrust(): void {
    this.#summaries.clear();
  }

  /** Whether a list shows nothing of this container that has not been looked at. */
  agrees({ id, summary, tellsHealth }: Listed): boolean {
    if (!tellsHealth && this.#seen.get(id)?.container.health !== "none") return false;
    return this.#summaries.get(id) === summary;
  }

  /** The containers that a list lacks. */
  missingIn(list: readonly Listed[]): readonly string[] {
    const listed = new Set(list.map(({ id }) => id));
    return [...this.#seen.keys()].filter((id) => !listed.has(id));
  }

  /** Whether a list lacks so many that it may rather be wrong: five at least, and more than half. */
  doubts(list: readonly Listed[]): boolean {
    const missing = this.missingIn(list).length;
    return missing >= 5 && missing > this.#seen.size / 2;
  }

  /**
   * With the signal that is to end it, where it was sent one in this run.
   *
   * When that ends unheeded cannot be said from here: whoever sent it may wait longer than the container asks for.
   */
  #withStop({ container, stopRule }: Seen): Container {
    const kill = this.#kills.get(container.id);
    if (!kill || !endsBy(kill.signal, stopRule)) return container;
    const { status, startedAt } = container;
    const isSameRun = (status === "running" || status === "paused") && Date.parse(startedAt) <= kill.sentAt;
    if (!isSameRun) return container;
    const stopping = { sentAt: kill.sentAt };
    return ending.of(container, () => ({ ...container, stopping }), [kill]);
  }
}
