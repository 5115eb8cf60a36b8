import { isSocket } from "../config/address.js";
import type { ProxyBackend, BackendServer } from "../config/backends.js";
import { isPlainName } from "../config/words.js";
import type { Pace, Rival } from "./budget.js";
import type { Capabilities } from "./capabilities.js";
import {
  additionOf,
  givesUp,
  givingUpCommands,
  hasMoved,
  obstacleTo,
  settingCommands,
  takeOutCommands,
} from "./server-commands.js";
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
  readonly pace: Pace;
  readonly rival: Rival;
  /** By `backend/server`. */
  readonly retiringServers: ReadonlyMap<string, RetiringServer>;
  /** The servers that other servers do alike, as `backend/server`. */
  readonly tracked: ReadonlySet<string>;
}

/** What is done for one server; nothing else has to be done with it. */
export interface ServerStep {
  readonly name: string;
  readonly ins: readonly string[];
  readonly outs: readonly string[];
  /** What it is afterwards; undefined where it has left. */
  readonly becomes: BackendServer | undefined;
  readonly isReturning: boolean;
  readonly isClinging: boolean;
}

/** What has to be done for the servers of a backend: those that get no more work last, and of those the ones that leave. */
interface Steps {
  readonly steps: readonly ServerStep[];
  /** Whether that is all, and not the first ones of so many commands. */
  readonly isWhole: boolean;
}

/** The first steps of so many commands at most, but one at least; or why they do not lead all the way. */
export function stepsBetween(
  before: ProxyBackend,
  after: ProxyBackend,
  context: ChangeContext,
  most: number,
): Steps | string {
  const steps: ServerStep[] = [];
  let count = 0;
  for (const step of allSteps(before, after, context)) {
    if (typeof step === "string") return step;
    count += step.ins.length + step.outs.length;
    if (count > most && steps.length > 0) return { steps, isWhole: false };
    steps.push(step);
  }
  return { steps, isWhole: true };
}

function* allSteps(
  before: ProxyBackend,
  after: ProxyBackend,
  context: ChangeContext,
): Generator<ServerStep | string, void, undefined> {
  const givingUp: [BackendServer, BackendServer][] = [];
  for (const server of after.servers.values()) {
    const present = before.servers.get(server.name);
    if (present && isSameServer(present, server)) continue;
    if (present && givesUp(present, server)) givingUp.push([server, present]);
    else yield stepTo(server, present, before, context);
  }
  for (const [server, present] of givingUp) yield stepTo(server, present, before, context);
  for (const server of before.servers.values()) {
    const { name } = server;
    if (after.servers.has(name)) continue;
    if (!isPlainName(name)) {
      yield `the name of server ${name} is not plain`;
      return;
    }
    const outs = takeOutOf(before, server, context);
    if (outs === undefined) {
      yield outObstacle(server);
      return;
    }
    yield { name, ins: [], outs, becomes: undefined, isReturning: false, isClinging: false };
  }
}

/** How a server comes to be the wanted one, or why no command leads there. */
function stepTo(
  server: BackendServer,
  present: BackendServer | undefined,
  before: ProxyBackend,
  context: ChangeContext,
): ServerStep | string {
  const { capabilities, retiringServers } = context;
  const { name } = server;
  const retiring = retiringServers.get(`${before.name}/${name}`);
  const known = present ?? (retiring?.server && { ...retiring.server, isDisabled: true });
  const obstacle =
    obstacleTo(server, capabilities) ??
    reuseObstacle(present ?? retiring, server) ??
    moveObstacle(before, known, server, context) ??
    entryObstacle(before, known, server);
  if (obstacle !== undefined) return obstacle;
  const common = { name, becomes: server, isReturning: !present && retiring !== undefined };
  if (!known) {
    const addition = additionOf(before.name, server, capabilities);
    return addition.obstacle ?? { ...common, ins: addition.commands, outs: [], isClinging: false };
  }
  const goesOut = !known.isDisabled && server.isDisabled;
  const takenOut = goesOut ? takeOutOf(before, server, context) : [];
  if (takenOut === undefined) return outObstacle(server);
  const outs = [...givingUpCommands(before.name, known, server), ...takenOut];
  const isClinging = clings(before, known, server, context);
  return { ...common, ins: settingCommands(before.name, known, server), outs, isClinging };
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
  if (!known || !hasMoved(known, wanted)) return undefined;
  if (isSocket(known.host) || isSocket(wanted.host)) return `server ${wanted.name} moves from or to a socket`;
  if (!tracked.has(`${backend}/${wanted.name}`)) return undefined;
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
export function takeOutOf(
  backend: ProxyBackend,
  server: BackendServer,
  { tracked }: ChangeContext,
): readonly string[] | undefined {
  return tracked.has(`${backend.name}/${server.name}`) ? undefined : takeOutCommands(backend, server);
}

function outObstacle({ name }: BackendServer): string {
  return `no command takes server ${name} out in peace`;
}

/** Whether two servers of one name are the same. */
export function isSameServer(a: BackendServer, b: BackendServer): boolean {
  if (a === b) return true;
  return (
    isSameApartFromSettings(a, b) &&
    targetOf(a) === targetOf(b) &&
    Object.is(a.weight, b.weight) &&
    a.isDisabled === b.isDisabled
  );
}

function isSameApartFromSettings(a: BackendServer, b: BackendServer): boolean {
  return a.isPlain === b.isPlain && a.words.join("\u0000") === b.words.join("\u0000");
}

/** The names of the backup servers, in their order. */
export function backupsOf({ servers }: ProxyBackend): readonly string[] {
  return [...servers.values()].filter(({ isBackup }) => isBackup).map(({ name }) => name);
}

/** Where a server is, to compare with. */
export function targetOf({ host, port }: BackendServer): string {
  return `${host} ${port}`;
}
