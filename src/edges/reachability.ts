import type { Emit, Product } from "../core/events/event.js";
import type { Clock } from "../flow/clock.js";
import { Outage } from "../flow/outage.js";

/** Which store it is, and by which addresses. */
export interface StorePlace {
  /** Absent for etcd. */
  readonly product?: Product;
  readonly endpoints: readonly string[];
}

/** Knows whether a store answers and has space, and tells so: once, and then at growing intervals. */
export class Reachability {
  readonly #place: StorePlace;
  readonly #emit: Emit;
  readonly #outage: Outage;
  /** For how long it has had no space. */
  readonly #fullness: Outage;
  #hasAnswered = false;

  constructor(place: StorePlace, { clock, emit }: { readonly clock: Clock; readonly emit: Emit }) {
    this.#place = place;
    this.#emit = emit;
    this.#outage = new Outage(clock);
    this.#fullness = new Outage(clock);
  }

  /** Whether it is away as far as is known. */
  get isAway(): boolean {
    return this.#outage.lasting;
  }

  /** Notes an answer. */
  answered(): void {
    const afterMs = this.#outage.recovered() ?? (this.#hasAnswered ? undefined : 0);
    this.#hasAnswered = true;
    if (afterMs !== undefined) this.#emit({ kind: "store-connected", ...this.#place, afterMs });
  }

  /** Notes that there was no answer, or a refusal. */
  failed(reason: string, isRefusal: boolean): void {
    const lastedMs = this.#outage.failed();
    if (lastedMs === undefined) return;
    const answers = isRefusal ? { answers: true } : {};
    this.#emit({ kind: "store-unreachable", ...this.#place, reason, ...answers, lastedMs });
  }

  /** Notes a refusal for want of space, which is an answer. */
  full(reason: string): void {
    this.answered();
    const lastedMs = this.#fullness.failed();
    if (lastedMs !== undefined) this.#emit({ kind: "store-full", ...this.#place, reason, lastedMs });
  }

  /** Notes that it has taken a value, and so has space. */
  hasSpace(): void {
    const afterMs = this.#fullness.recovered();
    if (afterMs !== undefined) this.#emit({ kind: "store-has-space", ...this.#place, afterMs });
  }
}
