import type { ProxyStatistics } from "../../core/model/proxy-statistics.js";
import type { Snapshot } from "../../core/model/snapshot.js";
import { type Clock, sleep } from "../../flow/clock.js";
import { linkedSignal, type LinkedSignal } from "../../flow/linked-signal.js";

/** How often HAProxy is asked while somebody looks, and the least time between two questions after a change. */
const ASK_EVERY_MS = 2_000;
const ASK_AFTER_MS = 150;

/** For so long after a look somebody counts as looking. */
const LOOKS_FOR_MS = 15_000;

/** What a page waits for at its first look, at the most, before it says what is known by then. */
const FIRST_WITHIN_MS = 500;

/** Where what is watched comes from. */
export interface WatchSources {
  /** The keys of all hosts, as a store yields them; undefined where they are not read. */
  readonly follow: ((signal: AbortSignal) => AsyncIterable<Snapshot>) | undefined;
  /** Has in memory what need be read but once. */
  readonly read: () => Promise<void>;
  /** Asks each HAProxy there is, by the name of its resource; those that do not answer are undefined. */
  readonly ask: (signal: AbortSignal) => Promise<ReadonlyMap<string, ProxyStatistics | undefined>>;
  readonly clock: Clock;
}

/** Keeps what must be asked for up to date while somebody looks, and rests while nobody does. */
export class Watch implements Disposable {
  readonly #sources: WatchSources;
  readonly #onNews: () => void;
  #work: LinkedSignal | undefined;
  #until = 0;
  #first: Promise<unknown> = Promise.resolve();
  #isAskDue = false;
  snapshot: Snapshot | undefined;
  proxies: ReadonlyMap<string, ProxyStatistics | undefined> = new Map();

  constructor(sources: WatchSources, onNews: () => void) {
    this.#sources = sources;
    this.#onNews = onNews;
  }

  /** Notes that somebody looks; resolves when there is something to be seen, or soon. */
  async look(): Promise<void> {
    const { clock } = this.#sources;
    this.#until = clock.now() + LOOKS_FOR_MS;
    if (!this.#work) this.#begin();
    await this.#first;
  }

  /** What runs may have changed: HAProxy is asked a moment later, whatever else is due. */
  stir(): void {
    const work = this.#work;
    if (!work || this.#isAskDue) return;
    this.#isAskDue = true;
    const { clock } = this.#sources;
    void sleep(ASK_AFTER_MS, clock, work.signal)
      .then(() => this.#ask(work.signal))
      .catch(() => undefined) // it ends by the signal alone
      .finally(() => {
        this.#isAskDue = false;
      });
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  #begin(): void {
    const { clock, follow, read } = this.#sources;
    const work = linkedSignal();
    this.#work = work;
    let seen: () => void = () => undefined;
    const firstSnapshot = new Promise<void>((resolve) => {
      seen = resolve;
    });
    // Both end by the signal alone.
    if (follow) void this.#follow(follow, seen, work.signal).catch(() => undefined);
    else seen();
    const asked = this.#ask(work.signal).catch(() => undefined);
    const late = sleep(FIRST_WITHIN_MS, clock, work.signal).catch(() => undefined);
    this.#first = Promise.race([Promise.all([firstSnapshot, asked, read()]), late]);
    void asked.then(() => this.#keepAsking(work)).catch(() => undefined);
  }

  async #follow(follow: NonNullable<WatchSources["follow"]>, seen: () => void, signal: AbortSignal): Promise<void> {
    for await (const snapshot of follow(signal)) {
      this.snapshot = snapshot;
      seen();
      this.#onNews();
    }
  }

  async #keepAsking(work: LinkedSignal): Promise<void> {
    const { clock } = this.#sources;
    for (;;) {
      await sleep(ASK_EVERY_MS, clock, work.signal);
      if (clock.now() > this.#until) {
        this.#end();
        return;
      }
      await this.#ask(work.signal);
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const proxies = await this.#sources.ask(signal);
    signal.throwIfAborted();
    this.proxies = proxies;
    this.#onNews();
  }

  /** What was known is old by the next look. */
  #end(): void {
    this.#work?.[Symbol.dispose]();
    this.#work = undefined;
    this.snapshot = undefined;
    this.proxies = new Map();
  }
}
