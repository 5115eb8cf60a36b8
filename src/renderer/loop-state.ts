// Long because the states of a loop, its events and what follows from each stand on one page.
import type { Outcome } from "../core/events/event.js";
import { retryOf } from "../core/events/outcome.js";
import type { Snapshot } from "../core/model/snapshot.js";
import { earlier } from "../flow/lag.js";
import { backoffAfter } from "../flow/retry.js";
import { firstEnd, type HeldKeys, release } from "./held-keys.js";
import { type GuardMemory, NO_GUARD } from "./removal-guard.js";

/** The shortest and the longest wait before a turn that failed is made again. */
export const RETRY_WAITS = [1_000, 60_000] as const;

/** The wait before a store is asked again that did not confirm a loss. */
const ASK_AGAIN_MS = 1_000;

/** The wait between two looks at HAProxy and its file, which somebody else may have changed. */
const LOOK_EVERY_MS = 5_000;

/** What the loop of one resource is at. Times are those of the clock, in milliseconds. */
export type LoopState = Phase & { readonly memory: LoopMemory };

type Phase =
  /** The store has not yielded a state yet. */
  | { readonly kind: "waiting" }
  /** A turn is due, and the reload gate must let it in. */
  | { readonly kind: "queueing" }
  /** A turn is under way with `snapshot`. */
  | { readonly kind: "applying"; readonly snapshot: Snapshot; readonly begunAt: number }
  /** A state takes too much away, and all or some of it is held; the store is asked at `until` whether it means that. */
  | { readonly kind: "held"; readonly until: number }
  /** The store is asked for its present state, which will be believed. */
  | { readonly kind: "asking" }
  /** The next turn is made at `until`, or with the next state where the loop is not patient. */
  | { readonly kind: "retrying"; readonly until: number; readonly isPatient: boolean }
  /** File and reader have the newest state; they are looked at again at `until`, or never when undefined. */
  | { readonly kind: "settled"; readonly until: number | undefined };

/** What every phase hands on to the next. */
interface LoopMemory {
  /** The newest state of the store; each state overwrites the one before. */
  readonly newest: Snapshot | undefined;
  /** The state of the last turn. */
  readonly taken: Snapshot | undefined;
  /** The state with which the store answered, until a turn takes it: no news may keep it from its turn. */
  readonly confirmed: Snapshot | undefined;
  /** The state that is applied whatever it takes away. */
  readonly believed: Snapshot | undefined;
  /** When the first of the updates was held as a whole that have not been given up since. */
  readonly heldSince: number | undefined;
  readonly guard: GuardMemory;
  /** Since when a reload waits that only takes away; undefined where none does. */
  readonly deferredSince: number | undefined;
  /** When the file was last written. */
  readonly writtenAt: number;
  /** When the file, which was left behind, has to follow; undefined where it has not been. */
  readonly fileDueAt: number | undefined;
  /** How many turns have failed since the last good one. */
  readonly failures: number;
  /** Whether files besides the text have changed since the last turn began. */
  readonly isStirred: boolean;
  /** Whether somebody has ordered another text since the last turn began. */
  readonly isOrdered: boolean;
}

/** What happens to a loop. `at` is the time of the clock. */
export type LoopEvent =
  /** The watch of the store begins, perhaps again. */
  | { readonly kind: "opened" }
  /** The store has yielded a state. */
  | { readonly kind: "news"; readonly snapshot: Snapshot }
  /** Files besides the text may have changed that a turn looks after. */
  | { readonly kind: "stirred" }
  /** Somebody has ordered another text, which waits for nothing. */
  | { readonly kind: "ordered" }
  /** The gate has let the turn in. */
  | { readonly kind: "entered"; readonly at: number }
  /** The text of the turn was compared with the file: whether it takes too much away, and the keys that are held of it. */
  | { readonly kind: "judged"; readonly isLoss: boolean; readonly held: HeldKeys; readonly at: number }
  /** The turn has, or has not, left out a reload that only takes away. */
  | { readonly kind: "deferred"; readonly isWaiting: boolean; readonly at: number }
  /** The turn waited for a reload, and a newer state may have come. */
  | { readonly kind: "overtaken" }
  /** The turn is over; `chance`, from 0 to 1, spreads the retries. What was `applied` had held keys as they were. */
  | {
      readonly kind: "ended";
      readonly outcome: Outcome;
      readonly applied: Snapshot | undefined;
      readonly file?: "written" | "behind";
      readonly at: number;
      readonly chance: number;
    }
  /** The time has come until which the loop waited. */
  | { readonly kind: "due" }
  /** The store has answered. */
  | { readonly kind: "answered"; readonly snapshot: Snapshot; readonly at: number }
  /** The store has not answered. */
  | { readonly kind: "unanswered"; readonly at: number };

