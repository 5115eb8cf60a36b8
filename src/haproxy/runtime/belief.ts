import type { Model } from "../config/model.js";
import type { RetiringServer } from "./server-steps.js";
import type { Remedy } from "./remedies.js";
import { compareMaps, type ShownMaps } from "../maps/carried-maps.js";
import type { RuntimeReply } from "./runtime-reply.js";
import { compare } from "./server-state.js";

/** What is held to be true of a running HAProxy. */
export type Belief = Unknown | Known;

/** HAProxy has been read back, or has just loaded a file: what it runs is known. */
export type Known = Believed | Drifted | Irreparable;

interface Anything {
  /** Whether HAProxy has loaded the text or the file, and nothing has been compared since. */
  readonly isFresh: boolean;
  /** Differences that a reload has not mended, in words. */
  readonly unmended: readonly string[];
}

/** Nothing is certain: nobody has asked yet, nobody answers, or an answer has raised a doubt. */
export interface Unknown extends Anything {
  readonly kind: "unknown";
  /** Why. */
  readonly doubt: string;
  /** Whether the reason is that nobody has answered. */
  readonly isSilent: boolean;
  /** What the last look has shown, where that has raised the doubt; in words. */
  readonly differences: readonly string[];
}

/** HAProxy runs what a text says. */
interface Believed extends OfText {
  readonly kind: "believed";
}

/** HAProxy runs something else than a text says: others have changed it, or a reload is due. */
export interface Drifted extends OfText {
  readonly kind: "drifted";
  /** What it runs. */
  readonly actual: Model;
  /** What leads back in what `actual` does not say. */
  readonly remedies: readonly Remedy[];
  /** In words; empty where no look has shown them. */
  readonly differences: readonly string[];
  /** Whether HAProxy had just loaded the text: another reload would not change anything. */
  readonly isReloaded: boolean;
}

/** HAProxy has loaded a text and runs something else. Neither commands nor another reload would change that. */
interface Irreparable extends OfText {
  readonly kind: "irreparable";
  /** In words; at least one. */
  readonly differences: readonly string[];
}

interface OfText extends Anything {
  /** The text that HAProxy has loaded or has been brought to, and what that says. */
  readonly text: string;
  readonly model: Model;
  /** The pid of the worker; undefined after a reload that only its driver has seen. */
  readonly pid: number | undefined;
}

/** What is believed before HAProxy is asked for the first time. */
export const UNSEEN: Unknown = {
  kind: "unknown",
  doubt: "it is not certain what HAProxy runs",
  isSilent: true,
  isFresh: false,
  differences: [],
  unmended: [],
};

/** Whether HAProxy runs the wanted text; undefined while nobody answers. */
export function agreesWith(belief: Belief, wanted: string | undefined): boolean | undefined {
  if (belief.kind === "unknown") return belief.isSilent ? undefined : false;
  return belief.kind === "believed" && belief.text === wanted;
}

/** Whether nothing can be done to bring HAProxy nearer to its text. */
export function isSettled(belief: Belief): belief is Believed | Irreparable {
  return belief.kind === "believed" || belief.kind === "irreparable";
}

/** The worker that the belief is about, where its pid is known. */
export function pidOf(belief: Belief): number | undefined {
  return belief.kind === "unknown" ? undefined : belief.pid;
}

/** How HAProxy differs from its text, in words. */
export function differencesIn(belief: Belief): readonly string[] {
  return belief.kind === "believed" ? [] : belief.differences;
}

/** What HAProxy runs, in the words of a configuration. */
export function runningModel(known: Known): Model {
  return known.kind === "drifted" ? known.actual : known.model;
}

/** What becomes of a belief once HAProxy runs another text, by commands or because the two texts say the same. */
export function arrived({ pid, unmended }: Known, text: string, model: Model): Believed {
  return { kind: "believed", text, model, pid, unmended, isFresh: false };
}

/** What becomes of a belief once commands have done what need not wait for a reload. */
export function partway({ text, model, pid, unmended }: Known, actual: Model): Drifted {
  const seen = { remedies: [], differences: [], isReloaded: false, isFresh: false };
  return { kind: "drifted", text, model, pid, actual, unmended, ...seen };
}

