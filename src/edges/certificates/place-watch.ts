import type { Clock } from "../../flow/clock.js";
import { Notifier } from "../../flow/notifier.js";
import { type WatchedPlace, placesAlong, PlaceWatchers } from "../files/place-watchers.js";

/** Files are written in several steps: they are looked at when nothing has changed for so long, or has not stopped for so long. */
const QUIET_MS = 100;
const RESTLESS_MS = 500;

/** Tells when something changes in some places, once it has come to rest. */
export class PlaceWatch {
  readonly #clock: Clock;
  readonly #notifier = new Notifier();
  /** Undefined while nobody watches. */
  #watchers: PlaceWatchers | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on these places are meant, as long as anybody watches. */
  async follow(places: Iterable<WatchedPlace>): Promise<void> {
    await this.#watchers?.follow(places);
  }

  /** Yields after each change, once it has come to rest. Ends only by throwing the signal's reason. */
  async *watch(signal: AbortSignal): AsyncGenerator<undefined, never, undefined> {
    using watchers = new PlaceWatchers(() => {
      this.#notifier.notify();
    });
    this.#watchers = watchers;
    try {
      for (;;) {
        await this.#notifier.wait(signal);
        const latest = this.#clock.now() + RESTLESS_MS;
        while (this.#clock.now() < latest && (await this.#notifier.waitAtMost(QUIET_MS, this.#clock, signal)));
        yield undefined;
      }
    } finally {
      this.#watchers = undefined;
    }
  }
}

/** The places in which something changes when a file becomes another one, or anything in a folder. */
export async function placesAround(
  files: readonly string[],
  folders: readonly string[],
): Promise<readonly WatchedPlace[]> {
  const ways = await Promise.all([...folders, ...files].map(placesAlong));
  return [...ways.flat(), ...folders.map((folder) => ({ folder }))];
}
