import type { Outcome } from "../core/events/event.js";
import { graceSignal } from "../flow/deadline.js";
import type { Adjustment, TargetCondition } from "../ports.js";
import type { ApplyOptions, ApplyParts, Work } from "./apply-parts.js";
import { type BringTo, Candidate } from "./candidate.js";
import { adjust, adjustWhole, deferred, type Errand } from "./errand.js";
import { prove, reload } from "./proof.js";
import { diffOf } from "./history/text-diff.js";

/** How it is done unless somebody asks for something else. */
export const DEFAULT_OPTIONS: ApplyOptions = {
  dryRun: false,
  diffContext: 3,
  keepsStage: false,
  finishWithinMs: 3_000,
};

/** A reload had to be waited for, and a newer state may have come. */
export interface Overtaken {
  readonly kind: "overtaken";
}

/**
 * Brings one file, and what reads it, up to date with `text`.
 *
 * What can be changed in a running HAProxy is changed there first, since the check takes longer than all the rest, and
 * the file follows, in a later turn where it may be postponed. Where that comes to nothing, by the check or by the disk,
 * HAProxy is brought back to the present file. Anything else is a reload, for which the time must have come: it may have
 * to be waited for.
 *
 * Before the file is written an abort is thrown at once; after that the reload has `finishWithinMs` more to come to its
 * end. Where it does not, the file stays unproven, and the next turn, of whatever process, reloads again.
 */
export async function apply(text: string, parts: ApplyParts, signal: AbortSignal): Promise<Outcome | Overtaken> {
  const { resource, target, clock, dryRun } = parts;
  const [present, condition] = await Promise.all([target.read(), target.condition()]);
  const work = workFor(text, present, condition, resource.haproxy !== undefined);
  if (parts.keepsStage && (dryRun || work !== "replace")) await target.stage(text);
  if (work === "nothing" && (dryRun || !resource.haproxy)) return { kind: "unchanged" };
  const refusal = resource.haproxy && resource.checkCmd === undefined && text.trim() === "" ? EMPTY : undefined;
  if (dryRun) return refusal ?? (await wouldChange(text, present, parts));
  if (work === "amend") {
    await tellDifferences(text, parts);
    await target.amend();
    return { kind: "unchanged" };
  }
  // An unproven file has nothing to say about what runs.
  const file = condition === "unproven" || condition === "torn" ? undefined : present;
  using rest = graceSignal(parts.finishWithinMs, clock, signal);
  try {
    const errand = { text, file, work, mayPostpone: parts.mayPostpone && condition === "sound" };
    const outcome = refusal ?? (await bring(deferred(errand, parts), parts, signal, rest.signal));
    if (outcome.kind === "rejected") await takeBack(file, parts, rest.signal);
    return outcome;
  } catch (error) {
    if (!rest.signal.aborted) await takeBack(file, parts, rest.signal);
    throw error;
  }
}

/** A check of its own may have no objection: an empty map is one. */
const EMPTY: Outcome = { kind: "rejected", output: "The rendering is empty, and HAProxy would serve nothing with it" };

