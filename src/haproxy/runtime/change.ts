import type { ProxyBackend } from "../config/backends.js";
import type { Model } from "../config/model.js";
import type { Capabilities } from "./capabilities.js";
import { type MapCommands, type MapsChange, mapsChange } from "../maps/carried-maps.js";
import { type Pace, reloadMsOf, TURN, USUAL_PACE } from "./budget.js";
import { type ServerChanges, serverChanges } from "./changes.js";
import { connectionsCommand } from "./server-commands.js";
import type { RetiringServer } from "./server-steps.js";
import { type WholeBackends, wholeBackends } from "./whole-backends.js";

/** What has to be done so that what runs becomes what is wanted. */
export type Change =
  | { readonly kind: "none" }
  | { readonly kind: "runtime"; readonly commands: RuntimeCommands }
  /** `first` is what need not wait for the reload: servers come and go at once all the same. */
  | { readonly kind: "reload"; readonly reason: string; readonly first: RuntimeCommands };

/** Commands for a running HAProxy, and where they lead. */
export interface RuntimeCommands {
  /**
   * In order: servers come in before others go, so that no backend is without one in between. Maps change in between:
   * requests are led to servers that are there, and no more to those that go.
   */
  readonly lines: readonly string[];
  /** What of them is about maps. */
  readonly maps: readonly MapCommands[];
  /** The backends that the commands touch. */
  readonly backends: readonly string[];
  /** Servers that are taken out and are to be deleted later. */
  readonly leaving: readonly RetiringServer[];
  /** Retiring servers that serve again, by `backend/server`. */
  readonly returning: readonly string[];
  /** Servers that must have no connection in use when they move, as `backend/server`. */
  readonly clinging: readonly string[];
  /** What has to be asked for that, right before the commands. */
  readonly questions: readonly string[];
  /** What runs afterwards. */
  readonly reached: Model;
  /** Whether that is all that commands do, and not what one turn has time for. */
  readonly isWhole: boolean;
  /** See `effortOf`. */
  readonly effort: number;
}

/** What is known of an HAProxy that runs. */
export interface Traits extends Capabilities {
  /** The usual one where it was not measured. */
  readonly pace?: Pace;
}

/**
 * How the running configuration becomes the wanted one, as far as one turn goes. Any doubt is a reload.
 *
 * `retiringServers` are by `backend/server`. A server that comes back while it is still there is used again. Backends of
 * few servers go first, since what takes long in a large one would hold them up.
 */
export function changeBetween(
  running: Model,
  wanted: Model,
  retiringServers: ReadonlyMap<string, RetiringServer>,
  traits: Traits,
): Change {
  const isSame = isSameSkeleton(running, wanted);
  const whole = !isSame && traits.canAddBackends ? wholeBackends(running, wanted, retiringServers) : undefined;
  if (whole && isSameSkeleton(whole.model, wanted)) {
    const change = changeOfParts(whole.model, wanted, undefined, retiringServers, traits);
    // While servers are still to come, what looks a map up may lead to backends that go.
    const isAhead = change.kind === "runtime" && !change.commands.isWhole && whole.outs.length > 0;
    if (change.kind !== "reload" && !isAhead) return withWholeBackends(change, whole);
  }
  const skeleton = isSame ? undefined : skeletonDifference(running, wanted);
  return changeOfParts(running, wanted, skeleton, retiringServers, traits);
}

/** The same change with backends that come before all else and go after it. */
function withWholeBackends(
  change: Exclude<Change, { readonly kind: "reload" }>,
  { ins, outs, model }: WholeBackends,
): Change {
  const rest = change.kind === "runtime" ? change.commands : commandsFor([], model);
  return { kind: "runtime", commands: { ...rest, lines: [...ins, ...rest.lines, ...outs] } };
}

