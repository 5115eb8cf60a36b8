import type { Check } from "./instance.js";
import { type Candidate, candidateOf } from "./candidate.js";
import { compareKeys, type Snapshot } from "./snapshot.js";

/** What templates see of the registered services: sorted, checked, complete. Equal snapshots give equal views. */
export interface View {
  /** By name. */
  readonly services: readonly Service[];
  /** Every key that should be a server and cannot be, with the reason; it never keeps the others out. */
  readonly leftOut: readonly LeftOut[];
}

/** Servers that do the same. One without servers is known from records of instances that are not up. */
export interface Service {
  readonly name: string;
  /** By name. */
  readonly servers: readonly Server[];
  /** The host names that its records ask for, in lower case. */
  readonly hosts: readonly string[];
  /** The path prefixes that its records ask for, without a slash at the end but for `/` itself. */
  readonly paths: readonly string[];
}

/**
 * One address of a service.
 *
 * The name is `<container>:<ip>:<port>` and so depends on nothing but the server itself: it means one address for ever
 * (HAProxy's state file and its old workers cannot mix two up), two hosts may have containers of one name, and no
 * server is renamed because another one comes or goes.
 */
export interface Server {
  readonly name: string;
  /** The container's name, or the last part of the key. */
  readonly container: string;
  /** `ip:port`, an IPv6 address in brackets. */
  readonly addr: string;
  readonly ip: string;
  readonly port: number;
  /** 0 to 256; 100 where nothing is said. */
  readonly weight: number;
  readonly backup: boolean;
  /** `http` where nothing is said. */
  readonly scheme: string;
  /** Those that are one word each; a template can write them anywhere. */
  readonly tags: readonly string[];
  /** Whatever else its record says, by name; those that are one word each. */
  readonly meta: Readonly<Record<string, string>>;
  /** How it is to be checked, as far as its record says. */
  readonly check: Check;
}

/** A key that is not in the view. */
export interface LeftOut {
  readonly key: string;
  readonly reason: string;
}

/**
 * Reads the services of a snapshot: JSON records below `/hecd/v1/services`, and everywhere else simple keys
 * `.../<service>/<name>` = `ip:port`. What is registered in both ways is one server, as its record describes it.
 *
 * Of `previous`, the view of an earlier snapshot, is taken what is still so; it changes the effort and nothing else.
 */
export function servicesOf(snapshot: Snapshot, previous?: View): View {
  const before = previous && WORKINGS.get(previous);
  const readings = readingsOf(snapshot, before?.readings);
  const [records, simple, unreadable]: [Candidate[], Candidate[], LeftOut[]] = [[], [], []];
  for (const { candidate } of readings) {
    if (candidate === "other") continue;
    if ("reason" in candidate) unreadable.push(candidate);
    else (candidate.kind === "record" ? records : simple).push(candidate);
  }
  const groups = groupsOf([...records, ...simple], before?.groups);
  const outcomes = [...groups.values()];
  const leftOut = [...unreadable, ...outcomes.flatMap((group) => group.leftOut)];
  const view = {
    services: outcomes.map(({ service }) => service).sort(byName),
    leftOut: leftOut.sort((a, b) => compareKeys(a.key, b.key)),
  };
  WORKINGS.set(view, { readings, groups });
  return view;
}

/** How each view came about, for as long as there is the view. */
const WORKINGS = new WeakMap<View, { readonly readings: readonly Reading[]; readonly groups: Groups }>();

/** A key that was read by itself. */
interface Reading {
  readonly key: string;
  readonly value: string;
  readonly candidate: Candidate | LeftOut | "other";
}

/** A service as its candidates make it. */
interface Group {
  /** Records before simple keys. */
  readonly candidates: readonly Candidate[];
  readonly service: Service;
  readonly leftOut: readonly LeftOut[];
}

type Groups = ReadonlyMap<string, Group>;

function readingsOf({ entries }: Snapshot, previous: readonly Reading[] = []): readonly Reading[] {
  const readings: Reading[] = [];
  let at = 0;
  entries.forEach((value, key) => {
    let known = previous[at];
    // Both are in order, so that nothing has to be looked up.
    while (known && known.key !== key && compareKeys(known.key, key) < 0) known = previous[++at];
    if (known?.key === key && known.value === value) readings.push(known);
    else readings.push({ key, value, candidate: candidateOf(key, value) });
  });
  return readings;
}

function groupsOf(candidates: readonly Candidate[], previous?: Groups): Groups {
  const byService = new Map<string, Candidate[]>();
  let last: Candidate[] | undefined;
  for (const candidate of candidates) {
    const { service } = candidate;
    if (last?.[0]?.service !== service) last = byService.get(service); // most come after one of the same service
    if (last) last.push(candidate);
    else byService.set(service, (last = [candidate]));
  }
  const groups = new Map<string, Group>();
  for (const [name, theirs] of byService) {
    const known = previous?.get(name);
    groups.set(name, known && isSame(known.candidates, theirs) ? known : groupOf(name, theirs));
  }
  return groups;
}

function isSame(some: readonly Candidate[], others: readonly Candidate[]): boolean {
  return some.length === others.length && some.every((candidate, index) => candidate === others[index]);
}

function groupOf(name: string, candidates: readonly Candidate[]): Group {
  const byAddress = new Map<string, Candidate>();
  const hosts = new Set<string>();
  const paths = new Set<string>();
  const leftOut: LeftOut[] = [];
  for (const candidate of candidates) {
    for (const host of candidate.hosts) hosts.add(host.toLowerCase());
    for (const path of candidate.paths) paths.add(path.replace(/\/+$/, "") || "/");
    const { addr, container } = candidate.server;
    const present = byAddress.get(addr);
    // An address is handed on from a container that has ended to a new one: what is up counts.
    if (!present || (!present.isUp && candidate.isUp && candidate.kind === "record")) byAddress.set(addr, candidate);
    else if (present.isUp && candidate.isUp && present.server.container !== container) {
      leftOut.push({ key: candidate.key, reason: `${addr} is registered by ${present.key} already` });
    }
  }
  const servers = [...byAddress.values()].filter(({ isUp }) => isUp).map(({ server }) => server);
  const service = { name, servers: servers.sort(byName), hosts: [...hosts].sort(), paths: [...paths].sort() };
  return { candidates, service, leftOut };
}

/** Names are ASCII, which a plain comparison puts in the order of their bytes. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
