import { diffArrays } from "diff";
import type { TextPatch } from "./patch.js";

/** More lines than this are compared as a whole. */
const MOST_LINES = 4_000;

/** More single differences are one large one. */
const MOST_EDITS = 400;

/** What makes `after` of `before`, line by line where that does not take long. */
export function textPatchBetween(before: string, after: string): TextPatch {
  if (before === after) return [];
  const most = Math.min(before.length, after.length);
  const alike = commonStart(before, after, most);
  const start = alike === 0 ? 0 : before.lastIndexOf("\n", alike - 1) + 1;
  const end = commonEnd(before, after, most - start);
  const removed = before.slice(start, before.length - end);
  const added = after.slice(start, after.length - end);
  const [old, fresh] = [linesOf(removed), linesOf(added)];
  const parts =
    old.length + fresh.length > MOST_LINES ? undefined : diffArrays(old, fresh, { maxEditLength: MOST_EDITS });
  if (parts === undefined) return [[start, removed.length, added]];
  const patch: TextPatch = [];
  let at = start;
  for (const { value, removed: isGone, added: isNew } of parts) {
    const text = value.join("");
    const last = patch.at(-1);
    if (!isGone && !isNew) at += text.length;
    else if (isNew && last !== undefined && last[0] + last[1] === at) last[2] += text;
    else if (isNew) patch.push([at, 0, text]);
    else {
      patch.push([at, text.length, ""]);
      at += text.length;
    }
  }
  return patch;
}

/** Parts of strings are compared as memory is. */
const STEP = 4_096;

function commonStart(a: string, b: string, most: number): number {
  let at = 0;
  while (at + STEP <= most && a.slice(at, at + STEP) === b.slice(at, at + STEP)) at += STEP;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}

/** From the beginning of a line on, so that what is in between ends with one. */
function commonEnd(a: string, b: string, most: number): number {
  const part = (text: string, from: number): string => text.slice(text.length - from - STEP, text.length - from);
  let at = 0;
  while (at + STEP <= most && part(a, at) === part(b, at)) at += STEP;
  while (at < most && a.charCodeAt(a.length - at - 1) === b.charCodeAt(b.length - at - 1)) at++;
  const lineEnd = at === 0 ? -1 : a.indexOf("\n", a.length - at);
  return lineEnd < 0 ? 0 : a.length - lineEnd - 1;
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
