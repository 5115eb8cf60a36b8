import type { ProxyBackend, BackendServer } from "../config/backends.js";
import { isPlainName } from "../config/words.js";
import type { Capabilities } from "./capabilities.js";
import { obstacleOfTime } from "./budget.js";
import { addCommands, obstacleTo, settingCommands, takeOutCommand } from "./server-commands.js";

/** A server in maintenance that no configuration names any more. */
export interface RetiringServer {
  readonly backend: string;
  readonly name: string;
  /** What it was made of; undefined when nobody knows. */
  readonly server: BackendServer | undefined;
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
  /** The backend afterwards. */
  readonly reached: ProxyBackend;
  /** Why only a reload leads all the way; then there is no more in it than what keeps requests from servers that leave. */
  readonly obstacle: string | undefined;
}

/** How the servers of a running backend become those of the wanted one. */
export function serverChanges(
  before: ProxyBackend,
  after: ProxyBackend,
  retiringServers: ReadonlyMap<string, RetiringServer>,
  capabilities: Capabilities,
): ServerChanges {
  const ins: string[] = [];
  const leaving = [...before.servers.values()]
    .filter(({ name }) => !after.servers.has(name))
    .map((server) => ({ backend: after.name, name: server.name, server }));
  const returning: string[] = [];
  for (const server of after.servers.values()) {
    const present = before.servers.get(server.name);
    if (present && isSame(present, server)) continue;
    const id = `${after.name}/${server.name}`;
    const retiring = retiringServers.get(id);
    const obstacle = obstacleTo(server, capabilities) ?? reuseObstacle(present ?? retiring, server);
    if (obstacle !== undefined) return retire(before, after, obstacle);
    const known = present ?? (retiring?.server && { ...retiring.server, isDisabled: true });
    ins.push(...(known ? settingCommands(after.name, known, server) : addCommands(after.name, server)));
    if (!present && retiring) returning.push(id);
  }
  const odd = leaving.find(({ name }) => !isPlainName(name));
  if (odd) return retire(before, after, `the name of server ${odd.name} is not plain`);
  const outs = leaving.map(({ backend, name }) => takeOutCommand(backend, name));
  const count = ins.length + outs.length;
  const obstacle = count === 0 ? undefined : (obstacleToAny(before, after) ?? obstacleOfTime(count, before, after));
  if (obstacle !== undefined) return retire(before, after, obstacle);
  return { ins, outs, leaving, returning, reached: after, obstacle: undefined };
}

/** Why a server that is there cannot be made into the wanted one of its name. */
function reuseObstacle(present: BackendServer | RetiringServer | undefined, wanted: BackendServer): string | undefined {
  if (!present) return undefined;
  const known = "backend" in present ? present.server : present;
  if (!known) return `server ${wanted.name} comes back, and how it was made is not known`;
  return isSameApartFromSettings(known, wanted) ? undefined : `the options of server ${wanted.name} differ`;
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
 * Only where others stay, and only addresses that serve the backend no more: what is still alive must not be missed.
 */
function retire(before: ProxyBackend, after: ProxyBackend, obstacle: string): ServerChanges {
  const stays = [...before.servers.values()].some(({ name, isDisabled }) => !isDisabled && after.servers.has(name));
  const addresses = new Set([...after.servers.values()].map(addressOf));
  const retired = [...before.servers.values()].filter(
    (server) =>
      stays &&
      !server.isDisabled &&
      isPlainName(server.name) &&
      !after.servers.has(server.name) &&
      !addresses.has(addressOf(server)),
  );
  const outs = isPlainName(before.name) ? retired.map(({ name }) => takeOutCommand(before.name, name)) : [];
  const servers = new Map(before.servers);
  if (outs.length > 0) for (const server of retired) servers.set(server.name, { ...server, isDisabled: true });
  return { ins: [], outs, leaving: [], returning: [], reached: { ...before, servers }, obstacle };
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
