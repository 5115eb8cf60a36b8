import { isSocket } from "./address.js";
import { cut } from "./config.js";

/** How many servers each backend has in a text, by the backend's name; sockets, which no key is behind, do not count. */
export type ServerCounts = ReadonlyMap<string, number>;

/** Fewer than this may go at once from a backend that keeps others. */
const MANY = 3;

/** Counts the lines of servers; a glance that costs little, since nothing but patience depends on it. */
export function countServers(text: string): ServerCounts {
  return sumOf(cut(text).texts);
}

/** What one backend would lose. */
export interface Loss {
  readonly backend: string;
  readonly had: number;
  readonly lost: number;
}

/**
 * The backends that would lose their last server, or more than half of their servers and at least three.
 *
 * Servers that others take the place of are no loss.
 */
export function lossesBetween(before: ServerCounts, after: ServerCounts): readonly Loss[] {
  return [...before].flatMap(([backend, had]) => {
    const lost = had - (after.get(backend) ?? 0);
    return isMass(lost, had) ? [{ backend, had, lost }] : [];
  });
}

/** Whether so many are so much of what there was that it may be a mistake. */
export function isMass(lost: number, had: number): boolean {
  return lost === had || (lost >= MANY && lost > had / 2);
}

/** A loss in words. */
export function describeLoss({ backend, had, lost }: Loss): string {
  return `${lost} of ${had} servers of ${backend}`;
}

/** Finds what each text would take away of the one before, where the two differ. */
export class LossFinder {
  #last = { text: "", cut: cut("") };

  /** See `lossesBetween`; a name stands for one backend, as HAProxy has it. */
  between(before: string, after: string): readonly Loss[] {
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
    const lines = backend === undefined ? [] : [...section.matchAll(/\n[ \t]*server[ \t]+\S+[ \t]+(\S*)/g)];
    const servers = lines.filter(([, address = ""]) => !isSocket(address)).length;
    if (backend !== undefined && servers > 0) sums.set(backend, (sums.get(backend) ?? 0) + servers);
  }
  return sums;
}
