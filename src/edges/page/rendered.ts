/** A page in its parts: each is an element with an id, as it stands there now. */
export interface Rendered {
  /** Elements that are replaced when they change, by their ids. */
  readonly leaves: ReadonlyMap<string, string>;
  /** Elements whose children come and go: the ids of these in their order. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** Children that have lists of their own, with nothing in those. */
  readonly shells: ReadonlyMap<string, string>;
}

/** Nothing at all: whoever has a page of which nothing is known gets all of it. */
export const BLANK: Rendered = { leaves: new Map(), lists: new Map(), shells: new Map() };

/**
 * What leads from one page to another: lists in their order with what is `made` new in them, which takes the place of
 * what has its id; then what has changed.
 */
export interface Patch {
  readonly lists: readonly (readonly [id: string, children: readonly string[]])[];
  readonly made: Readonly<Record<string, string>>;
  readonly set: readonly (readonly [id: string, html: string])[];
}

/** What has changed since `before`; undefined when nothing has. */
export function patchBetween(before: Rendered, now: Rendered): Patch | undefined {
  if (before === now) return undefined;
  const lists: [string, readonly string[]][] = [];
  const made: Record<string, string> = {};
  const fresh = new Set<string>();
  for (const [id, children] of now.lists) {
    const known = before.lists.get(id);
    if (known && isSame(known, children)) continue;
    lists.push([id, children]);
    const present = new Set(known);
    for (const child of children.filter((each) => !present.has(each))) {
      made[child] = now.shells.get(child) ?? now.leaves.get(child) ?? "";
      fresh.add(child);
    }
  }
  const set = [...now.leaves].filter(([id, html]) => before.leaves.get(id) !== html && !fresh.has(id));
  return lists.length === 0 && set.length === 0 ? undefined : { lists, made, set };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}
