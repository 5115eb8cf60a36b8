/** The texts that a pattern stands for, or what is wrong with it. */
export type Expansion = { readonly texts: readonly string[] } | { readonly problem: string };

/**
 * Expands every `[FROM:TO]` or `[FROM-TO]`, as in `192.168.0.[2:10]:2375` or `192.168.0.2:[2:9]375`, in counting order.
 *
 * A range that runs backwards is refused, and so are more than `limit` texts in all, before any of them is made.
 */
export function expandRanges(pattern: string, limit: number): Expansion {
  const pieces = pattern.split(/\[([0-9]+)[:-]([0-9]+)\]/); // every third one is text, the two behind it a range
  let texts: readonly string[] = [pieces[0] ?? ""];
  for (let at = 1; at < pieces.length; at += 3) {
    const [from, to, rest] = [Number(pieces[at]), Number(pieces[at + 1]), pieces[at + 2] ?? ""];
    if (from > to) return { problem: `[${from}:${to}] runs backwards` };
    const numbers = to - from + 1;
    if (texts.length * numbers > limit) return { problem: `it stands for more than ${limit}` };
    texts = texts.flatMap((text) => Array.from({ length: numbers }, (_, index) => `${text}${from + index}${rest}`));
  }
  return { texts };
}
