import { isSocket } from "../config/address.js";
import type { ProxyBackend } from "../config/backends.js";
import { isPlainName } from "../config/words.js";
import { type Allowance, commandsIn, commandsMs, effortOf, obstacleOfTime } from "./budget.js";
import {
  targetOf,
  backupsOf,
  type ChangeContext,
  type RetiringServer,
  isSameServer,
  type ServerStep,
  stepsBetween,
  takeOutOf,
} from "./server-steps.js";

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
  /** Whether that is all that commands do, and not what the time allowed for. */
  readonly isWhole: boolean;
  /** See `effortOf`. */
  readonly effort: number;
  /** What all commands take that lead to the wanted one, also those that the time did not allow for; 0 with an obstacle. */
  readonly wholeMs: number;
  /** Why only a reload leads all the way; then there is no more in it than what keeps requests from servers that leave. */
  readonly obstacle: string | undefined;
}

/** How the servers of a running backend become those of the wanted one; as far as is allowed. */
export function serverChanges(
  before: ProxyBackend,
  after: ProxyBackend,
  context: ChangeContext,
  allowance: Allowance,
): ServerChanges {
  const { pace, rival } = context;
  const atLeast = leastCommands(before, after, context);
  const most = commandsIn(allowance, before, after, pace);
  const found = obstacleOfTime(atLeast, before, after, pace, rival) ?? stepsBetween(before, after, context, most);
  if (typeof found === "string") return retire(before, after, context, allowance, found);
  const { steps, isWhole } = found;
  const count = isWhole ? commandsOf(steps) : Math.max(commandsOf(steps), atLeast);
  const obstacle =
    count === 0 ? undefined : (obstacleToAny(before, after) ?? obstacleOfTime(count, before, after, pace, rival));
  if (obstacle !== undefined) return retire(before, after, context, allowance, obstacle);
  const wholeMs = commandsMs(count, before, after, pace);
  return { ...changesOf(steps, before, isWhole ? after : undefined), wholeMs };
}

/** How many commands it takes at least, which is soon told however many servers there are. */
function leastCommands(before: ProxyBackend, after: ProxyBackend, { retiringServers }: ChangeContext): number {
  let [kept, commands] = [0, 0];
  for (const server of after.servers.values()) {
    const present = before.servers.get(server.name);
    if (present) kept++;
    if (present) commands += isSameServer(present, server) ? 0 : 1;
    else commands += server.isDisabled || retiringServers.has(`${before.name}/${server.name}`) ? 1 : LEAST_FOR_NEW;
  }
  return commands + before.servers.size - kept;
}

/** A new server is added, then enabled. */
const LEAST_FOR_NEW = 2;

function commandsOf(steps: readonly ServerStep[]): number {
  return steps.reduce((sum, { ins, outs }) => sum + ins.length + outs.length, 0);
}

/** What steps come to; the backend is undefined where they lead only part of the way. */
function changesOf(
  steps: readonly ServerStep[],
  before: ProxyBackend,
  after: ProxyBackend | undefined,
): Omit<ServerChanges, "wholeMs"> {
  const { name: backend } = before;
  const idsOf = (some: readonly ServerStep[]): readonly string[] => some.map(({ name }) => `${backend}/${name}`);
  const left = steps.filter(({ becomes }) => !becomes);
  const reached = after ?? partway(before, steps);
  return {
    ins: steps.flatMap(({ ins }) => ins),
    outs: steps.flatMap(({ outs }) => outs),
    leaving: left.map(({ name }) => ({ backend, name, server: before.servers.get(name) })),
    returning: idsOf(steps.filter(({ isReturning }) => isReturning)),
    clinging: idsOf(steps.filter(({ isClinging }) => isClinging)),
    reached,
    isWhole: after !== undefined,
    effort: effortOf(commandsOf(steps), before, reached),
    obstacle: undefined,
  };
}

function partway(before: ProxyBackend, steps: readonly ServerStep[]): ProxyBackend {
  const servers = new Map(before.servers);
  for (const { name, becomes } of steps) {
    if (becomes) servers.set(name, becomes);
    else servers.delete(name);
  }
  return { ...before, servers };
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
 * Only where others stay, only addresses that serve the backend no more, since what is still alive must not be missed,
 * only where that ends no request, and no more than a turn has time for, since the reload does the rest.
 */
function retire(
  before: ProxyBackend,
  after: ProxyBackend,
  context: ChangeContext,
  allowance: Allowance,
  obstacle: string,
): ServerChanges {
  const outs: string[] = [];
  let isWhole = true;
  const going = [...before.servers.values()].filter(({ name, isDisabled }) => !isDisabled && !after.servers.has(name));
  const stays = [...before.servers.values()].some(
    ({ name, host, isDisabled }) => !isDisabled && !isSocket(host) && after.servers.has(name),
  );
  const servers = new Map(before.servers);
  if (going.length > 0 && stays && isPlainName(before.name)) {
    const most = commandsIn(allowance, before, after, context.pace);
    const addresses = new Set([...after.servers.values()].map(targetOf));
    for (const server of going) {
      if (outs.length >= most) {
        isWhole = false;
        break;
      }
      if (addresses.has(targetOf(server)) || !isPlainName(server.name)) continue;
      const commands = takeOutOf(before, server, context);
      if (commands === undefined) continue;
      outs.push(...commands);
      servers.set(server.name, { ...server, isDisabled: true });
    }
  }
  const reached = outs.length === 0 ? before : { ...before, servers };
  const effort = effortOf(outs.length, before, reached);
  const none = { ins: [], leaving: [], returning: [], clinging: [], wholeMs: 0 };
  return { ...none, outs, reached, isWhole, effort, obstacle };
}
