import type { ForeignKey } from "./foreign-keys.js";

/** What becomes of a key of another store: `conflict` is one that is here with another value. */
export type Move = "write" | "same" | "conflict" | "overwrite" | "ends";

/** A key, and what becomes of it. */
export interface PlannedMove extends ForeignKey {
  readonly move: Move;
  /** The value that is here, where that is another one. */
  readonly present?: string;
}

/**
 * What becomes of the keys of another store, given those that are here; of several with one name the last counts.
 *
 * A key that ends by itself is left out unless `withEnding`: whoever keeps it alive does not do so here.
 */
export function planMoves(
  keys: readonly ForeignKey[],
  present: ReadonlyMap<string, string>,
  { overwrite, withEnding }: { readonly overwrite: boolean; readonly withEnding: boolean },
): readonly PlannedMove[] {
  const wanted = new Map(keys.map((each) => [each.key, each]));
  return [...wanted.values()].map((each): PlannedMove => {
    const held = present.get(each.key);
    if (each.endsInSeconds !== undefined && !withEnding) return { ...each, move: "ends" };
    if (held === undefined) return { ...each, move: "write" };
    if (held === each.value) return { ...each, move: "same" };
    return { ...each, move: overwrite ? "overwrite" : "conflict", present: held };
  });
}
