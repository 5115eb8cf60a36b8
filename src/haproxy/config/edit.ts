import { isConfiguration } from "./config.js";
import { modelOf } from "./model.js";

/** How many sections are named; the rest is counted. */
const NAMED = 5;

/**
 * How a file differs from the text that it had from us, section by section, without a word of what stands in it: it may be
 * a password. Empty where the two are the same.
 */
export function describeEdit(ours: string, theirs: string | undefined): readonly string[] {
  if (theirs === undefined) return ["it was deleted"];
  if (theirs === ours) return [];
  if (!isConfiguration(ours) || !isConfiguration(theirs)) return [linesBetween(ours.split("\n"), theirs.split("\n"))];
  const [before, after] = [linesByTitle(ours), linesByTitle(theirs)];
  const all: string[] = [];
  for (const [title, lines] of after) {
    const known = before.get(title);
    if (!known) all.push(`${title} was added`);
    else if (known.join("\n") !== lines.join("\n")) all.push(`${title} was changed (${linesBetween(known, lines)})`);
  }
  for (const title of before.keys()) if (!after.has(title)) all.push(`${title} was taken out`);
  if (all.length === 0)
    return [
      [...before.keys()].join() === [...after.keys()].join() ? "blank lines" : "its sections are in another order",
    ];
  return all.length <= NAMED ? all : [...all.slice(0, NAMED), `${all.length - NAMED} more sections`];
}

function linesByTitle(text: string): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, readonly string[]>();
  for (const { title, section } of modelOf(text).parts) {
    const lines = section.lines.map(({ raw }) => raw);
    const end = lines.findLastIndex((line) => line.trim() !== "") + 1; // blanks are of no section
    all.set(title, [...(all.get(title) ?? []), ...lines.slice(0, end)]);
  }
  return all;
}

function linesBetween(before: readonly string[], after: readonly string[]): string {
  const [added, gone] = [countMissing(after, before), countMissing(before, after)];
  if (added === 0 && gone === 0) return "its lines are in another order";
  const parts = [
    ...(added > 0 ? [`${linesOf(added)} added`] : []),
    ...(gone > 0 ? [`${linesOf(gone)} taken out`] : []),
  ];
  return parts.join(", ");
}

/** How many of the lines are not among the others, each as often as it stands there. */
function countMissing(lines: readonly string[], others: readonly string[]): number {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  }).length;
}

function linesOf(count: number): string {
  return count === 1 ? "1 line" : `${count} lines`;
}
