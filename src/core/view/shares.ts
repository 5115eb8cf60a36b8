/** Servers that get a share of the work together, which each has of by its weight. */
export interface ShareGroup {
  /** Above 0; what counts is how it stands to the shares of the others. */
  readonly share: number;
  /** 0 or more, one for each server. */
  readonly weights: readonly number[];
}

/** The largest weight that HAProxy knows. */
const MOST = 256;

/** So many sums of all weights are tried. */
const TRIES = 512;

/**
 * The weights, 0 to 256, by which servers get the shares of their groups, however many they are; within a group as near to
 * their own weights as whole numbers come. In the order of the groups and of their servers.
 *
 * A group none of whose servers has a weight gets nothing, and the others its share. One that has a share gets something,
 * however little that is.
 */
export function sharedWeights(groups: readonly ShareGroup[]): readonly (readonly number[])[] {
  const working = groups.filter(({ share, weights }) => share > 0 && sumOf(weights) > 0);
  if (working.length < 2) return groups.map((group) => (working.includes(group) ? group.weights : none(group)));
  const sums = bestSums(working);
  return groups.map((group) => {
    const at = working.indexOf(group);
    return at < 0 ? none(group) : apportioned(sums[at] ?? 0, group.weights);
  });
}

/** The sum of the weights of each group, so that they stand to one another as the shares do. */
function bestSums(groups: readonly ShareGroup[]): readonly number[] {
  const whole = groups.reduce((sum, { share }) => sum + share, 0);
  const parts = groups.map(({ share }) => share / whole);
  // What a group comes to while the largest weight in it is the largest of all.
  const limits = groups.map(({ weights }) => Math.floor((MOST * sumOf(weights)) / Math.max(...weights)));
  const most = Math.floor(Math.min(...groups.map((_, at) => (limits[at] ?? 0) / (parts[at] ?? 1))));
  let best: readonly number[] = [];
  let least = Infinity;
  for (let total = most; total > Math.max(1, most / 2) && total > most - TRIES; total--) {
    const sums = parts.map((part, at) => Math.min(Math.max(1, Math.round(part * total)), limits[at] ?? 0));
    const error = errorOf(sums, parts);
    if (error >= least - 1e-9) continue; // of several that are as good the one of the largest weights
    [best, least] = [sums, error];
  }
  return best;
}

/** By how much the share is wrong that is most wrong. */
function errorOf(sums: readonly number[], parts: readonly number[]): number {
  const total = sumOf(sums);
  return Math.max(...sums.map((sum, at) => Math.abs(sum / total - (parts[at] ?? 0))));
}

/** Whole numbers that come to `sum` and stand to one another as the weights do; what is left over goes where most is missing. */
function apportioned(sum: number, weights: readonly number[]): readonly number[] {
  const whole = sumOf(weights);
  const exact = weights.map((weight) => (sum * weight) / whole);
  const parts = exact.map(Math.floor);
  const missing = exact.map((each, at) => each - (parts[at] ?? 0));
  const order = weights.map((_, at) => at).sort((a, b) => (missing[b] ?? 0) - (missing[a] ?? 0) || a - b);
  for (const at of order.slice(0, sum - sumOf(parts))) parts[at] = (parts[at] ?? 0) + 1;
  return parts;
}

function none({ weights }: ShareGroup): readonly number[] {
  return weights.map(() => 0);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
