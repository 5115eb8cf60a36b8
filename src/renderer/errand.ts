import type { Adjustment } from "../ports.js";
import type { ApplyParts, Work } from "./apply-parts.js";

/** A text on its way, the one that the file has, and what has to be done. */
export interface Errand {
  readonly text: string;
  readonly file: string | undefined;
  readonly work: Work;
  /** Whether the file may be left behind. */
  readonly mayPostpone: boolean;
  /** The text that is wanted in the end, where this one spares a reload for now. */
  readonly later?: string;
}

/** The errand itself, or the one that spares a reload which would take away what has no servers any more. */
export function deferred(errand: Errand, { mayDefer, resource, takeaways, ahead, edit }: ApplyParts): Errand {
  const { text, file } = errand;
  if (!mayDefer || !resource.haproxy || file === undefined) return errand;
  // What somebody else has put into the file is nothing that the store has taken away.
  const spared = takeaways.withoutItsServers(ahead ?? (file === edit?.theirs ? edit.ours : file), text);
  if (spared === undefined) return errand;
  return { ...errand, text: spared, work: spared === file ? "nothing" : "replace", later: text };
}

/** Has what runs become the wanted text, as far as one turn goes. */
export async function adjust(
  wanted: string,
  file: string | undefined,
  { driver, resource, edit }: ApplyParts,
  signal: AbortSignal,
): Promise<Adjustment> {
  if (!resource.haproxy) return { kind: "reload", reason: "" };
  if (file === undefined) return { kind: "reload", reason: "it is not certain what HAProxy runs" };
  return driver.adjust({ wanted, file, ...(file === edit?.theirs && { isEdited: true }) }, signal);
}

/** Whether commands lead further at once. */
export function isUnfinished(adjustment: Adjustment | undefined): boolean {
  return adjustment?.kind === "partial" || (adjustment?.kind === "reload" && adjustment.hasMore === true);
}

/** See `adjust`, until all of it is done, however long that takes. */
export async function adjustWhole(
  wanted: string,
  file: string | undefined,
  parts: ApplyParts,
  signal: AbortSignal,
): Promise<Adjustment> {
  for (;;) {
    const adjustment = await adjust(wanted, file, parts, signal);
    if (adjustment.kind !== "partial") return adjustment;
  }
}
