/** How many things two lists begin with alike, and how many they end with alike beyond those. */
export interface CommonEnds {
  readonly head: number;
  readonly tail: number;
}

/** What two lists have in common at their ends: of much alike ones the rest is short, however long they are. */
export function commonEnds<Thing>(
  before: readonly Thing[],
  after: readonly Thing[],
  isSame: (one: Thing | undefined, other: Thing | undefined) => boolean = isTheVeryOne,
): CommonEnds {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && isSame(before[head], after[head])) head++;
  let tail = 0;
  while (tail < shorter - head && isSame(before.at(-1 - tail), after.at(-1 - tail))) tail++;
  return { head, tail };
}

function isTheVeryOne(one: unknown, other: unknown): boolean {
  return one === other;
}
