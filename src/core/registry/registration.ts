import type { DecisionContext } from "../decision/context.js";
import { type Decision, decisionOf } from "../decision/decision.js";
import type { RuntimeStatus } from "../decision/readiness.js";
import { serversByAddress, workThrough } from "../decision/shared-address.js";
import type { Container } from "../model/container.js";
import { entriesFor, type Layouts, ownersOf } from "../model/layouts.js";
import { objection } from "../model/reason.js";
import type { Unseen } from "../model/unseen.js";
import { gatewaysOf, withGatewayNote } from "./gateway-address.js";
import type { Entry } from "./plan.js";
import { overruledNotes } from "./overruled-notes.js";

/** A container and what becomes of it. */
export interface Decided {
  readonly container: Pick<Container, "id" | "name">;
  readonly decision: Decision;
}

/**
 * Decides on all containers of a host.
 *
 * Of two that want the same key the one that started first has it, so that a newcomer never takes the place of one
 * that serves already.
 */
export function decide(
  containers: readonly Container[],
  context: DecisionContext,
  runtimeStatusOf: (container: Container) => RuntimeStatus,
): readonly Decided[] {
  const others = new Map(containers.map((container) => [container.id, container]));
  const holders = new Map<string, Container>();
  let seen: ReadonlySet<string> | undefined;
  const gateways = (): ReadonlySet<string> => (seen ??= gatewaysOf(containers));
  const decided = inOrderOfStart(containers).map((container): Decided => {
    const decided = decisionOf(container, context, runtimeStatusOf(container), others);
    const decision = withGatewayNote(decided, gateways, context);
    const keys = keysIn(decision, context);
    const taken = keys.find((key, index) => holders.has(key) || keys.indexOf(key) !== index);
    if (taken !== undefined) return { container, decision: alreadyTaken(taken, holders.get(taken)) };
    for (const key of keys) holders.set(key, container);
    return { container, decision };
  });
  return withNotesOn(withWorkThrough(decided));
}

/** Says of containers what of their labels does not hold. */
function withNotesOn(decided: readonly Decided[]): readonly Decided[] {
  const notes = overruledNotes(decided.flatMap(({ decision }) => ("instances" in decision ? decision.instances : [])));
  if (notes.size === 0) return decided;
  return decided.map((each) => {
    const { container, decision } = each;
    const own = "instances" in decision ? decision.instances.flatMap(({ id }) => notes.get(id) ?? []) : [];
    if (own.length === 0 || !("instances" in decision)) return each;
    return { container, decision: { ...decision, notes: [...(decision.notes ?? []), ...own] } };
  });
}

/** Says of those that get no work where it comes to them all the same. */
function withWorkThrough(decided: readonly Decided[]): readonly Decided[] {
  const addressed = ({ container: { id, name }, decision }: Decided) => ({ id, name, decision });
  let servers: ReturnType<typeof serversByAddress> | undefined;
  return decided.map((each) => {
    const { container, decision } = each;
    if (!("instances" in decision) || !decision.because) return each;
    servers ??= serversByAddress(decided.map(addressed)); // of many containers it takes its time, and most of them are well
    const work = workThrough(addressed(each), servers);
    if (work === undefined) return each;
    const { reason, advice } = decision.because;
    return { container, decision: { ...decision, because: objection(reason, `${advice}; ${work}`) } };
  });
}

/**
 * What was decided, with what is to be said of containers that cannot be looked at: one that was seen before is what it
 * was then, with a note.
 */
export function withUnseen(decided: readonly Decided[], unseen: readonly Unseen[]): readonly Decided[] {
  const told = new Map(unseen.flatMap(({ id, name, because }) => (because ? [[id, { name, because }] as const] : [])));
  if (told.size === 0) return decided;
  const seen = decided.map(({ container, decision }) => {
    const because = told.get(container.id)?.because;
    told.delete(container.id);
    if (because === undefined || !("instances" in decision)) return { container, decision };
    return { container, decision: { ...decision, notes: [...(decision.notes ?? []), because.advice] } };
  });
  return [...seen, ...[...told].map(([id, { name, because }]) => ({ container: { id, name }, decision: because }))];
}

/** All keys of these decisions in all layouts. The keys of a container change together. */
export function entriesOf(decided: readonly Decided[], layouts: Layouts): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const { decision } of decided) {
    for (const instance of "instances" in decision ? decision.instances : []) {
      const unit = instance.container.id;
      for (const [key, value] of entriesFor(instance, layouts)) entries.set(key, { value, unit });
    }
  }
  return entries;
}

/**
 * Says of held keys which container each belongs to: its record tells, and so it does of the keys beside it. Without
 * records each key is its own affair.
 *
 * Read are the records alone that do not stay as they are, when the first unit is asked for: most plans delete nothing and
 * ask for none, and what goes though its record stays, as in a layout that is no longer wanted, goes by itself.
 */
export function heldEntries(
  held: ReadonlyMap<string, string>,
  desired: ReadonlyMap<string, Entry>,
  layouts: Layouts,
): ReadonlyMap<string, Entry> {
  let owners: ReadonlyMap<string, string> | undefined;
  const changing = (): ReadonlyMap<string, string> =>
    new Map([...held].filter(([key, value]) => desired.get(key)?.value !== value));
  const unitOf = (key: string): string => (owners ??= ownersOf(changing(), layouts)).get(key) ?? key;
  const entryOf = (key: string, value: string): Entry => ({
    value,
    get unit() {
      return unitOf(key);
    },
  });
  return new Map([...held].map(([key, value]) => [key, entryOf(key, value)]));
}

function keysIn(decision: Decision, layouts: Layouts): readonly string[] {
  if (!("instances" in decision)) return [];
  return decision.instances.flatMap((instance) => entriesFor(instance, layouts).map(([key]) => key));
}

function alreadyTaken(key: string, holder: Container | undefined): Decision {
  return objection(
    "key-conflict",
    holder
      ? `Container ${holder.name} has the key ${key} already; give this one another name or label hecd.name`
      : `Two of its ports want the key ${key}; give each its own name by label hecd.<port>.name`,
  );
}

function inOrderOfStart(containers: readonly Container[]): readonly Container[] {
  // A container that was never started has the year 1, and no instance either.
  const timed = containers.map((container) => ({ container, at: Date.parse(container.startedAt) }));
  timed.sort((a, b) => a.at - b.at || (a.container.id < b.container.id ? -1 : 1));
  return timed.map(({ container }) => container);
}
