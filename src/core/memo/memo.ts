/** What was made of a thing, and what else counted. */
interface Made<Value> {
  readonly value: Value;
  readonly beside: readonly unknown[];
}

const NOTHING: readonly unknown[] = [];

/**
 * Remembers what was made of each thing, for as long as there is the thing.
 *
 * Containers, instances and lines are never changed, only replaced: what was made of one holds for as long as it is there.
 * This changes the effort and nothing else.
 */
export class Memo<Thing extends object, Value> {
  readonly #made = new WeakMap<Thing, Made<Value>>();

  /**
   * What `make` has made of `thing`; made anew when something in `beside` is another thing than last time.
   *
   * `make` may read nothing else. What it throws is not remembered.
   */
  of(thing: Thing, make: () => Value, beside: readonly unknown[] = NOTHING): Value {
    const made = this.#made.get(thing);
    if (made && isSame(made.beside, beside)) return made.value;
    const value = make();
    this.#made.set(thing, { value, beside });
    return value;
  }
}

function isSame(before: readonly unknown[], now: readonly unknown[]): boolean {
  return before === now || (before.length === now.length && now.every((each, at) => each === before[at]));
}
