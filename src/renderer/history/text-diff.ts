/** How two texts differ, as a unified diff; a sentence where they do not. */
export async function diffOf(
  path: string,
  before: string,
  after: string,
  { names: [from, to], context = 3 }: { readonly names: readonly [string, string]; readonly context?: number },
): Promise<string> {
  if (before === after) return `${path}: the same text`;
  const { createTwoFilesPatch, FILE_HEADERS_ONLY } = await import("diff"); // few runs need it
  return createTwoFilesPatch(path, path, before, after, from, to, { context, headerOptions: FILE_HEADERS_ONLY });
}
