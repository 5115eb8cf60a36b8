/** More changes than this are sorted in together. */
const MANY = 64;

/**
 * A list in order, without the things in some places and with others: few of them cost little, however long the list.
 *
 * No two things may be in the same place, neither before nor after.
 */
export function reordered<Thing>(
  list: readonly Thing[],
  { gone, come }: { readonly gone: readonly Thing[]; readonly come: readonly Thing[] },
  compare: (a: Thing, b: Thing) => number,
): Thing[] {
  if (gone.length + come.length > MANY) {
    const left = [...gone].sort(compare);
    let at = 0;
    const isGone = (thing: Thing): boolean => {
      for (let next = left[at]; next !== undefined; next = left[++at]) {
        const order = compare(next, thing);
        if (order === 0) at++;
        if (order >= 0) return order === 0;
      }
      return false;
    };
    return [...list.filter((thing) => !isGone(thing)), ...come].sort(compare);
  }
  const all = [...list];
  for (const thing of gone)
    all.splice(
      orderedPlaceOf(all, (other) => compare(other, thing)),
      1,
    );
  for (const thing of come)
    all.splice(
      orderedPlaceOf(all, (other) => compare(other, thing)),
      0,
      thing,
    );
  return all;
}

/** The place of the first of a list in order that is not before something; `compare` says how one of them stands to it. */
export function orderedPlaceOf<Thing>(list: readonly Thing[], compare: (thing: Thing) => number): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const thing = list[middle];
    if (thing !== undefined && compare(thing) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
