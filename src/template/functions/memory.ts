import type { Bytes } from "../go-values/bytes.js";
import type { GoValue } from "../go-values/values.js";

/** A pure function of a text; what it returns is never changed by anybody. */
export type Reader = (text: Bytes) => GoValue;

/**
 * What readers have made of texts, so that a rendering does not read again what the one before it has read.
 *
 * It holds what the present rendering and the last one have asked for, and nothing older.
 */
export class Memory {
  #earlier: ReadonlyMap<Reader, ReadonlyMap<Bytes, GoValue>> = new Map();
  #present = new Map<Reader, Map<Bytes, GoValue>>();

  /** Begins a rendering. */
  turn(): void {
    this.#earlier = this.#present;
    this.#present = new Map();
  }

  /** What `read` makes of `text`. Throws what it throws, every time. */
  recall(read: Reader, text: Bytes): GoValue {
    const known = this.#present.get(read) ?? new Map<Bytes, GoValue>();
    this.#present.set(read, known);
    let value = known.get(text);
    if (value === undefined) {
      value = this.#earlier.get(read)?.get(text) ?? read(text);
      known.set(text, value);
    }
    return value;
  }
}
