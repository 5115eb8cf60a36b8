import { compareKeys, type Snapshot } from "../model/snapshot.js";
import { Memo } from "../memo/memo.js";
import { parseDuration } from "../text/duration.js";
import { type ServerEntry, serverEntryOf } from "./server-entry.js";
import { commonOf } from "./common-settings.js";
import type { LeftOut, Server, Service } from "./server.js";

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
  const { changes, serverEntries } = compared(entries, before);
  const { groups, unreadable } = follow(changes, before);
  const outcomes = [...groups.values()];
  const leftOut = [...unreadable.values(), ...outcomes.flatMap((group) => group.leftOut)];
  const view = {
    services: outcomes.map(({ service }) => service).sort(byName),
    leftOut: leftOut.sort((a, b) => compareKeys(a.key, b.key)),
  };
  WORKINGS.set(view, { keys: [...entries.keys()], values: [...entries.values()], serverEntries, groups, unreadable });
  return view;
}

/** How a view came about: the first three are of one length, so that what has not changed is passed by and not touched. */
interface Workings {
  readonly keys: readonly string[];
  readonly values: readonly string[];
  readonly serverEntries: readonly Read[];
  readonly groups: ReadonlyMap<string, Group>;
  readonly unreadable: ReadonlyMap<string, LeftOut>;
}

/** What a key says by itself. */
type Read = ServerEntry | LeftOut | "other";

/** A service as its entries make it. */
interface Group {
  /** Records before simple keys. */
  readonly serverEntries: readonly ServerEntry[];
  readonly service: Service;
  readonly leftOut: readonly LeftOut[];
}

/** A key that says something else than before; undefined where it was not there, or is no more. */
interface Change {
  readonly key: string;
  readonly was: Read | undefined;
  readonly is: Read | undefined;
}

const NOTHING: Workings = { keys: [], values: [], serverEntries: [], groups: new Map(), unreadable: new Map() };

/** The workings of each view, for as long as there is the view. */
const WORKINGS = new WeakMap<View, Workings>();

/** Both are in order, so that nothing has to be looked up. */
function compared(
  entries: Snapshot["entries"],
  { keys, values, serverEntries: before }: Workings,
): { readonly changes: readonly Change[]; readonly serverEntries: readonly Read[] } {
  const changes: Change[] = [];
  const serverEntries: Read[] = [];
  let at = 0;
  const passBy = (key: string): void => {
    changes.push({ key, was: before[at++], is: undefined });
  };
  entries.forEach((value, key) => {
    let known = keys[at];
    for (; known !== undefined && known !== key && compareKeys(known, key) < 0; known = keys[at]) passBy(known);
    const was = known === key ? before[at] : undefined;
    const is = was !== undefined && values[at] === value ? was : serverEntryOf(key, value);
    if (is !== was) changes.push({ key, was, is });
    serverEntries.push(is);
    if (known === key) at++;
  });
  for (let gone = keys[at]; gone !== undefined; gone = keys[at]) passBy(gone);
  return { changes, serverEntries };
}

/** Makes anew the services that changes reach. */
function follow(changes: readonly Change[], before: Workings): Pick<Workings, "groups" | "unreadable"> {
  const unreadable = new Map(before.unreadable);
  const reached = new Map<string, { readonly gone: Set<string>; readonly come: ServerEntry[] }>();
  const reach = (service: string) => {
    const known = reached.get(service) ?? { gone: new Set(), come: [] };
    reached.set(service, known);
    return known;
  };
  for (const { key, was, is } of changes) {
    unreadable.delete(key);
    if (was !== undefined && isServerEntry(was)) reach(was.service).gone.add(key);
    if (is !== undefined && isServerEntry(is)) reach(is.service).come.push(is);
    else if (is !== undefined && is !== "other") unreadable.set(key, is);
  }
  const groups = new Map(before.groups);
  for (const [name, { gone, come }] of reached) {
    const stayed = groups.get(name)?.serverEntries.filter(({ key }) => !gone.has(key)) ?? [];
    const serverEntries = [...stayed, ...come].sort(byRank);
    if (serverEntries.length === 0) groups.delete(name);
    else groups.set(name, groupOf(name, serverEntries));
  }
  return { groups, unreadable };
}

function isServerEntry(read: Read): read is ServerEntry {
  return read !== "other" && !("reason" in read);
}

function byRank(a: ServerEntry, b: ServerEntry): number {
  return a.kind === b.kind ? compareKeys(a.key, b.key) : a.kind === "record" ? -1 : 1;
}

function groupOf(name: string, serverEntries: readonly ServerEntry[]): Group {
  const byAddress = new Map<string, ServerEntry>();
  const hosts = new Set<string>();
  const paths = new Set<string>();
  const leftOut: LeftOut[] = [];
  let hold = "";
  for (const serverEntry of serverEntries) {
    hold = longerOf(hold, serverEntry.hold);
    for (const host of serverEntry.hosts) hosts.add(host.toLowerCase());
    for (const path of serverEntry.paths) paths.add(path.replace(/\/+$/, "") || "/");
    const { addr, container } = serverEntry.server;
    const present = byAddress.get(addr);
    // An address is handed on from a container that has ended to a new one: what is up counts.
    if (!present || (!present.isUp && serverEntry.isUp && serverEntry.kind === "record"))
      byAddress.set(addr, serverEntry);
    else if (present.isUp && serverEntry.isUp && present.server.container !== container) {
      leftOut.push({ key: serverEntry.key, reason: `${addr} is registered by ${present.key} already` });
    }
  }
  const { common, overruled } = commonOf(serverEntries);
  leftOut.push(...overruled);
  const up = [...byAddress.values()].filter(({ isUp }) => isUp);
  const servers = up.map((entry) => (common.sticky ? STICKY.of(entry, () => named(entry)) : entry.server));
  const routes = { hosts: [...hosts].sort(), paths: [...paths].sort() };
  const isMaintained = servers.length === 0 && serverEntries.some((entry) => entry.isMaintained);
  const service = { name, servers: servers.sort(byName), ...routes, hold, ...common, isMaintained };
  return { serverEntries, service, leftOut };
}

/** The servers that clients stay with, which are other objects than the rest: templates remember what they wrote of each. */
const STICKY = new Memo<ServerEntry, Server>();

function named({ server, digest }: ServerEntry): Server {
  return { ...server, cookie: digest };
}

/** The longer of two times in words; any is longer than none. */
function longerOf(one: string, other: string): string {
  if (other === "" || other === one) return one;
  return (parseDuration(one) ?? -1) >= (parseDuration(other) ?? -1) ? one : other;
}

/** Names are ASCII, which a plain comparison puts in the order of their bytes. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
