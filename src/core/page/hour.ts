import type { HecdEvent } from "../events/event.js";
import { isGood } from "../events/outcome.js";
import type { BackendStatistics } from "../model/proxy-statistics.js";

/** An hour has so many minutes, of which each is a place in every series. */
const MINUTES = 60;

/** Services beyond this have no series of their own. */
const MOST_SERVICES = 500;

/** What was counted in each minute of the last hour, the oldest first; undefined where nothing was measured. */
export interface HourSeries {
  readonly changes: readonly number[];
  readonly reloads: readonly number[];
  readonly failures: readonly number[];
  readonly services: ReadonlyMap<string, ServiceSeries>;
}

/** What HAProxy said of one backend. */
interface ServiceSeries {
  /** Answers of 5xx. */
  readonly errors: readonly (number | undefined)[];
  /** Milliseconds from a request to the end of its answer, as HAProxy has it on average. */
  readonly latency: readonly (number | undefined)[];
}

interface Minute {
  changes: number;
  reloads: number;
  failures: number;
  readonly services: Map<string, { errors: number; latency: number | undefined }>;
}

/** The last hour by its minutes, in a memory that has a bound. Times are those of the wall, in milliseconds. */
export class Hour {
  readonly #minutes = new Map<number, Minute>();
  /** The errors of each backend when it was measured last, since when only what is new counts. */
  readonly #known = new Map<string, number>();

  /** Counts what an event tells of: keys and servers that changed, reloads, what went wrong. */
  take(event: HecdEvent, at: number): void {
    const minute = this.#at(at);
    if (event.kind === "registered" || event.kind === "deregistered") minute.changes++;
    if (event.kind === "applied") {
      if (event.outcome.kind === "applied") minute.changes++;
      if (!isGood(event.outcome)) minute.failures++;
    }
    if (event.kind === "reloaded") {
      minute.reloads++;
      if (!event.succeeded) minute.failures++;
    }
  }

  /** Takes in what HAProxy has counted so far. */
  measure(backends: readonly BackendStatistics[], at: number): void {
    const { services } = this.#at(at);
    for (const { name, serverErrors, totalMs } of backends) {
      const before = this.#known.get(name);
      if (before === undefined && this.#known.size >= MOST_SERVICES) continue;
      this.#known.set(name, serverErrors);
      // A process that has begun meanwhile has begun to count, too.
      const more = before === undefined ? 0 : serverErrors >= before ? serverErrors - before : serverErrors;
      const errors = (services.get(name)?.errors ?? 0) + more;
      services.set(name, { errors, latency: totalMs > 0 ? totalMs : undefined });
    }
    const present = new Set(backends.map(({ name }) => name));
    for (const name of this.#known.keys()) if (!present.has(name)) this.#known.delete(name);
  }

  /** The hour that ends with the minute of `at`. */
  series(at: number): HourSeries {
    const last = Math.floor(at / 60_000);
    const minutes = Array.from({ length: MINUTES }, (_, index) => this.#minutes.get(last - MINUTES + 1 + index));
    const names = new Set(minutes.flatMap((minute) => [...(minute?.services.keys() ?? [])]));
    return {
      changes: minutes.map((minute) => minute?.changes ?? 0),
      reloads: minutes.map((minute) => minute?.reloads ?? 0),
      failures: minutes.map((minute) => minute?.failures ?? 0),
      services: new Map(
        [...names].map((name) => [
          name,
          {
            errors: minutes.map((minute) => minute?.services.get(name)?.errors),
            latency: minutes.map((minute) => minute?.services.get(name)?.latency),
          },
        ]),
      ),
    };
  }

  #at(at: number): Minute {
    const number = Math.floor(at / 60_000);
    const known = this.#minutes.get(number);
    if (known) return known;
    const minute: Minute = { changes: 0, reloads: 0, failures: 0, services: new Map() };
    this.#minutes.set(number, minute);
    for (const old of this.#minutes.keys()) if (old <= number - MINUTES) this.#minutes.delete(old);
    return minute;
  }
}
