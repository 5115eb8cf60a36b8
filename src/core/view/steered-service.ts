import type { SteeringKey } from "../model/steering.js";
import { steeringKey } from "../model/keys.js";
import { byName } from "./group.js";
import type { LeftOut, Server, Service } from "./server.js";
import { type ShareGroup, sharedWeights } from "./shares.js";

/** A service as its keys of steering have it. */
export interface SteeredService {
  readonly service: Service;
  /** What of the keys cannot hold. */
  readonly leftOut: readonly LeftOut[];
  /** What the keys come to, in words: `green alone serves`. */
  readonly words: readonly string[];
  /** Why a server is not as its record says, by its name; in words. */
  readonly because: ReadonlyMap<string, string>;
}

/** A server, and what becomes of it. */
interface Steered {
  readonly server: Server;
  weight: number;
  backup: boolean;
  readonly because: string[];
}

/** What the keys of one service say, in the order of the keys. */
export function steered(service: Service, keys: readonly SteeringKey[]): SteeredService {
  const servers = service.servers.map((server): Steered => {
    return { server, weight: server.weight, backup: server.backup, because: [] };
  });
  setServers(servers, keys);
  const shares = sharesIn(keys);
  const only = onlyOf(service, keys, shares.given);
  const groups = grouped(servers, only.tag, shares.given);
  share(groups);
  const isMaintained = keys.some(({ says }) => says.kind === "maintenance" && says.isOn);
  return {
    service: {
      ...service,
      servers: servers.map(asServer).sort(byName),
      isMaintained: service.isMaintained || isMaintained,
    },
    leftOut: [...shares.leftOut, ...only.leftOut],
    words: [
      ...(isMaintained ? ["in maintenance"] : []),
      ...(only.tag === undefined ? [] : [`${only.tag} alone serves`]),
      ...shares.given.map(({ tag, percent }) => `${percent} % for ${tag}`),
      ...keys.flatMap(({ says }) => (says.kind === "weight" ? [`weight ${says.weight} for ${says.server}`] : [])),
      ...keys.flatMap(({ says }) =>
        says.kind === "backup" ? [`${says.server} is ${says.isBackup ? "a" : "no"} backup`] : [],
      ),
    ],
    because: new Map(servers.map((each) => [nameOf(each), each.because.join(", ")])),
  };
}

/** Takes in what is said of single servers; the name in HAProxy goes before that of the container, which two may have. */
function setServers(servers: readonly Steered[], keys: readonly SteeringKey[]): void {
  for (const isExact of [false, true]) {
    for (const { says } of keys) {
      if (says.kind !== "weight" && says.kind !== "backup") continue;
      for (const each of servers) {
        if (says.server !== (isExact ? each.server.name : each.server.container)) continue;
        if (says.kind === "weight") each.weight = says.weight;
        else each.backup = says.isBackup;
        if (!each.because.includes(`${says.kind} by key`)) each.because.push(`${says.kind} by key`);
      }
    }
  }
}

interface Share {
  readonly tag: string;
  readonly percent: number;
}

/** The shares that there are, by their tags; what exceeds the whole is none. */
function sharesIn(keys: readonly SteeringKey[]): { readonly given: readonly Share[]; readonly leftOut: LeftOut[] } {
  const given: Share[] = [];
  const leftOut: LeftOut[] = [];
  let left = 100;
  for (const { key, says } of keys) {
    if (says.kind !== "share") continue;
    if (says.percent > left) {
      leftOut.push({
        key,
        reason: `${says.percent} % is more than other shares of the service leave, which is ${left} %`,
      });
    } else {
      given.push(says);
      left = Number((left - says.percent).toFixed(2));
    }
  }
  return { given, leftOut };
}

/** The tag whose servers alone serve, besides those that have a share; told where no server that is up has it. */
function onlyOf(
  { name, servers }: Service,
  keys: readonly SteeringKey[],
  shares: readonly Share[],
): { readonly tag: string | undefined; readonly leftOut: readonly LeftOut[] } {
  const tag = keys.flatMap(({ says }) => (says.kind === "only" && says.tag !== undefined ? [says.tag] : []))[0];
  if (tag === undefined || servers.length === 0) return { tag, leftOut: [] };
  const isThere = servers.some(({ tags }) => tags.includes(tag));
  if (isThere) return { tag, leftOut: [] };
  const others = shares.some((each) => servers.some(({ tags }) => tags.includes(each.tag)));
  const reason = `no server of ${name} has tag ${tag}, which alone is to serve${others ? " besides shares" : ""}`;
  return { tag, leftOut: [{ key: steeringKey(name, "only"), reason }] };
}

interface Group {
  /** In percent; undefined for what others leave. */
  readonly percent: number | undefined;
  readonly members: Steered[];
}

/** Each server in the group of the first share of which it has the tag, else in that of all others; not those that rest. */
function grouped(servers: readonly Steered[], only: string | undefined, shares: readonly Share[]): readonly Group[] {
  const rest: Group = { percent: undefined, members: [] };
  const groups = shares.map(({ percent }): Group => ({ percent, members: [] }));
  for (const each of servers) {
    const { tags } = each.server;
    const at = shares.findIndex(({ tag }) => tags.includes(tag));
    const { tag, percent } = shares[at] ?? {};
    if (tag !== undefined) each.because.push(`${percent} % for ${tag}`);
    if (tag !== undefined || only === undefined || tags.includes(only)) (groups[at] ?? rest).members.push(each);
    else {
      each.because.push(`${only} alone serves`);
      each.weight = 0;
    }
  }
  return [...groups, rest];
}

/** Gives servers the weights by which their groups get their shares; a server that is a backup has none. */
function share(groups: readonly Group[]): void {
  if (groups.length < 2) return;
  const left = 100 - groups.reduce((sum, { percent = 0 }) => sum + percent, 0);
  const working = groups.map(({ members }) => members.filter(({ backup }) => !backup));
  const weights = sharedWeights(
    groups.map(({ percent = left }, at): ShareGroup => {
      return { share: percent, weights: (working[at] ?? []).map(({ weight }) => weight) };
    }),
  );
  working.forEach((members, at) => {
    members.forEach((each, place) => {
      each.weight = weights[at]?.[place] ?? 0;
    });
  });
}

function asServer(each: Steered): Server {
  const { server, weight, backup } = each;
  if (weight === server.weight && backup === server.backup) return server;
  return { ...server, name: nameOf(each), weight, backup };
}

/**
 * A server that is a backup by its key, or is none, has another name than by its record: HAProxy cannot turn the one into the
 * other while it runs, but can add the one and take out the other.
 */
function nameOf({ server, backup }: Steered): string {
  if (backup === server.backup) return server.name;
  return `${server.name}:${backup ? "backup" : "active"}`;
}
