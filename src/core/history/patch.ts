/** Where in a text so many letters give way to others. */
type Splice = [at: number, removed: number, added: string];

/** What makes another text of a text: splices in the order of their places in the first. */
export type TextPatch = Splice[];

/** The text that a patch makes of another; undefined where it does not fit. */
export function patched(before: string, patch: TextPatch): string | undefined {
  const parts: string[] = [];
  let at = 0;
  for (const [from, removed, added] of patch) {
    if (from < at || from + removed > before.length) return undefined;
    parts.push(before.slice(at, from), added);
    at = from + removed;
  }
  return [...parts, before.slice(at)].join("");
}
