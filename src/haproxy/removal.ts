/** How many servers each backend has in a text, by the backend's name. */
export type ServerCounts = ReadonlyMap<string, number>;

/** Fewer than this may go at once from a backend that keeps others. */
const MANY = 3;

/** Counts the lines of servers; a glance that costs little, since nothing but patience depends on it. */
export function countServers(text: string): ServerCounts {
  const counts = new Map<string, number>();
  let pool: string | undefined;
  for (const [, word = "", name = ""] of text.matchAll(LINE)) {
    if (word !== "server") pool = word === "backend" || word === "listen" ? name : undefined;
    else if (pool !== undefined) counts.set(pool, (counts.get(pool) ?? 0) + 1);
  }
  return counts;
}

/** A server, or a section in which there may be some, or in which they are something else. */
const LINE =
  /^[ \t]*(server|backend|listen|frontend|defaults|global|peers|ring|log-forward)(?![\w-])(?:[ \t]+(\S+))?/gm;

/**
 * The backends that would lose their last server, or more than half of their servers and at least three, in words.
 *
 * Servers that others take the place of are no loss.
 */
export function lossesBetween(before: ServerCounts, after: ServerCounts): readonly string[] {
  return [...before].flatMap(([name, had]) => {
    const lost = had - (after.get(name) ?? 0);
    const isMass = lost === had || (lost >= MANY && lost > had / 2);
    return isMass ? [`${lost} of ${had} servers of ${name}`] : [];
  });
}

/** Finds what each text would take away of the one before, and counts the servers of none of them twice. */
export class LossFinder {
  #last: { readonly text: string; readonly counts: ServerCounts } = { text: "", counts: new Map() };

  /** See `lossesBetween`. */
  between(before: string, after: string): readonly string[] {
    return lossesBetween(this.#countsOf(before), this.#countsOf(after));
  }

  #countsOf(text: string): ServerCounts {
    if (text !== this.#last.text) this.#last = { text, counts: countServers(text) };
    return this.#last.counts;
  }
}
