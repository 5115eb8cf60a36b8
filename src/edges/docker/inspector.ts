import { hasCode } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import type { Notifier } from "../../flow/notifier.js";
import { retry } from "../../flow/retry.js";
import type { ContainerCache } from "./container-cache.js";
import type { DockerEngine, Seen } from "./engine.js";
import type { DockerHint } from "./events.js";
import { LookLanes } from "./look-lanes.js";
import type { UnseenContainers } from "./unseen-containers.js";

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
  /** Resolves to whether the container could be seen, and once it is so or will take long. */
  readonly done: Promise<boolean>;
  readonly prompt: Promise<void>;
}

/** What is known of the containers of an engine, whichever connection it came by. */
export interface KnownContainers {
  readonly picture: ContainerCache;
  readonly unseen: UnseenContainers;
}

/** What an inspector works with. */
interface InspectorParts {
  readonly news: Notifier;
  readonly clock: Clock;
}

/** Keeps a picture true over one connection; rings when there is news in it. */
export class DockerInspector {
  readonly #engine: DockerEngine;
  readonly #picture: ContainerCache;
  readonly #unseen: UnseenContainers;
  readonly #news: Notifier;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #lanes: LookLanes;
  readonly #looks = new Map<string, Look>();

  /** Ends all its work when `signal` aborts. */
  constructor(engine: DockerEngine, known: KnownContainers, { news, clock }: InspectorParts, signal: AbortSignal) {
    this.#engine = engine;
    this.#picture = known.picture;
    this.#unseen = known.unseen;
    this.#news = news;
    this.#clock = clock;
    this.#signal = signal;
    this.#lanes = new LookLanes(clock);
  }

  /**
   * Lists all containers and looks at those that are new, changed or missing; resolves when that is done, but for looks
   * that take longer than others.
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
    this.#unseen.take(list, (id) => picture.has(id));
    const changed = list.filter((listed) => !picture.agrees(listed));
    await Promise.all([
      ...changed.map((listed) => {
        const { done, prompt } = this.#look(listed.id, false);
        void done.then((isSeen) => {
          if (isSeen) picture.note(listed);
        });
        return prompt;
      }),
      ...picture.missingIn(list).map((id) => this.#look(id).prompt),
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
        this.#look(id, true, heardAt);
        return;
      case "start":
        void this.#lookTwice(id, heardAt);
        return;
      default:
        this.#look(id, true, heardAt);
    }
  }

  /** Looks at one container, now or as soon as the look under way is over. Its promises never reject. */
  #look(id: string, isDoubtful = true, heardAt?: number): Look {
    const underWay = this.#looks.get(id);
    if (underWay) {
      underWay.again = true;
      underWay.isDoubtful ||= isDoubtful;
      underWay.heardAt ??= heardAt;
      return underWay;
    }
    let onSlow = (): void => undefined;
    const slow = new Promise<void>((resolve) => (onSlow = resolve));
    const done: Promise<boolean> = Promise.resolve().then(() => this.#lookUntilStill(id, look, onSlow));
    const look: Look = {
      again: true,
      isDoubtful,
      heardAt,
      done,
      prompt: Promise.race([slow, done.then(() => undefined)]),
    };
    this.#looks.set(id, look);
    return look;
  }

  /** Looks again soon where the network is not there yet, since the event of its connection may have been dropped. */
  async #lookTwice(id: string, heardAt: number): Promise<void> {
    await this.#look(id, true, heardAt).done;
    if (!this.#picture.lacksAddress(id)) return;
    await sleep(CONNECT_MS, this.#clock, this.#signal).catch(() => undefined);
    if (!this.#signal.aborted) await this.#look(id).done;
  }

  /** A container that cannot be seen keeps its last state; the next list or event makes it be looked at again. */
  async #lookUntilStill(id: string, look: Look, onSlow: () => void): Promise<boolean> {
    try {
      while (look.again) {
        const { heardAt } = look;
        look.again = false;
        look.heardAt = undefined;
        const seen = await retry(() => this.#inLane(id, () => this.#see(id, look.isDoubtful), onSlow), {
          waits: LOOK_AGAIN_MS,
          isTransient: (error) => !hasCode(error, "deadline"),
          onRetry: onSlow,
          clock: this.#clock,
          signal: this.#signal,
        });
        const hasSucceeded = this.#unseen.succeed(id);
        this.#emit(this.#picture.put(id, seen) || hasSucceeded, heardAt);
      }
      return true;
    } catch (error) {
      if (!this.#signal.aborted) this.#emit(this.#unseen.fail(id, error), undefined);
      return false;
    } finally {
      this.#looks.delete(id);
    }
  }

  /** Whatever gave no answer the last time is not waited for among the others. */
  #inLane(id: string, look: () => Promise<Seen | undefined>, onSlow: () => void): Promise<Seen | undefined> {
    if (!this.#unseen.isSilent(id)) return this.#lanes.prompt(look, onSlow);
    onSlow();
    return this.#lanes.patient(look);
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
