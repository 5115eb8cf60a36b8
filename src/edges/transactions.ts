import type { KeyChange } from "../core/model/snapshot.js";
import type { Clock } from "../flow/clock.js";

/** So long a key that is gone waits for what other prefixes may have to tell of the same transaction: it may be one of many. */
const GONE_MS = 20;

/** Changes of one prefix that wait for those of others. */
interface Part {
  readonly changes: readonly KeyChange[];
  readonly revision: bigint;
  /** Its place in the order in which all came. */
  readonly at: number;
  /** When it waits no longer. */
  readonly dueAt: number;
}

/**
 * Puts transactions together again that touch several prefixes: a store as etcd tells the watch of each range its own part.
 *
 * On one stream the parts of a transaction follow each other at once, but nothing says which is the last. So a change is
 * given on as soon as every prefix has told of its revision or a later one, or what had come with it has been read; what takes
 * keys away, 20 to 30 ms after it came.
 */
export class Transactions {
  readonly #clock: Clock;
  readonly #give: (changes: readonly KeyChange[], revision: bigint) => void;
  /** By prefix, the last revision that it has told of. */
  readonly #told: Map<string, bigint>;
  readonly #parts: Part[] = [];
  #came = 0;
  #callOff: (() => void) | undefined;

  /** `give` takes what has happened, in the order in which it came. */
  constructor(
    prefixes: readonly string[],
    clock: Clock,
    give: (changes: readonly KeyChange[], revision: bigint) => void,
  ) {
    this.#clock = clock;
    this.#give = give;
    this.#told = new Map(prefixes.map((prefix) => [prefix, 0n]));
  }

  /** Takes what a prefix tells: its changes, none of them perhaps, up to a revision. */
  take(prefix: string, changes: readonly KeyChange[], revision: bigint): void {
    if (revision > (this.#told.get(prefix) ?? 0n)) this.#told.set(prefix, revision);
    if (changes.length > 0) {
      const waitMs = changes.some(({ kind }) => kind === "delete") ? GONE_MS : 0;
      this.#parts.push({ changes, revision, at: ++this.#came, dueAt: this.#clock.now() + waitMs });
    }
    const toldByAll = [...this.#told.values()].reduce((least, told) => (told < least ? told : least));
    this.#release((part) => part.revision <= toldByAll);
  }

  /** Forgets what waits: a listing has told of it. */
  clear(): void {
    this.#parts.length = 0;
    this.#rest();
  }

  [Symbol.dispose](): void {
    this.clear();
  }

  /** Gives those on that come first and of which this holds. */
  #release(isWhole: (part: Part) => boolean): void {
    const end = this.#parts.findIndex((part) => !isWhole(part));
    const whole = this.#parts.splice(0, end === -1 ? this.#parts.length : end);
    for (const { changes, revision } of whole) this.#give(changes, revision);
    const first = this.#parts[0];
    if (!first) this.#rest();
    else this.#callOff ??= this.#waitFor(first);
  }

  /** In two halves: a process that was held up reads what has come meanwhile between two timers, not before the first. */
  #waitFor({ dueAt }: Part): () => void {
    const last = this.#came;
    const halfMs = Math.max(0, dueAt - this.#clock.now()) / 2;
    return this.#clock.after(halfMs, () => {
      this.#callOff = this.#clock.after(halfMs, () => {
        this.#callOff = undefined;
        const now = this.#clock.now();
        this.#release((part) => part.at <= last && part.dueAt <= now);
      });
    });
  }

  #rest(): void {
    this.#callOff?.();
    this.#callOff = undefined;
  }
}
