/** Rows under a heading as aligned text; control characters of a stranger's text are shown, not carried out. */
export function tableOf(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, ...rows.map((row) => row.map(visible))];
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

/** A text of somebody else in one line, as it can be shown on a terminal. */
export function visible(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are the very characters that must not reach a terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => JSON.stringify(char).slice(1, -1));
}
