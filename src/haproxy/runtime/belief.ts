import type { Model } from "../config/model.js";
import type { RetiringServer } from "./changes.js";
import type { RuntimeReply } from "./runtime-reply.js";
import { compare } from "./server-state.js";

/** What is held to be true of a running HAProxy. */
export type Belief = Unknown | Known;

/** HAProxy has been read back, or has just loaded a file: what it runs is known. */
export type Known = Believed | Drifted | Irreparable;

/** Nothing is certain: nobody has asked yet, nobody answers, or an answer has raised a doubt. */
export interface Unknown {
  readonly kind: "unknown";
  /** Why. */
  readonly doubt: string;
  /** Whether the reason is that nobody has answered. */
  readonly isSilent: boolean;
  readonly finding: Finding | undefined;
}

/** HAProxy runs what a text says. */
interface Believed extends OfText {
  readonly kind: "believed";
}

/** HAProxy runs something else than a text says: others have changed it, or a reload is due. */
interface Drifted extends OfText {
  readonly kind: "drifted";
  /** What it runs. */
  readonly actual: Model;
}

/** HAProxy runs a text as it reads it. We read it otherwise, and another reload would not change that. */
interface Irreparable extends OfText {
  readonly kind: "irreparable";
  readonly finding: Finding;
}

interface OfText {
  /** The text that HAProxy has loaded or has been brought to, and what that says. */
  readonly text: string;
  readonly model: Model;
  /** The pid of the worker; undefined after a reload that only its driver has seen. */
  readonly pid: number | undefined;
  readonly finding: Finding | undefined;
}

/** How HAProxy differed from a text when all its servers were looked at. */
interface Finding {
  readonly text: string;
  /** In words; at least one. */
  readonly differences: readonly string[];
  /** Whether HAProxy has loaded that text since. */
  readonly isReloaded: boolean;
}

/** What is believed before HAProxy is asked for the first time. */
export const UNSEEN: Unknown = {
  kind: "unknown",
  doubt: "it is not certain what HAProxy runs",
  isSilent: true,
  finding: undefined,
};

/** Whether HAProxy runs the wanted text; undefined while nobody answers. */
export function agreesWith(belief: Belief, wanted: string | undefined): boolean | undefined {
  if (belief.kind === "unknown") return belief.isSilent ? undefined : false;
  return isSettled(belief) && belief.text === wanted;
}

/** Whether HAProxy runs what its text says, and no reload is due. */
export function isSettled(belief: Belief): belief is Believed | Irreparable {
  return belief.kind === "believed" || belief.kind === "irreparable";
}

/** The worker that the belief is about, where its pid is known. */
export function pidOf(belief: Belief): number | undefined {
  return belief.kind === "unknown" ? undefined : belief.pid;
}

/** What HAProxy runs, in the words of a configuration. */
export function runningModel(known: Known): Model {
  return known.kind === "drifted" ? known.actual : known.model;
}

/** What becomes of a belief once HAProxy runs another text, by commands or because the two texts say the same. */
export function arrived({ pid, finding }: Known, text: string, model: Model): Believed {
  return { kind: "believed", text, model, pid, finding: lasting(finding) };
}

/** What becomes of a belief once commands have done what need not wait for a reload. */
export function partway({ text, model, pid, finding }: Known, actual: Model): Drifted {
  return { kind: "drifted", text, model, actual, pid, finding };
}

/** What a look at all servers has shown. */
export interface Look {
  readonly belief: Belief;
  /** Differences that are news. */
  readonly differences: readonly string[];
  /** Servers in maintenance that the text does not name. */
  readonly strays: readonly RetiringServer[];
  /** Whether a new process answers that goes on where the one before it was. */
  readonly isRestarted: boolean;
}

/**
 * Compares all servers with a text: the one of the belief or, where nothing is known, the one of the file.
 *
 * A new process has read the file. It is trusted only where that is the text and nothing differs; so is the process that
 * answers for the first time.
 */
