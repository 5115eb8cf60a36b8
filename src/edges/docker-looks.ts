import PQueue from "p-queue";
import { type Container, keepHealth } from "../core/container.js";
import type { Bell } from "../flow/bell.js";
import { type Clock, sleep } from "../flow/clock.js";
import { retry } from "../flow/retry.js";
import type { DockerEngine, Listed } from "./docker-engine.js";

/** How many containers are looked at at the same time. */
const AT_ONCE = 8;

/** Waits before a look at one container is given up until the next list. */
const LOOK_AGAIN_MS = [100, 1_000];

/** How long a list that lacks most containers must stand before it is believed. */
const DOUBT_MS = 2_000;

/** What is known of the containers of an engine; outlives the connections to it. */
export class DockerPicture {
  readonly #containers = new Map<string, Container>();
  /** What the list showed of a container when it was last looked at for the list's sake. */
  readonly #summaries = new Map<string, string>();

  /** Whether every container has been looked at once: nothing less is a state of the engine. */
  complete = false;

  /** The time of the newest event that was seen, by the engine's calendar; undefined before the first one. */
  newestEventAt: number | undefined;

  containers(): readonly Container[] {
    return [...this.#containers.values()];
  }

  /** Takes in what a look has shown, undefined for a container that is gone; returns whether that is news. */
  put(id: string, seen: Container | undefined): boolean {
    const before = this.#containers.get(id);
    if (seen === undefined) {
      this.#summaries.delete(id);
      return this.#containers.delete(id);
    }
    const now = keepHealth(before, seen);
    this.#containers.set(id, now);
    return JSON.stringify(before) !== JSON.stringify(now);
  }

  /**
   * Takes in that a container's process ended at `diedAt`; returns whether that is news.
   *
   * It is not when the container has been seen to start again since then.
   */
  end(id: string, diedAt: number): boolean {
    const before = this.#containers.get(id);
    if (before?.status !== "running" || Date.parse(before.startedAt) > diedAt) return false;
    this.#containers.set(id, { ...before, status: "exited" });
    return true;
  }

  /** Notes that the look at this container is no older than this line of a list. */
  note({ id, summary }: Listed): void {
    if (this.#containers.has(id)) this.#summaries.set(id, summary);
  }

  /** Whether a list shows nothing of this container that has not been looked at. */
  agrees({ id, summary }: Listed): boolean {
    return this.#summaries.get(id) === summary;
  }

  /** The containers that a list lacks. */
  missingIn(list: readonly Listed[]): readonly string[] {
    const listed = new Set(list.map(({ id }) => id));
    return [...this.#containers.keys()].filter((id) => !listed.has(id));
  }

  /** Whether a list lacks so many that it may rather be wrong: five at least, and more than half. */
  doubts(list: readonly Listed[]): boolean {
    const missing = this.missingIn(list).length;
    return missing >= 5 && missing > this.#containers.size / 2;
  }
}

/** A look that is under way; an event in the meantime makes it begin again, so that its end is never old news. */
interface Look {
  again: boolean;
  readonly done: Promise<boolean>;
}

/** Keeps a picture true over one connection; rings when there is news in it. */
export class DockerLooks {
  readonly #engine: DockerEngine;
  readonly #picture: DockerPicture;
  readonly #news: Bell;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  readonly #looks = new Map<string, Look>();

  /** Ends all its work when `signal` aborts. */
  constructor(engine: DockerEngine, picture: DockerPicture, news: Bell, clock: Clock, signal: AbortSignal) {
    this.#engine = engine;
    this.#picture = picture;
    this.#news = news;
    this.#clock = clock;
    this.#signal = signal;
  }

  /**
   * Lists all containers and looks at those that are new, changed or missing; resolves when that is done.
   *
   * What a list lacks is only gone when the look says so too.
   */
  async list(): Promise<void> {
    const picture = this.#picture;
    let list = await this.#engine.list(this.#signal);
    if (picture.doubts(list)) {
      await sleep(DOUBT_MS, this.#clock, this.#signal);
      list = await this.#engine.list(this.#signal);
    }
    const changed = list.filter((listed) => !picture.agrees(listed));
    await Promise.all([
      ...changed.map(async (listed) => {
        if (await this.look(listed.id)) picture.note(listed);
      }),
      ...picture.missingIn(list).map((id) => this.look(id)),
    ]);
    this.#signal.throwIfAborted();
    if (!picture.complete) this.#news.ring();
    picture.complete = true;
  }

  /** Takes in the end of a container at once: a look would wait for the engine, which is busy with its network then. */
  end(id: string, diedAt: number): void {
    if (this.#picture.end(id, diedAt) && this.#picture.complete) this.#news.ring();
  }

  /** Looks at one container, now or as soon as the look under way is over; resolves to whether it could be seen. Never rejects. */
  look(id: string): Promise<boolean> {
    const underWay = this.#looks.get(id);
    if (underWay) {
      underWay.again = true;
      return underWay.done;
    }
    const look: Look = { again: true, done: Promise.resolve().then(() => this.#lookUntilStill(id, look)) };
    this.#looks.set(id, look);
    return look.done;
  }

  /** A container that cannot be seen keeps its last state; the next list or event makes it be looked at again. */
  async #lookUntilStill(id: string, look: Look): Promise<boolean> {
    try {
      while (look.again) {
        look.again = false;
        const seen = await retry(() => this.#queue.add(() => this.#engine.inspect(id, this.#signal)), {
          waits: LOOK_AGAIN_MS,
          isTransient: () => true,
          onRetry: () => undefined,
          clock: this.#clock,
          signal: this.#signal,
        });
        if (this.#picture.put(id, seen) && this.#picture.complete) this.#news.ring();
      }
      return true;
    } catch {
      return false;
    } finally {
      this.#looks.delete(id);
    }
  }
}
