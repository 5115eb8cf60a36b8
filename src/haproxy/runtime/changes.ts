import { isSocket } from "../config/address.js";
import type { ProxyBackend, BackendServer } from "../config/backends.js";
import { isPlainName } from "../config/words.js";
import { obstacleOfTime } from "./budget.js";
import type { Capabilities } from "./capabilities.js";
import { additionOf, hasMoved, obstacleTo, settingCommands, takeOutCommands } from "./server-commands.js";
import { concernsOf } from "./server-words.js";

/** A server that is out and that no configuration names any more. */
export interface RetiringServer {
  readonly backend: string;
  readonly name: string;
  /** What it was made of; undefined when nobody knows. */
  readonly server: BackendServer | undefined;
  /** Whether no connection to it was in use when it was last looked at. */
  readonly isIdle?: boolean;
}

/** What a change of one backend has to reckon with. */
export interface ChangeContext {
  readonly capabilities: Capabilities;
  /** By `backend/server`. */
  readonly retiringServers: ReadonlyMap<string, RetiringServer>;
  /** The servers that other servers do alike, as `backend/server`. */
  readonly tracked: ReadonlySet<string>;
}

/** What is done to the servers of one backend. */
export interface ServerChanges {
  /** Commands that bring servers in or set them. */
  readonly ins: readonly string[];
  /** Commands that take servers out. */
  readonly outs: readonly string[];
  readonly leaving: readonly RetiringServer[];
  /** Retiring servers that serve again, by `backend/server`. */
  readonly returning: readonly string[];
  /** Servers whose connections in use lead to their old address for ever, as `backend/server`: none may be in use. */
  readonly clinging: readonly string[];
  /** The backend afterwards. */
  readonly reached: ProxyBackend;
  /** Why only a reload leads all the way; then there is no more in it than what keeps requests from servers that leave. */
  readonly obstacle: string | undefined;
}

/** How the servers of a running backend become those of the wanted one. */
export function serverChanges(before: ProxyBackend, after: ProxyBackend, context: ChangeContext): ServerChanges {
  const { capabilities, retiringServers } = context;
  const ins: string[] = [];
  const outs: string[] = [];
  const returning: string[] = [];
  const clinging: string[] = [];
  for (const server of after.servers.values()) {
    const present = before.servers.get(server.name);
    if (present && isSame(present, server)) continue;
    const id = `${after.name}/${server.name}`;
    const retiring = retiringServers.get(id);
    const known = present ?? (retiring?.server && { ...retiring.server, isDisabled: true });
    const obstacle =
      obstacleTo(server, capabilities) ??
      reuseObstacle(present ?? retiring, server) ??
      moveObstacle(before, known, server, context) ??
      entryObstacle(before, known, server);
    if (obstacle !== undefined) return retire(before, after, context, obstacle);
    if (known) {
      ins.push(...settingCommands(after.name, known, server));
      if (clings(before, known, server, context)) clinging.push(id);
    } else {
      const addition = additionOf(after.name, server, capabilities);
      if (addition.obstacle !== undefined) return retire(before, after, context, addition.obstacle);
      ins.push(...addition.commands);
    }
    if (known && !known.isDisabled && server.isDisabled) {
      const commands = takeOutOf(before, server, context);
      if (commands === undefined) return retire(before, after, context, outObstacle(server));
      outs.push(...commands);
    }
    if (!present && retiring) returning.push(id);
  }
  const leaving: RetiringServer[] = [];
  for (const server of before.servers.values()) {
    if (after.servers.has(server.name)) continue;
    if (!isPlainName(server.name))
      return retire(before, after, context, `the name of server ${server.name} is not plain`);
    const commands = takeOutOf(before, server, context);
    if (commands === undefined) return retire(before, after, context, outObstacle(server));
    outs.push(...commands);
    leaving.push({ backend: after.name, name: server.name, server });
  }
  const count = ins.length + outs.length;
  const obstacle = count === 0 ? undefined : (obstacleToAny(before, after) ?? obstacleOfTime(count, before, after));
  if (obstacle !== undefined) return retire(before, after, context, obstacle);
  return { ins, outs, leaving, returning, clinging, reached: after, obstacle: undefined };
}

/** Why a server that is there cannot be made into the wanted one of its name. */
function reuseObstacle(present: BackendServer | RetiringServer | undefined, wanted: BackendServer): string | undefined {
  if (!present) return undefined;
  const known = "backend" in present ? present.server : present;
  if (!known) return `server ${wanted.name} comes back, and how it was made is not known`;
  return isSameApartFromSettings(known, wanted) ? undefined : `the options of server ${wanted.name} differ`;
}

