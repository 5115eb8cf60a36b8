import type { Model } from "../config/model.js";
import type { Capabilities } from "./capabilities.js";
import { type Leaver, type Steps, stepsFor } from "./changes.js";

/** What has to be done so that what runs becomes what is wanted. */
export type Change =
  | { readonly kind: "none" }
  | { readonly kind: "runtime"; readonly move: Move }
  /** `first` is what need not wait for the reload: servers come and go at once all the same. */
  | { readonly kind: "reload"; readonly reason: string; readonly first: Move };

/** Commands for a running HAProxy, and where they lead. */
export interface Move {
  /** In order: servers come in before others go, so that no backend is without one in between. */
  readonly commands: readonly string[];
  /** The backends that the commands touch. */
  readonly pools: readonly string[];
  /** Servers that are taken out and are to be deleted later. */
  readonly leaving: readonly Leaver[];
  /** Leavers that serve again, by `backend/server`. */
  readonly returning: readonly string[];
  /** What runs afterwards. */
  readonly reached: Model;
}

/**
 * How the running configuration becomes the wanted one. Any doubt is a reload.
 *
 * `leavers` are by `backend/server`. A server that comes back while it is still there is used again.
 */
export function changeBetween(
  running: Model,
  wanted: Model,
  leavers: ReadonlyMap<string, Leaver>,
  capabilities: Capabilities,
): Change {
  let reason = differenceOfFrames(running, wanted);
  const steps: Steps[] = [];
  for (const [name, pool] of wanted.pools) {
    const before = running.pools.get(name);
    if (!before || before === pool) continue; // a new one is a difference of the frames
    const found = stepsFor(before, pool, leavers, capabilities);
    if (found.obstacle !== undefined) reason ??= `backend ${name}: ${found.obstacle}`;
    if (found.ins.length + found.outs.length > 0) steps.push(found);
  }
  if (reason === undefined && steps.length === 0) return { kind: "none" };
  if (!capabilities.canAdd) {
    reason ??= `HAProxy ${capabilities.version} does not change servers at run time`;
    return { kind: "reload", reason, first: moveOf([], running) };
  }
  const move = moveOf(steps, running);
  return reason === undefined ? { kind: "runtime", move } : { kind: "reload", reason, first: move };
}

function moveOf(steps: readonly Steps[], running: Model): Move {
  return {
    commands: [...steps.flatMap(({ ins }) => ins), ...steps.flatMap(({ outs }) => outs)],
    pools: steps.map(({ reached }) => reached.name),
    leaving: steps.flatMap(({ leaving }) => leaving),
    returning: steps.flatMap(({ returning }) => returning),
    reached: {
      ...running,
      pools: new Map([...running.pools, ...steps.map(({ reached }) => [reached.name, reached] as const)]),
    },
  };
}

function differenceOfFrames(running: Model, wanted: Model): string | undefined {
  const isSameInOrder =
    running.frame.length === wanted.frame.length &&
    running.frame.every(({ title, meaning }, at) => {
      const other = wanted.frame[at];
      return title === other?.title && meaning === other.meaning;
    });
  if (isSameInOrder) return undefined;
  const before = new Map(running.frame.map(({ title, meaning }) => [title, meaning]));
  const after = new Map(wanted.frame.map(({ title, meaning }) => [title, meaning]));
  for (const title of after.keys()) if (!before.has(title)) return `${title} is new`;
  for (const title of before.keys()) if (!after.has(title)) return `${title} is gone`;
  for (const [title, meaning] of after) if (before.get(title) !== meaning) return `${title} differs`;
  // Two sections of one title, or the same ones in another order, which `defaults` reach differently.
  return "the order of the sections differs";
}
