import type { Outcome, Tell } from "./core/event.js";
import { reasonOf } from "./errors.js";
import type { Clock } from "./flow/clock.js";
import { outlive } from "./flow/deadline.js";
import type { Adjustment, Balancer, ReloadVerdict, Resource, Target } from "./ports.js";

/** How a turn goes about its work. */
export interface Manner {
  /** Look, and touch nothing. */
  readonly dryRun: boolean;
  /** Lines around each difference that a dry run shows. */
  readonly diffContext: number;
  /** Write the rendering beside the file in any case; the target is then one that leaves it there. */
  readonly keepsStage: boolean;
  /** How long a turn that has written the file may go on after it was called off, to leave file and reader as one. */
  readonly finishWithinMs: number;
}

/** How it is done unless somebody asks for something else. */
export const USUAL_MANNER: Manner = { dryRun: false, diffContext: 3, keepsStage: false, finishWithinMs: 3_000 };

/** The parts one turn works with. */
export interface ApplyParts extends Manner {
  readonly resource: Resource;
  readonly target: Target;
  readonly balancer: Balancer;
  readonly clock: Clock;
  readonly tell: Tell;
  /** Waits until a reload may be made; resolves to whether that took time, in which a newer state may have come. */
  readonly awaitReload: (signal: AbortSignal) => Promise<boolean>;
}

/** A reload had to be waited for, and a newer state may have come. */
export interface Overtaken {
  readonly kind: "overtaken";
}

/** What a turn has to do: bring in the text, prove that what is there is in use, mend permissions, or nothing. */
export type Work = "replace" | "prove" | "amend" | "nothing";

/**
 * Brings one file, and what reads it, up to date with `text`.
 *
 * What can be changed in a running HAProxy is changed there first, and the file follows: it is checked all the same,
 * and when it is refused HAProxy is brought back to the present one. Anything else is a reload, for which the time must
 * have come: it may have to be waited for, and then nothing is done yet.
 *
 * Before the file is written an abort is thrown at once; after that the reload has `finishWithinMs` more to come to its
 * end. Where it does not, the file stays unproven, and the next turn, of whatever process, reloads again.
 */
export async function apply(text: string, parts: ApplyParts, signal: AbortSignal): Promise<Outcome | Overtaken> {
  const { resource, target, clock, dryRun, tell } = parts;
  const [present, standing] = await Promise.all([target.read(), target.standing()]);
  const work = workFor(text, present, standing, resource.haproxy !== undefined);
  if (parts.keepsStage && (dryRun || work !== "replace")) await target.stage(text);
  if (work === "nothing" && (dryRun || !resource.haproxy)) return { kind: "unchanged" };
  const tellDifferences = async (): Promise<void> => {
    const { name, dest } = resource;
    tell({ kind: "out-of-sync", resource: name, dest, differences: await target.differences(text) });
  };
  if (resource.haproxy && text.trim() === "") {
    await tellDifferences();
    return { kind: "rejected", output: "The rendering is empty, and HAProxy would serve nothing with it" };
  }
  if (dryRun) {
    await tellDifferences();
    return { kind: "would-change", diff: await diffOf(resource.dest, present ?? "", text, parts.diffContext) };
  }
  if (work === "amend") {
    await tellDifferences();
    await target.amend();
    return { kind: "unchanged" };
  }
  using rest = outlive(parts.finishWithinMs, clock, signal);
  const file = standing === "unproven" ? undefined : present;
  const bytes = Buffer.byteLength(text);
  const adjustment = await adjust(text, file, parts, rest.signal);
  if (adjustment.kind !== "reload") {
    if (work === "nothing") return adjustment.kind === "agrees" ? { kind: "unchanged" } : { kind: "applied", bytes };
    await tellDifferences();
    const refusal = await replace(text, parts, rest.signal);
    if (refusal && present !== undefined) await adjust(present, present, parts, rest.signal);
    if (refusal) return refusal;
    await target.confirm();
    return { kind: "applied", bytes };
  }
  if (await parts.awaitReload(signal)) return { kind: "overtaken" };
  await tellDifferences();
  if (resource.haproxy) tell({ kind: "reload-needed", resource: resource.name, reason: adjustment.reason });
  if (work === "replace") {
    const refusal = await replace(text, parts, signal);
    if (refusal) return refusal;
  }
  return await prove(bytes, parts, rest.signal);
}

/** An unproven file has nothing to say about what runs. */
async function adjust(
  wanted: string,
  file: string | undefined,
  { balancer, resource }: ApplyParts,
  signal: AbortSignal,
): Promise<Adjustment> {
  if (!resource.haproxy) return { kind: "reload", reason: "" };
  if (file === undefined) return { kind: "reload", reason: "it is not certain what HAProxy runs" };
  return balancer.adjust({ wanted, file }, signal);
}

/** What has to be done so that the file has `text` and what reads it runs on it. */
export function workFor(
  text: string,
  present: string | undefined,
  standing: "sound" | "drifted" | "unproven",
  isHaproxy: boolean,
): Work {
  if (text !== present) return "replace";
  switch (standing) {
    case "sound":
      return "nothing";
    case "unproven":
      return "prove";
    case "drifted":
      // HAProxy has read these bytes; for any other reader permissions and owner may be the very point, as in confd.
      return isHaproxy ? "amend" : "replace";
  }
}

/** Puts the text in place of the file when it passes the check; returns why not otherwise. */
async function replace(text: string, parts: ApplyParts, signal: AbortSignal): Promise<Outcome | undefined> {
  const { resource, target, balancer, clock, tell } = parts;
  await using staged = await target.stage(text);
  const begunAt = clock.now();
  const { accepted, ...said } = await balancer.check(staged.path, signal);
  const { output } = said;
  tell({ kind: "checked", resource: resource.name, accepted, tookMs: clock.now() - begunAt, output });
  if (!accepted) return { kind: "rejected", ...said };
  signal.throwIfAborted();
  await staged.commit();
  return undefined;
}

/** Reloads; when that fails the last proven file comes back, unless it is to stay, and its reader is brought back to it. */
async function prove(bytes: number, { resource, target, balancer }: ApplyParts, signal: AbortSignal): Promise<Outcome> {
  const { kind, ...said } = await reload(balancer, signal);
  const { output } = said;
  switch (kind) {
    case "proven":
      await target.confirm();
      return { kind: "applied", bytes };
    case "absent":
      return { kind: "waiting", output };
    case "failed": {
      if (resource.afterFailedReload === "keep") return { kind: "reload-failed", ...said };
      if (!(await target.restore())) {
        return { kind: "failed", reason: `the reload failed, and there is no earlier file to go back to: ${output}` };
      }
      const back = await reload(balancer, signal);
      if (back.kind === "proven") {
        await target.confirm();
        return { kind: "rolled-back", output };
      }
      return {
        kind: "rolled-back",
        output: `${output}\nThe reload with the last good file failed too: ${back.output}`,
      };
    }
  }
}

/** A reload that cannot even be tried has failed as well. */
async function reload(balancer: Balancer, signal: AbortSignal): Promise<ReloadVerdict> {
  try {
    return await balancer.reload(signal);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "failed", output: reasonOf(error) };
  }
}

async function diffOf(path: string, present: string, text: string, context: number): Promise<string> {
  if (present === text) return `${path}: the same text, to be reloaded or given its permissions`;
  const { createTwoFilesPatch, FILE_HEADERS_ONLY } = await import("diff"); // only a dry run needs it
  return createTwoFilesPatch(path, path, present, text, "present", "rendered", {
    context,
    headerOptions: FILE_HEADERS_ONLY,
  });
}
