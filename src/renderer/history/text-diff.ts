/** More single differences are shown as one large one: to find them all would take seconds, for which a renderer stands still. */
const MOST_EDITS = 1_000;

/** How two texts differ, as a unified diff; a sentence where they do not. */
export async function diffOf(
  path: string,
  before: string,
  after: string,
  { names: [from, to], context = 3 }: { readonly names: readonly [string, string]; readonly context?: number },
): Promise<string> {
  if (before === after) return `${path}: the same text`;
  const { createTwoFilesPatch, formatPatch, FILE_HEADERS_ONLY } = await import("diff"); // few runs need it
  const options = { context, headerOptions: FILE_HEADERS_ONLY, maxEditLength: MOST_EDITS };
  const hunks = [wholeHunk(linesOf(before), linesOf(after), context)];
  const names = { oldFileName: path, newFileName: path, oldHeader: from, newHeader: to };
  return (
    createTwoFilesPatch(path, path, before, after, from, to, options) ??
    formatPatch({ ...names, hunks }, FILE_HEADERS_ONLY)
  );
}

/** All between the first and the last line that differ, as one difference, with so many lines around it. */
function wholeHunk(old: readonly string[], fresh: readonly string[], context: number) {
  const most = Math.min(old.length, fresh.length);
  let start = 0;
  while (start < most && old[start] === fresh[start]) start++;
  let end = 0;
  while (end < most - start && old.at(-1 - end) === fresh.at(-1 - end)) end++;
  const first = Math.max(0, start - context);
  const after = Math.min(context, end);
  return {
    oldStart: first + 1,
    oldLines: old.length - end + after - first,
    newStart: first + 1,
    newLines: fresh.length - end + after - first,
    lines: [
      ...old.slice(first, start).flatMap((line) => marked(" ", line)),
      ...old.slice(start, old.length - end).flatMap((line) => marked("-", line)),
      ...fresh.slice(start, fresh.length - end).flatMap((line) => marked("+", line)),
      ...old.slice(old.length - end, old.length - end + after).flatMap((line) => marked(" ", line)),
    ],
  };
}

/** Lines with their ends, since a last line without one is another line. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function marked(mark: string, line: string): readonly string[] {
  return line.endsWith("\n") ? [`${mark}${line.slice(0, -1)}`] : [`${mark}${line}`, "\\ No newline at end of file"];
}
