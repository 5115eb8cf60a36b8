import { cut } from "./config.js";

/** How many servers each backend has in a text, by the backend's name. */
export type ServerCounts = ReadonlyMap<string, number>;

/** Fewer than this may go at once from a backend that keeps others. */
const MANY = 3;

/** Counts the lines of servers; a glance that costs little, since nothing but patience depends on it. */
export function countServers(text: string): ServerCounts {
  return sumOf(cut(text).texts);
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

/** Finds what each text would take away of the one before, where the two differ. */
export class LossFinder {
  #last = { text: "", cut: cut("") };

  /** See `lossesBetween`; a name stands for one backend, as HAProxy has it. */
  between(before: string, after: string): readonly string[] {
    const [had, has] = [this.#sectionsOf(before), this.#sectionsOf(after)];
    const first = had.findIndex((own, at) => own !== has[at]);
    if (first < 0) return [];
    let last = 0;
    while (last < Math.min(had.length, has.length) - first && had.at(-1 - last) === has.at(-1 - last)) last++;
    return lossesBetween(sumOf(had.slice(first, had.length - last)), sumOf(has.slice(first, has.length - last)));
  }

  #sectionsOf(text: string): readonly string[] {
    if (text !== this.#last.text) this.#last = { text, cut: cut(text, this.#last.cut) };
    return this.#last.cut.texts;
  }
}

function sumOf(sections: readonly string[]): ServerCounts {
  const sums = new Map<string, number>();
  for (const section of sections) {
    const [, backend] = /^[ \t]*(?:backend|listen)[ \t]+(\S+)/.exec(section) ?? [];
    const servers = backend === undefined ? 0 : [...section.matchAll(/\n[ \t]*server[ \t]/g)].length;
    if (backend !== undefined && servers > 0) sums.set(backend, (sums.get(backend) ?? 0) + servers);
  }
  return sums;
}
