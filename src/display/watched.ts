import type { ScreenLine } from "./frame.js";
import type { Size } from "./terminal.js";

/** What a person watches: a text that is shown anew whenever it changes. */
export interface Watched {
  /** The command that prints it once. */
  readonly command: string;
  /** The present text; undefined until there is one. */
  readonly text: string | undefined;
  /** When it came, as the clock on the wall shows it. */
  readonly since: string;
  /** Why the text may be old; undefined where it is not. */
  readonly trouble: string | undefined;
}

/** A watched text with its title; where it does not fit, how much is missing. */
export function watchedFrame({ command, text, since, trouble }: Watched, { rows }: Size): readonly ScreenLine[] {
  const lines = text?.trimEnd().split("\n") ?? ["Nothing is known yet"];
  const head: ScreenLine[] = [
    [
      { text: command, style: "bold" },
      { text: `   ${text === undefined ? "" : `as of ${since}   `}Ctrl-C ends`, style: "dim" },
    ],
    trouble === undefined ? [] : [{ text: trouble, style: "warn" }],
  ];
  const room = Math.max(1, rows - head.length);
  if (lines.length <= room) return [...head, ...lines.map((line) => [line])];
  const shown = lines.slice(0, room - 1);
  const missing = `${lines.length - shown.length} more lines: ${command} | less`;
  return [...head, ...shown.map((line) => [line]), [{ text: missing, style: "dim" }]];
}
