import type { Clock } from "../../flow/clock.js";
import { Outage } from "../../flow/outage.js";

/** So many servers may be out and wait to be deleted. */
const MANY = 10;

/** A minute is what requests under way take at most, mostly. */
const LONG_MS = 60_000;

/** Notices when many servers wait to be deleted for long. */
export class Lingering {
  readonly #outage: Outage;

  constructor(clock: Clock) {
    this.#outage = new Outage(clock);
  }

  /** Notes how many wait now; returns for how long they have been too many when that is worth telling, else undefined. */
  note(servers: number): number | undefined {
    if (servers <= MANY) {
      this.#outage.recovered();
      return undefined;
    }
    const lastedMs = this.#outage.failed() ?? 0;
    return lastedMs < LONG_MS ? undefined : lastedMs;
  }
}