/** How servers and maps change, where `skeleton` is what differs besides. */
function changeOfParts(
  running: Model,
  wanted: Model,
  skeleton: string | undefined,
  retiringServers: ReadonlyMap<string, RetiringServer>,
  { pace = USUAL_PACE, ...capabilities }: Traits,
): Change {
  let reason = skeleton;
  const changes: ServerChanges[] = [];
  const tracked = new Set([...running.backends.values()].flatMap((backend) => backend.tracked));
  const reloadMs = reloadMsOf(wanted.backends.values(), pace);
  let [rest, spentMs, isWhole] = [TURN, 0, true];
  for (const [before, backend] of changedIn(running, wanted)) {
    const context = { capabilities, pace, retiringServers, tracked, rival: { spentMs, reloadMs } };
    const found = serverChanges(before, backend, context, rest);
    if (found.obstacle !== undefined) reason ??= `backend ${backend.name}: ${found.obstacle}`;
    const commands = found.ins.length + found.outs.length;
    if (commands === 0) continue;
    spentMs += found.wholeMs;
    isWhole &&= found.isWhole;
    if ((rest.ms > 0 && rest.commands > 0) || changes.length === 0) changes.push(found);
    else isWhole = false; // its turn comes
    rest = { ms: rest.ms - found.effort * pace.commandMs, commands: rest.commands - commands };
  }
  // Once all servers are in, and never ahead of a reload: what looks a map up may be another one then.
  const maps = reason === undefined && isWhole ? mapsChange(running.maps, wanted.maps) : NO_MAPS_CHANGE;
  reason ??= maps.obstacle;
  if (reason === undefined && changes.length === 0 && maps.commands.length === 0) return { kind: "none" };
  if (!capabilities.canAdd) {
    const tooOld = `HAProxy ${capabilities.version} does not change servers at run time`;
    return { kind: "reload", reason: skeleton ?? tooOld, first: commandsFor([], running) };
  }
  const commands = { ...commandsFor(changes, running, reason === undefined ? maps.commands : []), isWhole };
  return reason === undefined ? { kind: "runtime", commands } : { kind: "reload", reason, first: commands };
}

/** The backends that differ, as they are and as they are wanted, the small ones first; a new one differs as a section. */
function changedIn(running: Model, wanted: Model): readonly (readonly [ProxyBackend, ProxyBackend])[] {
  const changed: (readonly [ProxyBackend, ProxyBackend])[] = [];
  for (const [name, backend] of wanted.backends) {
    const before = running.backends.get(name);
    if (before && before !== backend) changed.push([before, backend]);
  }
  const sizeOf = ([before, after]: (typeof changed)[number]): number => before.servers.size + after.servers.size;
  return changed.sort((a, b) => sizeOf(a) - sizeOf(b));
}

/** Commands for these changes of what runs; for none of them, none. */
export function commandsFor(
  changes: readonly ServerChanges[],
  running: Model,
  maps: readonly MapCommands[] = [],
): RuntimeCommands {
  return {
    lines: [
      ...changes.flatMap(({ ins }) => ins),
      ...maps.flatMap(({ lines }) => lines),
      ...changes.flatMap(({ outs }) => outs),
    ],
    maps,
    backends: changes.map(({ reached }) => reached.name),
    leaving: changes.flatMap(({ leaving }) => leaving),
    returning: changes.flatMap(({ returning }) => returning),
    clinging: changes.flatMap(({ clinging }) => clinging),
    questions: changes
      .filter(({ clinging }) => clinging.length > 0)
      .map(({ reached }) => connectionsCommand(reached.name)),
    reached: {
      ...running,
      backends: withNewer(
        running.backends,
        changes.map(({ reached }) => reached),
      ),
      maps: withNewer(
        running.maps,
        maps.map(({ map }) => map),
      ),
    },
    isWhole: true,
    effort: changes.reduce((sum, { effort }) => sum + effort, 0),
  };
}

function withNewer<Value extends { readonly name: string }>(
  all: ReadonlyMap<string, Value>,
  newer: readonly Value[],
): ReadonlyMap<string, Value> {
  const merged = new Map(all);
  for (const each of newer) merged.set(each.name, each);
  return merged;
}

const NO_MAPS_CHANGE: MapsChange = { commands: [], obstacle: undefined };

function isSameSkeleton(running: Model, wanted: Model): boolean {
  return (
    running.skeleton.length === wanted.skeleton.length &&
    running.skeleton.every((part, at) => {
      const other = wanted.skeleton[at];
      return part === other || (part.title === other?.title && part.meaning === other.meaning);
    })
  );
}

/** In what two skeletons differ that are not the same. */
function skeletonDifference(running: Model, wanted: Model): string {
  const before = new Map(running.skeleton.map(({ title, meaning }) => [title, meaning]));
  const after = new Map(wanted.skeleton.map(({ title, meaning }) => [title, meaning]));
  for (const title of after.keys()) if (!before.has(title)) return `${title} is new`;
  for (const title of before.keys()) if (!after.has(title)) return `${title} is gone`;
  for (const [title, meaning] of after) if (before.get(title) !== meaning) return `${title} differs`;
  // Two sections of one title, or the same ones in another order, which `defaults` reach differently.
  return "the order of the sections differs";
}
