import fc from "fast-check";
import { agree, type Answer, type Case, render } from "./engine.js";
import type { GoProgram } from "./go-program.js";
import { anyCase } from "./grammar.js";

/** A case on which the two sides do not agree. */
export interface Mismatch {
  readonly asked: Case;
  readonly ours: Answer;
  readonly theirs: Answer;
}

/** A case that was compared. */
export interface Compared extends Mismatch {
  readonly verdict: "agree" | "differ";
}

/** Cases from the grammar; the same seed gives the same ones. */
export function casesOf(seed: number, count: number): readonly Case[] {
  return fc.sample(anyCase(), { seed, numRuns: count });
}

/** Both sides' answers to all cases but those for which the reference is too old. */
export function compareAll(go: GoProgram, cases: readonly Case[]): readonly Compared[] {
  const answers = go.render(cases);
  return cases.flatMap((asked, index) => {
    const theirs = answers[index];
    if (theirs === undefined) throw new RangeError("an answer for every case");
    if (isNewer(theirs)) return [];
    const ours = render(asked);
    return [{ asked, ours, theirs, verdict: agree(ours, theirs) ? "agree" : "differ" }];
  });
}

/** The same disagreement with less around it: pieces are cut out as long as the sides still differ. */
export function shrink(go: GoProgram, found: Mismatch): Mismatch {
  let smallest = found;
  for (let progress = true; progress;) {
    const smaller = firstDifferent(go, cuts(smallest.asked));
    progress = smaller !== undefined;
    if (smaller !== undefined) smallest = smaller;
  }
  return smallest;
}

/** In small batches: most of the time one of the first cuts will do. */
function firstDifferent(go: GoProgram, cases: readonly Case[]): Mismatch | undefined {
  for (let from = 0; from < cases.length; from += 50) {
    const found = compareAll(go, cases.slice(from, from + 50)).find(({ verdict }) => verdict === "differ");
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether the reference lacks what the template asks for: `range` over an int, `else with`. */
function isNewer(theirs: Answer): boolean {
  return "error" in theirs && /range can't iterate over -?\d+$|unexpected <with> in else$/.test(theirs.error);
}

/** A case with one piece less, the largest pieces first. */
function cuts({ template, store }: Case): readonly Case[] {
  const shorter: Case[] = [];
  const characters = Array.from(template);
  for (let size = Math.ceil(characters.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < characters.length; from += Math.max(1, Math.floor(size / 2))) {
      shorter.push({ template: [...characters.slice(0, from), ...characters.slice(from + size)].join(""), store });
    }
  }
  for (const key of Object.keys(store)) {
    shorter.push({ template, store: Object.fromEntries(Object.entries(store).filter(([other]) => other !== key)) });
  }
  return shorter;
}