/** Adjusts what runs or reloads it, with the new file coming into place in between. */
async function bring(
  { text, file, work, later, mayPostpone }: Errand,
  parts: ApplyParts,
  signal: AbortSignal,
  rest: AbortSignal,
): Promise<Outcome | Overtaken> {
  const { resource, target, emit, isWary } = parts;
  // What is new while a check takes its time may be that servers are gone; who was refused speaks of nothing before it.
  const isFollowed = resource.haproxy !== undefined && file !== undefined && !isWary;
  const follow: BringTo = (newer) =>
    adjust(deferred({ text: newer, file, work: "replace", mayPostpone: false }, parts).text, file, parts, rest);
  // Between two parts of a large change what is new gets in; who was refused would be checked again for each of them.
  const isInParts = !isWary;
  await using candidate = new Candidate(text, parts, isFollowed ? follow : undefined);
  const early = isWary && work === "replace" ? await candidate.refusal(signal) : undefined;
  if (early) return early;
  const adjustment = await (isInParts ? adjust : adjustWhole)(text, file, parts, rest);
  if (adjustment.kind === "partial") {
    signal.throwIfAborted();
    return { kind: "overtaken" };
  }
  const isReload = adjustment.kind === "reload";
  if (later !== undefined) {
    if (isReload) return await bring({ text: later, file, work: "replace", mayPostpone: false }, parts, signal, rest);
    parts.onDeferred?.();
  }
  if (isReload && (await parts.awaitReload(signal))) return { kind: "overtaken" };
  const bytes = Buffer.byteLength(text);
  if (work === "nothing" && !isReload) return outcomeOf(adjustment, bytes) ?? { kind: "unchanged" };
  const isNew = adjustment.kind === "adjusted";
  if (mayPostpone && !isWary && (isNew || (adjustment.kind === "agrees" && text === parts.ahead))) {
    parts.onPostponed?.(text);
    return isNew ? { ...applied(adjustment, bytes), isFileDue: true } : { kind: "unchanged" };
  }
  await tellDifferences(text, parts);
  if (isReload && resource.haproxy) emit({ kind: "reload-needed", resource: resource.name, reason: adjustment.reason });
  if (work === "replace") {
    const refusal = await candidate.refusal(isReload ? signal : rest, adjustment);
    if (refusal) return refusal;
    (isReload ? signal : rest).throwIfAborted();
    await candidate.commit(isReload ? "reload" : "runtime");
    parts.onWritten?.(text);
  }
  if (isReload) return await prove({ text, reason: adjustment.reason, isFollowed }, parts, rest);
  await target.confirm();
  return outcomeOf(adjustment, bytes) ?? (text === parts.ahead ? { kind: "unchanged" } : { kind: "applied", bytes });
}

/** What came of an adjustment that has changed something, or has found what it cannot change. */
function outcomeOf(adjustment: Adjustment, bytes: number): Outcome | undefined {
  if (adjustment.kind === "differs") return adjustment;
  return adjustment.kind === "adjusted" ? applied(adjustment, bytes) : undefined;
}

function applied(
  { commands }: Adjustment & { readonly kind: "adjusted" },
  bytes: number,
): Outcome & { readonly kind: "applied" } {
  return { kind: "applied", bytes, commands };
}

/**
 * Has what runs agree with the file again, by a reload where nothing else does it; a file that is new has its own way. What
 * somebody else has made of it no check has seen, so what it had from us is run instead, as far as commands lead.
 */
async function takeBack(file: string | undefined, parts: ApplyParts, signal: AbortSignal): Promise<void> {
  const { resource, target, emit, edit } = parts;
  if (!resource.haproxy || file === undefined || (await target.read()) !== file) return;
  const isEdited = file === edit?.theirs;
  const adjustment = await adjustWhole(isEdited ? edit.ours : file, file, parts, signal);
  if (adjustment.kind !== "reload" || isEdited) return;
  emit({ kind: "reload-needed", resource: resource.name, reason: adjustment.reason });
  await reload(parts, signal); // told by the driver; the next turn looks again
}

async function tellDifferences(text: string, { resource, target, emit }: ApplyParts): Promise<void> {
  const { name, dest } = resource;
  emit({ kind: "out-of-sync", resource: name, dest, differences: await target.differences(text) });
}

/** What has to be done so that the file has `text` and what reads it runs on it. */
export function workFor(
  text: string,
  present: string | undefined,
  condition: TargetCondition,
  isHaproxy: boolean,
): Work {
  if (text !== present || condition === "torn") return "replace";
  switch (condition) {
    case "sound":
      return "nothing";
    case "unproven":
      return "prove";
    case "drifted":
      // HAProxy has read these bytes; for any other reader permissions and owner may be the very point, as in confd.
      return isHaproxy ? "amend" : "replace";
  }
}

async function wouldChange(text: string, present: string | undefined, parts: ApplyParts): Promise<Outcome> {
  const { resource, diffContext } = parts;
  await tellDifferences(text, parts);
  const { dest } = resource;
  const names = ["present", "rendered"] as const;
  const diff =
    present === text
      ? `${dest}: the same text, to be reloaded or given its permissions`
      : await diffOf(dest, present ?? "", text, { names, context: diffContext });
  return { kind: "would-change", diff };
}
