import { isSocket } from "./address.js";
import { cut } from "./config.js";
import { CutPair } from "./cut-pair.js";

/** How many servers each backend has in a text, by the backend's name; sockets, which no key is behind, do not count. */
export type ServerCounts = ReadonlyMap<string, number>;

/** Fewer than this may go at once from a backend that keeps others. */
const MANY = 3;

/** Counts the lines of servers; a glance that costs little, since nothing but patience depends on it. */
export function countServers(text: string): ServerCounts {
  return sumOf(cut(text).texts.map(countsIn));
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
  readonly #cuts = new CutPair();
  /** The servers of each section that was counted last. */
  #counted: ReadonlyMap<string, ServerCounts> = new Map();

  /** See `lossesBetween`; a name stands for one backend, as HAProxy has it. */
  between(before: string, after: string): readonly Loss[] {
    const differing = this.#cuts.between(before, after);
    const counted = new Map<string, ServerCounts>();
    const countIn = (sections: readonly string[]): ServerCounts =>
      sumOf(
        sections.map((section) => {
          const counts = this.#counted.get(section) ?? countsIn(section);
          counted.set(section, counts);
          return counts;
        }),
      );
    const losses = lossesBetween(countIn(differing.before), countIn(differing.after));
    this.#counted = counted;
    return losses;
  }
}

function sumOf(all: readonly ServerCounts[]): ServerCounts {
  const sums = new Map<string, number>();
  for (const counts of all) {
    for (const [backend, servers] of counts) sums.set(backend, (sums.get(backend) ?? 0) + servers);
  }
  return sums;
}

function countsIn(section: string): ServerCounts {
  const [, backend] = /^[ \t]*(?:backend|listen)[ \t]+(\S+)/.exec(section) ?? [];
  if (backend === undefined) return new Map();
  const lines = section.matchAll(/\n[ \t]*server[ \t]+\S+[ \t]+(\S*)([ \t]+disabled\b)?/g);
  let servers = 0;
  // One that a pinned file keeps out of work is lost as if its line were gone.
  for (const [, address = "", disabled] of lines) if (!isSocket(address) && disabled === undefined) servers++;
  return servers > 0 ? new Map([[backend, servers]]) : new Map();
}
