import type { Clock } from "../../flow/clock.js";
import { Notifier } from "../../flow/notifier.js";
import { type WatchedPlace, placesAlong, PlaceWatchers } from "../files/place-watchers.js";
import { untilQuiet } from "../files/quiet.js";

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
        await untilQuiet(this.#notifier, this.#clock, signal);
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
