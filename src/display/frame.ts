import { signsOf } from "./signs.js";
import type { Size } from "./terminal.js";

/** How a piece of a line looks. */
export type Style = "bold" | "dim" | "good" | "warn" | "bad" | "reverse";

/** A piece of a line. */
type Span = string | { readonly text: string; readonly style: Style };

/** A line as a person sees it, of texts without control characters. */
export type ScreenLine = readonly Span[];

/** By SGR. */
const CODES: Readonly<Record<Style, string>> = {
  bold: "1",
  dim: "2",
  good: "32",
  warn: "33",
  bad: "31",
  reverse: "7",
};

/** The lines that fit into the size, each cut to it, as a terminal shows them; none of them is longer than it looks. */
export function painted(lines: readonly ScreenLine[], { columns, rows }: Size, hasColours: boolean): readonly string[] {
  return lines.slice(0, rows).map((line) => {
    let left = columns;
    const pieces = line.map((span) => {
      const { text, style } = typeof span === "string" ? { text: span, style: undefined } : span;
      const signs = signsOf(text).slice(0, left);
      const shown = signs.join("");
      left -= signs.length;
      if (shown === "" || style === undefined || !hasColours) return shown;
      return `\u001b[${CODES[style]}m${shown}\u001b[0m`;
    });
    return pieces.join("");
  });
}

/** What turns the screen that shows `before` into one that shows `after`: the lines that differ; all, where nothing is known. */
export function updateOf(before: readonly string[] | undefined, after: readonly string[]): string {
  const clear = before === undefined ? "\u001b[H\u001b[2J" : "";
  const height = Math.max(after.length, before?.length ?? 0);
  const changed = Array.from({ length: height }, (_, row) => {
    const line = after[row] ?? "";
    return line === (before?.[row] ?? "") ? "" : `\u001b[${row + 1};1H${line}\u001b[K`;
  });
  return clear + changed.join("");
}
