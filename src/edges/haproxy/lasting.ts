import type { Emit } from "../../core/events/event.js";
import type { Clock } from "../../flow/clock.js";
import { Outage } from "../../flow/outage.js";

/** Keeps whether an HAProxy answers, and tells when it no longer does and when it does again. */
export class Contact {
  readonly #resource: string;
  readonly #emit: Emit;
  readonly #outage: Outage;
  #silence: string | undefined;

  constructor({ resource, clock, emit }: { readonly resource: string; readonly clock: Clock; readonly emit: Emit }) {
    this.#resource = resource;
    this.#emit = emit;
    this.#outage = new Outage(clock);
  }

  /** Why it cannot be asked; undefined while it answers. */
  get silence(): string | undefined {
    return this.#silence;
  }

  /** It has answered. */
  heard(): void {
    this.#silence = undefined;
    const afterMs = this.#outage.recovered();
    if (afterMs !== undefined) this.#emit({ kind: "haproxy-reached", resource: this.#resource, afterMs });
  }

  /** It has not, for this reason. */
  failed(reason: string): void {
    this.#silence = reason;
    const lastedMs = this.#outage.failed();
    if (lastedMs !== undefined) {
      this.#emit({ kind: "haproxy-unreachable", resource: this.#resource, reason, lastedMs });
    }
  }
}

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
