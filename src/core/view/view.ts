import { orderedPlaceOf, reordered } from "../memo/in-order.js";
import { compareKeys } from "../text/key-order.js";
import { keysChanged, type Snapshot } from "../model/snapshot.js";
import { byName, changedGroup, type Group } from "./group.js";
import { type ServerEntry, serverEntryOf } from "./server-entry.js";
import type { LeftOut, Service } from "./server.js";

/** What templates see of the registered services: sorted, checked, complete. Equal snapshots give equal views. */
export interface View {
  /** By name. */
  readonly services: readonly Service[];
  /**
   * Every key that should be a server and cannot be, with the reason; it never keeps the others out. Of services whose
   * records disagree, what does not hold.
   */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Reads the services of a snapshot: JSON records below `/hecd/v1/services`, and everywhere else simple keys
 * `.../<service>/<name>` = `ip:port`. What is registered in both ways is one server, as its record describes it.
 *
 * Of `previous`, the view of an earlier snapshot, is taken what is still so; it changes the effort and nothing else.
 */
export function servicesOf({ entries }: Snapshot, previous?: View): View {
  const before = (previous && WORKINGS.get(previous)) ?? NOTHING;
  const changes = changesBetween(before, entries);
  const reads = reordered(before.reads, { gone: changes.flatMap(wasOf), come: changes.flatMap(isOf) }, byKey);
  const { groups, unreadable, services } = follow(changes, before);
  const leftOut = [...unreadable.values(), ...[...groups.values()].flatMap((group) => group.leftOut)];
  const view = { services, leftOut: leftOut.sort(byKey) };
  WORKINGS.set(view, { entries, reads, groups, unreadable, services });
  return view;
}

/** How a view came about. */
interface Workings {
  readonly entries: Snapshot["entries"];
  /** By key. */
  readonly reads: readonly Read[];
  readonly groups: ReadonlyMap<string, Group>;
  readonly unreadable: ReadonlyMap<string, LeftOut>;
  readonly services: readonly Service[];
}

/** What a key says by itself. */
interface Read {
  readonly key: string;
  readonly says: ServerEntry | LeftOut | "other";
}

/** A key that says something else than before; undefined where it was not there, or is no more. */
interface Change {
  readonly was: Read | undefined;
  readonly is: Read | undefined;
}

const NOTHING: Workings = { entries: new Map(), reads: [], groups: new Map(), unreadable: new Map(), services: [] };

/** The workings of each view, for as long as there is the view. */
const WORKINGS = new WeakMap<View, Workings>();

function changesBetween(before: Workings, entries: Snapshot["entries"]): readonly Change[] {
  const keys = keysChanged(before.entries, entries);
  if (!keys) return changesThroughout(before, entries);
  return [...keys].flatMap((key) => {
    const value = entries.get(key);
    if (value === before.entries.get(key)) return [];
    const known = before.reads[orderedPlaceOf(before.reads, (read) => compareKeys(read.key, key))];
    return [{ was: known?.key === key ? known : undefined, is: value === undefined ? undefined : readOf(key, value) }];
  });
}

/** Both are in order, so that nothing has to be sought. */
function changesThroughout({ entries: before, reads }: Workings, entries: Snapshot["entries"]): readonly Change[] {
  const changes: Change[] = [];
  let at = 0;
  entries.forEach((value, key) => {
    let known = reads[at];
    for (; known && known.key !== key && compareKeys(known.key, key) < 0; known = reads[++at])
      changes.push({ was: known, is: undefined });
    const was = known?.key === key ? known : undefined;
    if (was) at++;
    if (!was || before.get(key) !== value) changes.push({ was, is: readOf(key, value) });
  });
  for (const known of reads.slice(at)) changes.push({ was: known, is: undefined });
  return changes;
}

/** Makes anew the services that changes reach. */
function follow(changes: readonly Change[], before: Workings): Pick<Workings, "groups" | "unreadable" | "services"> {
  const unreadable = new Map(before.unreadable);
  const reached = new Map<string, { readonly gone: ServerEntry[]; readonly come: ServerEntry[] }>();
  const reach = (service: string) => {
    const known = reached.get(service) ?? { gone: [], come: [] };
    reached.set(service, known);
    return known;
  };
  for (const { was, is } of changes) {
    if (was) unreadable.delete(was.key);
    if (was && isServerEntry(was.says)) reach(was.says.service).gone.push(was.says);
    if (is && isServerEntry(is.says)) reach(is.says.service).come.push(is.says);
    else if (is && isLeftOut(is.says)) unreadable.set(is.key, is.says);
  }
  const groups = new Map(before.groups);
  const services: { readonly gone: Service[]; readonly come: Service[] } = { gone: [], come: [] };
  for (const [name, some] of reached) {
    const known = before.groups.get(name);
    const group = changedGroup(name, known, some);
    if (known) services.gone.push(known.service);
    if (group) services.come.push(group.service);
    if (group) groups.set(name, group);
    else groups.delete(name);
  }
  return { groups, unreadable, services: reordered(before.services, services, byName) };
}

function readOf(key: string, value: string): Read {
  return { key, says: serverEntryOf(key, value) };
}

function isServerEntry(says: Read["says"]): says is ServerEntry {
  return says !== "other" && !isLeftOut(says);
}

function isLeftOut(says: Read["says"]): says is LeftOut {
  return says !== "other" && "reason" in says;
}

function wasOf({ was }: Change): readonly Read[] {
  return was ? [was] : [];
}

function isOf({ is }: Change): readonly Read[] {
  return is ? [is] : [];
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return compareKeys(a.key, b.key);
}
