import PQueue from "p-queue";
import { type Clock, sleep } from "../../flow/clock.js";
import type { Notifier } from "../../flow/notifier.js";
import { retry } from "../../flow/retry.js";
import type { ContainerCache } from "./container-cache.js";
import type { DockerEngine, Seen } from "./engine.js";
import type { DockerHint } from "./events.js";

/** How many containers are looked at at the same time. */
const AT_ONCE = 8;

/** Waits before a look at one container is given up until the next list. */
const LOOK_AGAIN_MS = [100, 1_000];

/** How long a list that lacks most containers must stand before it is believed. */
const DOUBT_MS = 2_000;

/** How long a container that has just been started may take to be connected to its network. */
const CONNECT_MS = 250;

/** A look that is under way; an event in the meantime makes it begin again, so that its end is never old news. */
interface Look {
  again: boolean;
  /** Whether the container may be one that the filters do not let through, or no more. */
  isDoubtful: boolean;
  /** When the oldest event came in that makes it begin; undefined when none does. */
  heardAt: number | undefined;
  readonly done: Promise<boolean>;
}

/** Keeps a picture true over one connection; rings when there is news in it. */
export class DockerInspector {
  readonly #engine: DockerEngine;
  readonly #picture: ContainerCache;
  readonly #news: Notifier;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  readonly #inspector = new Map<string, Look>();

  /** Ends all its work when `signal` aborts. */
  constructor(engine: DockerEngine, picture: ContainerCache, news: Notifier, clock: Clock, signal: AbortSignal) {
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
        if (await this.look(listed.id, false)) picture.note(listed);
      }),
      ...picture.missingIn(list).map((id) => this.look(id)),
    ]);
    this.#signal.throwIfAborted();
    if (!picture.complete) this.#news.notify();
    picture.complete = true;
  }

  /**
   * Takes in a hint at one container; most are a reason to look at it.
   *
   * Its end, and the signal that leads to its end, count at once: a look would wait for the engine, which is busy with
   * the container then. A signal changes nothing that a look would show, and neither does a lack of memory.
   */
  hear({ action, signal, at }: DockerHint, id: string): void {
    const heardAt = this.#clock.now();
    switch (action) {
      case "oom":
        return;
      case "kill":
        if (signal === undefined) return;
        this.#emit(this.#picture.kill(id, { signal, sentAt: at }), heardAt);
        return;
      case "die":
        this.#emit(this.#picture.end(id, at), heardAt);
        void this.look(id, true, heardAt);
        return;
      case "start":
        void this.#lookTwice(id, heardAt);
        return;
      default:
        void this.look(id, true, heardAt);
    }
  }

  /** Looks at one container, now or as soon as the look under way is over; resolves to whether it could be seen. Never rejects. */
  look(id: string, isDoubtful = true, heardAt?: number): Promise<boolean> {
    const underWay = this.#inspector.get(id);
    if (underWay) {
      underWay.again = true;
      underWay.isDoubtful ||= isDoubtful;
      underWay.heardAt ??= heardAt;
      return underWay.done;
    }
    const done = Promise.resolve().then(() => this.#lookUntilStill(id, look));
    const look: Look = { again: true, isDoubtful, heardAt, done };
    this.#inspector.set(id, look);
    return look.done;
  }

  /** Looks again soon where the network is not there yet, since the event of its connection may have been dropped. */
  async #lookTwice(id: string, heardAt: number): Promise<void> {
    await this.look(id, true, heardAt);
    if (!this.#picture.lacksAddress(id)) return;
    await sleep(CONNECT_MS, this.#clock, this.#signal).catch(() => undefined);
    if (!this.#signal.aborted) await this.look(id);
  }

  /** A container that cannot be seen keeps its last state; the next list or event makes it be looked at again. */
  async #lookUntilStill(id: string, look: Look): Promise<boolean> {
    try {
      while (look.again) {
        const { heardAt } = look;
        look.again = false;
        look.heardAt = undefined;
        const seen = await retry(() => this.#queue.add(() => this.#see(id, look.isDoubtful)), {
          waits: LOOK_AGAIN_MS,
          isTransient: () => true,
          onRetry: () => undefined,
          clock: this.#clock,
          signal: this.#signal,
        });
        this.#emit(this.#picture.put(id, seen), heardAt);
      }
      return true;
    } catch {
      return false;
    } finally {
      this.#inspector.delete(id);
    }
  }

  async #see(id: string, isDoubtful: boolean): Promise<Seen | undefined> {
    const seen = await this.#engine.inspect(id, this.#signal);
    return seen && (!isDoubtful || (await this.#engine.letsThrough(id, this.#signal))) ? seen : undefined;
  }

  #emit(isNews: boolean, heardAt: number | undefined): void {
    if (!isNews) return;
    this.#picture.heard(heardAt);
    if (this.#picture.complete) this.#news.notify();
  }
}