/** What becomes of a drift that is there in spite of a reload, once commands have not mended it either. */
export function givenUp({ text, model, pid, differences }: Drifted): Irreparable {
  return { kind: "irreparable", text, model, pid, differences, unmended: differences, isFresh: false };
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

/** What has been shown of HAProxy for a look. */
export type Shown = Pick<RuntimeReply, "pid" | "servers"> & { readonly maps?: ShownMaps };

/**
 * Compares all servers and the maps that are shown with a text: the one of the belief or, where nothing is known, the one of the file.
 *
 * A new process has read the file. It is trusted only where that is the text and nothing differs; so is the process that
 * answers for the first time.
 */
export function afterLook(
  before: Belief,
  { text, model }: { readonly text: string; readonly model: Model },
  file: string | undefined,
  { pid, servers, maps = new Map() }: Shown,
): Look {
  const isRestarted = isOther(before, pid);
  if (isRestarted && file !== text) {
    const belief = doubted(before, "HAProxy was restarted, and with another file");
    return { belief, differences: [], strays: [], isRestarted: false };
  }
  const { remedies, strays, ...compared } = compare(model, servers);
  const others = compareMaps(model.maps, maps);
  const differences = [...compared.differences, ...others.differences];
  const actual = { ...compared.actual, maps: others.actual };
  const seen = { text, model, pid, isFresh: false };
  if (differences.length === 0) {
    return { belief: { kind: "believed", ...seen, unmended: [] }, differences, strays, isRestarted };
  }
  const { isFresh, unmended } = before;
  if (differences.every((difference) => unmended.includes(difference))) {
    return { belief: { kind: "irreparable", ...seen, differences, unmended }, differences: [], strays, isRestarted };
  }
  if (!isFresh && (isRestarted || before.kind === "unknown")) {
    const doubt = `HAProxy does not run what its file says: ${differences.slice(0, 3).join(", ")}`;
    return { belief: { ...doubted(before, doubt), differences }, differences, strays: [], isRestarted: false };
  }
  const drift = { actual, remedies, differences, unmended, isReloaded: isFresh };
  return { belief: { kind: "drifted", ...seen, ...drift }, differences, strays, isRestarted };
}

/** What the answer to commands has shown. */
export interface CommandsOutcome {
  readonly belief: Belief;
  /** Whether a new process has carried them out that goes on where the one before it was. */
  readonly isRestarted: boolean;
  /** Whether all commands were taken and the servers differ nevertheless: from HAProxy 3.0 on some move a moment later. */
  readonly isEarly: boolean;
}

/**
 * Holds what commands have led to, in the backends and maps that they touch, against the belief that they were to lead to.
 *
 * A new process has read the file. The commands lead it to the same end only where the one before it ran just that.
 */
export function afterCommands(
  before: Known,
  hoped: Known,
  backends: readonly string[],
  file: string | undefined,
  { pid, servers, complaints }: Pick<RuntimeReply, "pid" | "servers" | "complaints">,
  mapDifferences: readonly string[] = [],
): CommandsOutcome {
  const isRestarted = isOther(before, pid);
  if (isRestarted && (file !== before.text || !isSettled(before))) {
    const belief = doubted(before, "HAProxy was reloaded or restarted");
    return { belief, isRestarted: false, isEarly: false };
  }
  if (complaints.length > 0) {
    const belief = doubted(before, `HAProxy refused a command: ${complaints.join(", ")}`);
    return { belief, isRestarted, isEarly: false };
  }
  const { differences } = compare(runningModel(hoped), servers, backends);
  if (differences.length > 0) {
    const belief = doubted(before, `the commands have not led there: ${differences.join(", ")}`);
    return { belief, isRestarted, isEarly: true };
  }
  if (mapDifferences.length > 0) {
    const belief = doubted(before, `the commands have not led there: ${mapDifferences.join(", ")}`);
    return { belief, isRestarted, isEarly: false };
  }
  return { belief: { ...hoped, pid }, isRestarted, isEarly: false };
}

/** What becomes of a belief where servers have moved while connections to them were in use: those lead to where they were. */
export function afterClinging(before: Known, servers: readonly string[]): Unknown {
  return doubted(before, `connections that are in use would go on leading to the old address of ${servers.join(", ")}`);
}

/** A proven reload: HAProxy has loaded this text, in the worker of this pid where that is known. */
export function afterReload({ unmended }: Belief, text: string, model: Model, pid: number | undefined): Believed {
  return { kind: "believed", text, model, pid, unmended, isFresh: true };
}

/** A reload that has failed, or of which nobody knows how it has ended. */
export function afterFailedReload(before: Belief): Unknown {
  return doubted(before, "the last reload has failed");
}

/** Nobody has answered: what was asked for may have been done or not. */
export function afterSilence({ unmended, isFresh }: Belief, reason: string): Unknown {
  return { kind: "unknown", doubt: reason, isSilent: true, differences: [], unmended, isFresh };
}

function doubted({ unmended }: Belief, doubt: string): Unknown {
  return { kind: "unknown", doubt, isSilent: false, differences: [], unmended, isFresh: false };
}

function isOther(before: Belief, pid: number): boolean {
  const known = pidOf(before);
  return known !== undefined && known !== pid;
}
