import { type Cut, cut } from "./config.js";

/** How many servers each backend has in a text, by the backend's name. */
export type ServerCounts = ReadonlyMap<string, number>;

/** Fewer than this may go at once from a backend that keeps others. */
const MANY = 3;

/** Counts the lines of servers; a glance that costs little, since nothing but patience depends on it. */
export function countServers(text: string): ServerCounts {
  return sumOf(cut(text).texts.map(countIn));
}

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

/** Finds what each text would take away of the one before, and counts no section twice. */
export class LossFinder {
  #last: Counted = { text: "", cut: cut(""), counts: new Map(), bySection: new Map() };

  /** See `lossesBetween`. */
  between(before: string, after: string): readonly string[] {
    return lossesBetween(this.#countsOf(before), this.#countsOf(after));
  }

  #countsOf(text: string): ServerCounts {
    const last = this.#last;
    if (text === last.text) return last.counts;
    const found = cut(text, last.cut);
    const bySection = new Map<string, Count>();
    for (const own of found.texts) bySection.set(own, last.bySection.get(own) ?? countIn(own));
    const counts = sumOf(found.texts.flatMap((own) => bySection.get(own) ?? []));
    this.#last = { text, cut: found, counts, bySection };
    return counts;
  }
}

/** A text and how many servers it has. */
interface Counted {
  readonly text: string;
  readonly cut: Cut;
  readonly counts: ServerCounts;
  readonly bySection: ReadonlyMap<string, Count>;
}

/** What one section has. */
interface Count {
  /** Undefined where servers are something else. */
  readonly pool: string | undefined;
  readonly servers: number;
}

function countIn(section: string): Count {
  const [, pool] = /^[ \t]*(?:backend|listen)[ \t]+(\S+)/.exec(section) ?? [];
  return { pool, servers: pool === undefined ? 0 : [...section.matchAll(/\n[ \t]*server[ \t]/g)].length };
}

function sumOf(counts: readonly Count[]): ServerCounts {
  const sums = new Map<string, number>();
  for (const { pool, servers } of counts) {
    if (pool !== undefined && servers > 0) sums.set(pool, (sums.get(pool) ?? 0) + servers);
  }
  return sums;
}
