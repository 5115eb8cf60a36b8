import { describeCause, describeKey } from "../history/describe-entry.js";
import { moment } from "../history/describe-pin.js";
import type { HistoryEntry, VersionDiff } from "../history/entry.js";
import { howOf, markOf } from "./history.js";
import type { Mark } from "./mark.js";

/** One version of a file, and what it has changed, on a page of its own. */
export interface VersionPageModel {
  readonly version: number;
  /** The id of the history that it is of, on the page. */
  readonly of: string;
  readonly dest: string;
  readonly state: Mark;
  readonly facts: readonly { readonly name: string; readonly words: string }[];
  /** All that a check, a reload or a template has said. */
  readonly output: string;
  readonly title: string;
  readonly diff: readonly DiffPart[];
  /** What is to be known of the diff besides; empty where that is nothing. */
  readonly note: string;
  /** The version that it is compared with; undefined where that is the one before. */
  readonly against: number | undefined;
  /** The version that the file has now, to be compared with; undefined where this is it, or it is compared already. */
  readonly present: number | undefined;
  /** The order that brings it back; empty where it cannot come back. */
  readonly order: string;
}

/** Lines of a unified diff that follow one another and are of one kind. */
interface DiffPart {
  readonly kind: "added" | "removed" | "place" | "same";
  readonly text: string;
}

/** More of a diff is left out, and more of a line, so that a browser has it at once. */
const MOST_LINES = 3_000;
const MOST_LETTERS = 200_000;

/** One version of a file, with what it has changed or how it differs from another one. */
export function versionPageModel(
  { entry, isRefused, diff }: VersionDiff,
  against: number | undefined,
  present: number | undefined,
): VersionPageModel {
  const { id, dest, resource, output = "" } = entry;
  const shown = partsOf(diff ?? "");
  const command = against === undefined ? `hecd diff ${id}` : `hecd diff ${against} ${id}`;
  const rest =
    shown.left === 0
      ? ""
      : `${shown.left} more ${shown.left === 1 ? "line is" : "lines are"} left out: ${command} has all of it.`;
  return {
    ...{ version: id, of: `history/${resource}`, dest, output, against, state: markOf(entry), facts: factsOf(entry) },
    title:
      against === undefined
        ? isRefused
          ? "What it would have changed"
          : "What it has changed"
        : `How it differs from version ${against}`,
    diff: shown.parts,
    note:
      diff === undefined
        ? `Not everybody may read this file, so its text is shown to those alone who have signed in: ${command} shows it where you may read it.`
        : rest,
    present: present === id || present === against ? undefined : present,
    order: isRefused || entry.digest === undefined ? "" : `rollback version ${id}`,
  };
}

function factsOf(entry: HistoryEntry): VersionPageModel["facts"] {
  const { at, resource, why, tookMs, did = [], revision, digest } = entry;
  const keys = why.kind === "keys" ? why.keys.map(describeKey) : [];
  const facts = [
    ["When", moment(at)],
    ["Resource", resource],
    ["Why", describeCause(why)],
    ["How", howOf(entry)],
    ["Took", `${tookMs} ms`],
    ["Keys", keys.length > 1 ? keys.join(", ") : ""],
    ["Done", did.join("; ")],
    ["Revision", revision ?? ""],
    ["SHA-256", digest ?? ""],
  ] as const;
  return facts.flatMap(([name, words]) => (words === "" ? [] : [{ name, words }]));
}

/** A unified diff without its head, as far as it is shown, and how many lines are not. */
function partsOf(diff: string): { readonly parts: readonly DiffPart[]; readonly left: number } {
  const lines = diff === "" ? [] : diff.replace(/\n$/, "").split("\n");
  const body = lines.slice(lines[0]?.startsWith("--- ") ? 2 : 0);
  const parts: { kind: DiffPart["kind"]; text: string }[] = [];
  let letters = 0;
  let shown = 0;
  for (const line of body.slice(0, MOST_LINES)) {
    if (letters > MOST_LETTERS) break;
    const text = line.slice(0, MOST_LETTERS);
    letters += text.length + 1;
    shown++;
    const kind = kindOf(line);
    const last = parts.at(-1);
    if (last?.kind === kind) last.text += `\n${text}`;
    else parts.push({ kind, text });
  }
  return { parts, left: body.length - shown };
}

function kindOf(line: string): DiffPart["kind"] {
  if (line.startsWith("@@")) return "place";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "same";
}
