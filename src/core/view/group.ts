import { Memo } from "../memo/memo.js";
import { reordered } from "../memo/in-order.js";
import { compareKeys } from "../text/key-order.js";
import { parseDuration } from "../text/duration.js";
import { commonOf } from "./common-settings.js";
import type { LeftOut, Server, Service } from "./server.js";
import type { ServerEntry } from "./server-entry.js";

/** A service as its entries make it. */
export interface Group {
  /** Records before simple keys, each by key. */
  readonly serverEntries: readonly ServerEntry[];
  readonly service: Service;
  readonly leftOut: readonly LeftOut[];
}

/** Entries that a service has no more, and entries that it has now. */
export interface EntryChanges {
  readonly gone: readonly ServerEntry[];
  readonly come: readonly ServerEntry[];
}

/**
 * The service of that name after these changes; undefined where nothing is left of it.
 *
 * Where servers alone have changed, and each has an address of its own, the others are not looked at one by one.
 */
export function changedGroup(name: string, before: Group | undefined, changes: EntryChanges): Group | undefined {
  const serverEntries = reordered(before?.serverEntries ?? [], changes, byRank);
  if (serverEntries.length === 0) return undefined;
  if (!before || !saysTheSame(before, serverEntries, changes)) return groupOf(name, serverEntries);
  const { service } = before;
  const servers = reordered(
    service.servers,
    { gone: serversOf(changes.gone, service), come: serversOf(changes.come, service) },
    byName,
  );
  return { serverEntries, service: { ...service, servers }, leftOut: before.leftOut };
}

/** Whether changes leave all as it was that is said of the service as a whole, and of each address there is one entry. */
function saysTheSame(
  { service, serverEntries: before, leftOut }: Group,
  after: readonly ServerEntry[],
  { gone, come }: EntryChanges,
): boolean {
  if (leftOut.length > 0 || gone.length + come.length > FEW) return false;
  if (service.servers.length < before.length) return false; // some are not up, or share an address
  const addresses = new Set(come.map(({ server }) => server.addr));
  if (addresses.size < come.length || !come.every(({ isUp }) => isUp)) return false;
  const others = after.filter(({ server }) => addresses.has(server.addr));
  if (others.length > come.length) return false;
  const [one] = before;
  const staying = one && !gone.includes(one) ? [termsOf(one)] : [];
  const [had, has] = [new Set([...gone.map(termsOf), ...staying]), new Set([...come.map(termsOf), ...staying])];
  return had.size === has.size && [...had].every((terms) => has.has(terms));
}

/** So many changes at once are seen by looking at all. */
const FEW = 16;

/** All that an entry says of its service as a whole: whoever says the same again changes nothing. */
function termsOf(entry: ServerEntry): string {
  return TERMS.of(entry, () => {
    const { hosts, paths, hold, saying, isMaintained, server } = entry;
    return JSON.stringify([
      ...[hosts, paths, hold, saying?.settings, isMaintained],
      ...[server.maxconn > 0, server.tls?.verify === true],
    ]);
  });
}

const TERMS = new Memo<ServerEntry, string>();

function serversOf(entries: readonly ServerEntry[], { sticky }: Pick<Service, "sticky">): readonly Server[] {
  return entries.map((entry) => (sticky ? STICKY.of(entry, () => named(entry)) : entry.server));
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
  const servers = [...serversOf(up, common)];
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
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