/** Why a server that is there cannot be led to another address. */
function moveObstacle(
  { name: backend }: ProxyBackend,
  known: BackendServer | undefined,
  wanted: BackendServer,
  { tracked }: ChangeContext,
): string | undefined {
  if (!known || !hasMoved(known, wanted) || !tracked.has(`${backend}/${wanted.name}`)) return undefined;
  return `other servers track server ${wanted.name}, which moves`;
}

/** Whether a server that moves takes connections that are in use along, so that later requests get to its old address. */
function clings(
  { name: backend, reusesConnections }: ProxyBackend,
  known: BackendServer,
  wanted: BackendServer,
  { capabilities, retiringServers }: ChangeContext,
): boolean {
  if (capabilities.movesConnections || !reusesConnections || !hasMoved(known, wanted)) return false;
  return retiringServers.get(`${backend}/${wanted.name}`)?.isIdle !== true;
}

/** Why a server cannot begin to serve, or serve elsewhere, in a process that runs. */
function entryObstacle(
  before: ProxyBackend,
  known: BackendServer | undefined,
  wanted: BackendServer,
): string | undefined {
  const { name, words, isBackup, isDisabled } = wanted;
  const comesIn = !isDisabled && (!known || known.isDisabled || hasMoved(known, wanted));
  const concerns = concernsOf(words);
  if (comesIn && concerns.has("ends-backup-requests") && !isBackup && backupsOf(before).length > 0)
    return `server ${name} would end the requests on backup servers`;
  if (concerns.has("awaits-check") && (comesIn || !known))
    return `server ${name} waits for its first check, which would be late`;
  return undefined;
}

/** See `takeOutCommands`; what others track would take them along. */
function takeOutOf(
  backend: ProxyBackend,
  server: BackendServer,
  { tracked }: ChangeContext,
): readonly string[] | undefined {
  return tracked.has(`${backend.name}/${server.name}`) ? undefined : takeOutCommands(backend, server);
}

function outObstacle({ name }: BackendServer): string {
  return `no command takes server ${name} out in peace`;
}

/** Why no server of this backend can be touched. */
function obstacleToAny(before: ProxyBackend, after: ProxyBackend): string | undefined {
  const isRanked = after.ranksBackups && backupsOf(after).length > 1;
  if (isRanked && backupsOf(before).join() !== backupsOf(after).join())
    return "the order of its backup servers differs";
  return before.obstacle ?? after.obstacle;
}

/**
 * Takes out servers that leave, so that a process that is about to be replaced sends them no more requests.
 *
 * Only where others stay, only addresses that serve the backend no more, since what is still alive must not be missed, and
 * only where that ends no request.
 */
function retire(before: ProxyBackend, after: ProxyBackend, context: ChangeContext, obstacle: string): ServerChanges {
  const stays = [...before.servers.values()].some(
    ({ name, host, isDisabled }) => !isDisabled && !isSocket(host) && after.servers.has(name),
  );
  const addresses = new Set([...after.servers.values()].map(addressOf));
  const outs: string[] = [];
  const servers = new Map(before.servers);
  for (const server of before.servers.values()) {
    const goes = !server.isDisabled && !after.servers.has(server.name) && !addresses.has(addressOf(server));
    const commands = stays && goes && isPlainName(server.name) ? takeOutOf(before, server, context) : undefined;
    if (commands === undefined || !isPlainName(before.name)) continue;
    outs.push(...commands);
    servers.set(server.name, { ...server, isDisabled: true });
  }
  return { ins: [], outs, leaving: [], returning: [], clinging: [], reached: { ...before, servers }, obstacle };
}

function backupsOf({ servers }: ProxyBackend): readonly string[] {
  return [...servers.values()].filter(({ isBackup }) => isBackup).map(({ name }) => name);
}

function isSame(a: BackendServer, b: BackendServer): boolean {
  if (a === b) return true;
  return (
    isSameApartFromSettings(a, b) &&
    addressOf(a) === addressOf(b) &&
    Object.is(a.weight, b.weight) &&
    a.isDisabled === b.isDisabled
  );
}

function isSameApartFromSettings(a: BackendServer, b: BackendServer): boolean {
  return a.isPlain === b.isPlain && a.words.join("\u0000") === b.words.join("\u0000");
}

function addressOf({ host, port }: BackendServer): string {
  return `${host} ${port}`;
}
