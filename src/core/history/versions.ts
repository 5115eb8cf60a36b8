import type { HistoryEntry, HistoryLine } from "./entry.js";
import { patched } from "./patch.js";

/** A text that a file had, or was to have. */
export interface Version {
  readonly entry: HistoryEntry;
  readonly text: string;
  /** The text before it. */
  readonly before: string;
  /** Whether it was refused, so that the file has never had it. */
  readonly isRefused: boolean;
  /** The addresses that the store had shown until then. */
  readonly addresses: ReadonlySet<string>;
}

/** Where a history has come to. */
export interface HistoryEnd {
  readonly id: number;
  /** Of what the resource was at the last entry. */
  readonly resource: string;
  readonly text: string;
  readonly addresses: ReadonlySet<string>;
}

/** The entries among lines, the oldest first. */
export function entriesIn(lines: readonly HistoryLine[]): readonly HistoryEntry[] {
  return lines.flatMap((line) => ("entry" in line ? [line.entry] : []));
}

/** What the lines of one file of a history lead to; undefined where they begin with no text. */
export function endOf(lines: readonly HistoryLine[]): HistoryEnd | undefined {
  let end: HistoryEnd | undefined;
  for (const { line, text, addresses } of followed(lines)) {
    const last = "entry" in line ? { id: line.entry.id, resource: line.resource } : undefined;
    end = { ...(last ?? { id: end?.id ?? 0, resource: end?.resource ?? "" }), text, addresses };
  }
  return end && { ...end, addresses: new Set(end.addresses) };
}

/** The version of an entry among the lines of one file of a history; undefined where there is none. */
export function versionIn(lines: readonly HistoryLine[], id: number): Version | undefined {
  let before = "";
  for (const { line, text, addresses } of followed(lines)) {
    if ("entry" in line && line.entry.id === id) {
      const refused = line.refused && patched(text, line.refused);
      const isRefused = refused !== undefined;
      return {
        ...{ entry: line.entry, text: refused ?? text, before: isRefused ? text : before, isRefused },
        addresses: new Set(addresses),
      };
    }
    before = text;
  }
  return undefined;
}

/** Each line with the text that the file has after it; ends where a patch does not fit. */
function* followed(lines: readonly HistoryLine[]): Generator<{
  readonly line: HistoryLine;
  readonly text: string;
  readonly addresses: ReadonlySet<string>;
}> {
  let text: string | undefined;
  const addresses = new Set<string>();
  for (const line of lines) {
    for (const address of line.addresses ?? []) addresses.add(address);
    if ("text" in line) text = line.text;
    else if (text !== undefined && line.patch) text = patched(text, line.patch);
    if (text === undefined) return;
    yield { line, text, addresses };
  }
}