export function afterLook(
  before: Belief,
  { text, model }: { readonly text: string; readonly model: Model },
  file: string | undefined,
  { pid, servers }: Pick<RuntimeReply, "pid" | "servers">,
): Look {
  const isRestarted = isOther(before, pid);
  if (isRestarted && file !== text) {
    const belief = doubted(before, "HAProxy was restarted, and with another file");
    return { belief, differences: [], strays: [], isRestarted: false };
  }
  const { differences, actual, strays } = compare(model, servers);
  const finding = findingOf(before, text, differences);
  if (!finding) {
    return { belief: { kind: "believed", text, model, pid, finding }, differences, strays, isRestarted };
  }
  if (finding.isReloaded) {
    return { belief: { kind: "irreparable", text, model, pid, finding }, differences: [], strays, isRestarted };
  }
  if (isRestarted || before.kind === "unknown") {
    const doubt = `HAProxy does not run what its file says: ${differences.slice(0, 3).join(", ")}`;
    return { belief: { ...doubted(before, doubt), finding }, differences, strays: [], isRestarted: false };
  }
  return { belief: { kind: "drifted", text, model, actual, pid, finding }, differences, strays, isRestarted };
}

/** What the answer to commands has shown. */
export interface CommandsOutcome {
  readonly belief: Belief;
  /** Whether a new process has carried them out that goes on where the one before it was. */
  readonly isRestarted: boolean;
}

/**
 * Holds what commands have led to, in the backends that they touch, against the belief that they were to lead to.
 *
 * A new process has read the file. The commands lead it to the same end only where the one before it ran just that.
 */
export function afterCommands(
  before: Known,
  hoped: Known,
  backends: readonly string[],
  file: string | undefined,
  { pid, servers, complaints }: Pick<RuntimeReply, "pid" | "servers" | "complaints">,
): CommandsOutcome {
  const isRestarted = isOther(before, pid);
  if (isRestarted && (file !== before.text || !isSettled(before))) {
    return { belief: doubted(before, "HAProxy was reloaded or restarted"), isRestarted: false };
  }
  if (complaints.length > 0) {
    return { belief: doubted(before, `HAProxy refused a command: ${complaints.join(", ")}`), isRestarted };
  }
  const { differences } = compare(runningModel(hoped), servers, backends);
  if (differences.length > 0) {
    return { belief: doubted(before, `the commands have not led there: ${differences.join(", ")}`), isRestarted };
  }
  return { belief: { ...hoped, pid }, isRestarted };
}

/** A proven reload: HAProxy has loaded this text, in the worker of this pid where that is known. */
export function afterReload({ finding }: Belief, text: string, model: Model, pid: number | undefined): Believed {
  const kept = finding?.text === text ? { ...finding, isReloaded: true } : undefined;
  return { kind: "believed", text, model, pid, finding: kept };
}

/** A reload that has failed, or of which nobody knows how it has ended. */
export function afterFailedReload(before: Belief): Unknown {
  return doubted(before, "the last reload has failed");
}

/** Nobody has answered: what was asked for may have been done or not. */
export function afterSilence({ finding }: Belief, reason: string): Unknown {
  return { kind: "unknown", doubt: reason, isSilent: true, finding: lasting(finding) };
}

function doubted({ finding }: Belief, doubt: string): Unknown {
  return { kind: "unknown", doubt, isSilent: false, finding };
}

function isOther(before: Belief, pid: number): boolean {
  const known = pidOf(before);
  return known !== undefined && known !== pid;
}

/** What differs now; the finding before it where that was the same, since a reload may have come in between. */
function findingOf({ finding }: Belief, text: string, differences: readonly string[]): Finding | undefined {
  if (differences.length === 0) return undefined;
  const isSame = finding?.text === text && finding.differences.join("\n") === differences.join("\n");
  return isSame ? finding : { text, differences, isReloaded: false };
}

/** What a reload has not mended stays so; what was mended without one may come back and mean something else. */
function lasting(finding: Finding | undefined): Finding | undefined {
  return finding?.isReloaded ? finding : undefined;
}
