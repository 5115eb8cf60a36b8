import { signsOf } from "./signs.js";

/** A column of a table that has to fit into a width. */
export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  /** To how many signs it may be cut; its widest cell where it may not. */
  readonly least?: number;
}

const GAP = 1;

/** The heading and the rows, each as a line of at most `width` signs: columns that may give way do, the widest first. */
export function columnsOf(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  const all = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) => Math.max(...all.map((row) => signsOf(row[index] ?? "").length)));
  const total = (): number => widths.reduce((sum, each) => sum + each, GAP * (widths.length - 1));
  while (total() > width) {
    const able = widths.map((each, index) => (each > (columns[index]?.least ?? Infinity) ? each : -1));
    const widest = able.indexOf(Math.max(...able));
    if ((able[widest] ?? -1) < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return all.map((row) =>
    columns
      .map(({ align }, index) => cell(row[index] ?? "", widths[index] ?? 0, align))
      .join(" ".repeat(GAP))
      .trimEnd(),
  );
}

function cell(text: string, width: number, align: Column["align"]): string {
  const signs = signsOf(text);
  if (signs.length > width) return `${signs.slice(0, Math.max(0, width - 1)).join("")}…`;
  const blanks = " ".repeat(width - signs.length);
  return align === "left" ? text + blanks : blanks + text;
}
