/** How much something wants to be seen: `rest` is neither good nor bad, `note` should be known, `warn` and `bad` be acted on. */
export type Level = "good" | "rest" | "note" | "warn" | "bad";

/** A state by its word, its shape and its weight, so that nobody has to tell colours apart. */
export interface Mark {
  readonly level: Level;
  readonly shape: string;
  readonly word: string;
}

const SHAPES: Readonly<Record<Level, string>> = { good: "●", rest: "○", note: "◐", warn: "▲", bad: "■" };

/** A word with the shape of its level. */
export function mark(level: Level, word: string): Mark {
  return { level, shape: SHAPES[level], word };
}

/** From what is to be seen last. */
const ORDER: readonly Level[] = ["rest", "good", "note", "warn", "bad"];

/** The one of these levels that is to be seen first; `good` of none. */
export function worst(levels: Iterable<Level>): Level {
  let found: Level = "good";
  for (const level of levels) if (ORDER.indexOf(level) > ORDER.indexOf(found)) found = level;
  return found;
}

/** Puts what is to be seen first in front, else by name. */
export function byLevel<T extends { readonly level: Level; readonly name: string }>(a: T, b: T): number {
  const difference = ORDER.indexOf(b.level) - ORDER.indexOf(a.level);
  if (difference !== 0) return difference;
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
