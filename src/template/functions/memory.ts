import type { Bytes } from "../go-values/bytes.js";

/** A pure function of a text; what it returns, which is never undefined, is never changed by anybody. */
export type Reader<Value> = (text: Bytes) => Value;

/**
 * What readers have made of texts, so that a rendering does not read again what the one before it has read.
 *
 * It holds what the present rendering and the last one have asked for, and nothing older.
 */
export class Memory {
  #earlier: ReadonlyMap<Reader<unknown>, ReadonlyMap<Bytes, unknown>> = new Map();
  #present = new Map<Reader<unknown>, Map<Bytes, unknown>>();

  /** Begins a rendering. */
  turn(): void {
    this.#earlier = this.#present;
    this.#present = new Map();
  }

  /** What `read` makes of `text`. Throws what it throws, every time. */
  recall<Value>(read: Reader<Value>, text: Bytes): Value {
    const known = this.#present.get(read) ?? new Map<Bytes, unknown>();
    this.#present.set(read, known);
    let value = known.get(text);
    if (value === undefined) {
      value = this.#earlier.get(read)?.get(text) ?? read(text);
      known.set(text, value);
    }
    return value as Value; // what this very reader has returned
  }
}