/** What a loop does until the next event. */
export type LoopAction =
  /** Wait for news, until the given time at most where there is one. */
  | { readonly kind: "wait"; readonly until: number | undefined }
  /** Enter the reload gate, which is left as soon as the action is no longer to apply. */
  | { readonly kind: "enter" }
  /** Apply a state; one that is believed may take away whatever it likes. */
  | {
      readonly kind: "apply";
      readonly snapshot: Snapshot;
      readonly isBelieved: boolean;
      readonly guard: GuardMemory;
      /** Let a reload wait that only takes away. */
      readonly mayDefer: boolean;
      /** Leave the file behind where HAProxy needs no more than commands. */
      readonly mayPostpone: boolean;
      readonly begunAt: number;
    }
  /** Read the present state of the store. */
  | { readonly kind: "ask" };

/** What of a resource its loop depends on. */
export interface LoopRules {
  /** How long a loss is held, in milliseconds; 0 for not at all. */
  readonly removalGraceMs: number;
  /** How long a reload waits that only takes away, in milliseconds; 0 for not at all. */
  readonly removalReloadDelayMs: number;
  /** How long the file may stay behind while servers change again and again, in milliseconds; 0 for not at all. */
  readonly minCheckIntervalMs: number;
  /** Whether a reader is looked at again while there is no news. */
  readonly looksAgain: boolean;
}

/** A state and what is done in it. */
export interface LoopStep {
  readonly state: LoopState;
  readonly do: LoopAction;
}

/** The state of a loop that has not begun. */
export const START: LoopState = {
  kind: "waiting",
  memory: {
    newest: undefined,
    taken: undefined,
    confirmed: undefined,
    believed: undefined,
    heldSince: undefined,
    guard: NO_GUARD,
    deferredSince: undefined,
    writtenAt: Number.NEGATIVE_INFINITY,
    fileDueAt: undefined,
    failures: 0,
    isStirred: false,
    isOrdered: false,
  },
};

/** The state that follows an event, and what is done in it; an event that means nothing in a state changes nothing. */
export function next(state: LoopState, event: LoopEvent, rules: LoopRules): LoopStep {
  const following = follow(state, event, rules);
  return { state: following, do: actionIn(following, rules) };
}

function actionIn(state: LoopState, rules: LoopRules): LoopAction {
  switch (state.kind) {
    case "waiting":
      return { kind: "wait", until: undefined };
    case "queueing":
      return { kind: "enter" };
    case "applying": {
      const { snapshot, begunAt, memory } = state;
      const isBelieved = snapshot === memory.believed || rules.removalGraceMs === 0;
      const mayDefer = begunAt < (memory.deferredSince ?? begunAt) + rules.removalReloadDelayMs;
      const mayPostpone = begunAt < memory.writtenAt + rules.minCheckIntervalMs;
      return { kind: "apply", snapshot, isBelieved, guard: memory.guard, mayDefer, mayPostpone, begunAt };
    }
    case "asking":
      return { kind: "ask" };
    case "held":
    case "retrying":
    case "settled":
      return { kind: "wait", until: state.until };
  }
}

function follow(state: LoopState, event: LoopEvent, rules: LoopRules): LoopState {
  const { memory } = state;
  switch (event.kind) {
    case "opened":
      return { kind: "waiting", memory: afresh(memory) };
    case "news":
      return withNews({ ...state, memory: { ...memory, newest: event.snapshot } });
    case "stirred": {
      const stirred = { ...state, memory: { ...memory, isStirred: true } };
      return state.kind === "waiting" || state.kind === "held" ? stirred : withNews(stirred); // what is held stays so
    }
    case "ordered": {
      const ordered = { ...state, memory: { ...memory, isOrdered: true } };
      if (state.kind === "waiting") return ordered;
      return state.kind === "retrying" ? { kind: "queueing", memory: ordered.memory } : withNews(ordered);
    }
    case "entered":
      return state.kind === "queueing" ? turnWith(memory, event.at) : state;
    case "judged": {
      if (state.kind !== "applying") return state;
      const heldSince = event.isLoss ? (memory.heldSince ?? event.at) : undefined;
      return { ...state, memory: { ...memory, heldSince, guard: { ...memory.guard, held: event.held } } };
    }
    case "deferred": {
      if (state.kind !== "applying") return state;
      const deferredSince = event.isWaiting ? (memory.deferredSince ?? event.at) : undefined;
      return { ...state, memory: { ...memory, deferredSince } };
    }
    case "overtaken": {
      if (state.kind !== "applying") return state;
      // What is believed as a whole goes on to its end, in whatever parts, before news are judged.
      const confirmed = state.snapshot === memory.believed ? state.snapshot : memory.confirmed;
      return turnWith({ ...memory, confirmed }, state.begunAt);
    }
    case "ended":
      return state.kind === "applying" ? afterTurn(memory, event, rules) : state;
    case "due":
      if (state.kind === "held") return { kind: "asking", memory };
      return state.kind === "retrying" || state.kind === "settled" ? { kind: "queueing", memory } : state;
    case "answered":
      return state.kind === "asking" ? believing(memory, event, rules) : state;
    case "unanswered":
      // What cannot be reached is never taken for empty.
      return state.kind === "asking"
        ? { kind: "retrying", until: event.at + ASK_AGAIN_MS, isPatient: true, memory }
        : state;
  }
}

function withNews(state: LoopState): LoopState {
  switch (state.kind) {
    case "queueing":
    case "applying":
    case "asking":
      return state;
    case "retrying":
      return state.isPatient ? state : { kind: "queueing", memory: state.memory };
    case "waiting":
    case "held":
    case "settled":
      return { kind: "queueing", memory: state.memory };
  }
}

/** A turn takes the confirmed state, or else the newest. */
function turnWith(memory: LoopMemory, begunAt: number): LoopState {
  const snapshot = memory.confirmed ?? memory.newest;
  if (!snapshot) return { kind: "waiting", memory };
  return {
    kind: "applying",
    snapshot,
    begunAt,
    memory: { ...memory, taken: snapshot, confirmed: undefined, isStirred: false, isOrdered: false },
  };
}

/**
 * Has the next turn take the answer, which is believed as a whole where an update is held as a whole, and else of the keys
 * whose grace is over. News that came while the store was asked stays the newest.
 */
function believing(
  memory: LoopMemory,
  answered: LoopEvent & { readonly kind: "answered" },
  rules: LoopRules,
): LoopState {
  const { snapshot: answer, at } = answered;
  const newest = hasNews(memory) ? memory.newest : answer;
  if (memory.heldSince !== undefined) {
    return { kind: "queueing", memory: { ...memory, newest, confirmed: answer, believed: answer } };
  }
  const guard = { ...memory.guard, ...release(memory.guard.held, answer, at, rules.removalGraceMs) };
  return { kind: "queueing", memory: { ...memory, newest, confirmed: answer, guard } };
}

/** What a new watch leaves of the memory; nobody has told it what went before it began. */
function afresh({ believed, heldSince, guard, deferredSince, writtenAt, fileDueAt }: LoopMemory): LoopMemory {
  const kept = { believed, heldSince, deferredSince, writtenAt, fileDueAt };
  return { ...START.memory, ...kept, guard: { ...guard, applied: undefined } };
}

/** What is known of the file; one that was neither written nor left behind has what HAProxy has been brought to. */
function withFile(
  memory: LoopMemory,
  { file, at }: LoopEvent & { readonly kind: "ended" },
  rules: LoopRules,
): LoopMemory {
  const writtenAt = file === "written" ? at : memory.writtenAt;
  return { ...memory, writtenAt, fileDueAt: file === "behind" ? writtenAt + rules.minCheckIntervalMs : undefined };
}

function afterTurn(before: LoopMemory, ended: LoopEvent & { readonly kind: "ended" }, rules: LoopRules): LoopState {
  const { outcome, at, chance } = ended;
  const memory = withFile(before, ended, rules);
  if (memory.isOrdered) return { kind: "queueing", memory };
  if (outcome.kind === "held") {
    const until = (memory.heldSince ?? at) + rules.removalGraceMs;
    if (until <= at) return { kind: "asking", memory }; // no news, however frequent, puts this off
    return hasNews(memory) ? { kind: "queueing", memory } : { kind: "held", until, memory };
  }
  const retry = retryOf(outcome);
  if (retry === "never") {
    const guard = { ...memory.guard, applied: ended.applied ?? memory.guard.applied, believed: NO_GUARD.believed };
    return afterGoodTurn({ ...memory, guard, failures: 0 }, at, rules);
  }
  const failed = { ...memory, failures: memory.failures + 1 };
  const isPatient = retry === "later";
  if ((hasNews(failed) || failed.isStirred) && !isPatient) return { kind: "queueing", memory: failed };
  return {
    kind: "retrying",
    until: at + backoffAfter(memory.failures, ...RETRY_WAITS, chance),
    isPatient,
    memory: failed,
  };
}

function afterGoodTurn(memory: LoopMemory, at: number, rules: LoopRules): LoopState {
  const graceEnd = firstEnd(memory.guard.held, rules.removalGraceMs);
  if (graceEnd !== undefined && graceEnd <= at) return { kind: "asking", memory };
  if (hasNews(memory) || memory.isStirred) return { kind: "queueing", memory };
  const { deferredSince } = memory;
  const reloadAt = deferredSince === undefined ? undefined : deferredSince + rules.removalReloadDelayMs;
  const until = earlier(earlier(rules.looksAgain ? at + LOOK_EVERY_MS : undefined, reloadAt), memory.fileDueAt);
  if (graceEnd !== undefined && graceEnd <= (until ?? graceEnd)) return { kind: "held", until: graceEnd, memory };
  return { kind: "settled", until, memory };
}

function hasNews({ newest, taken }: LoopMemory): boolean {
  return newest !== taken;
}
