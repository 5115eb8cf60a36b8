import { canonicalAddress, isAddress } from "../config/address.js";
import type { BackendServer } from "../config/backends.js";
import type { Model } from "../config/model.js";
import type { RetiringServer } from "./server-steps.js";
import type { Remedy } from "./remedies.js";
import { concernsOf } from "./server-words.js";

/** A server as it runs. */
export interface RunningServer {
  readonly backend: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly weight: number;
  readonly admin: "ready" | "maint" | "drain";
  /** Whether it gets no requests, whoever says so. */
  readonly isDown: boolean;
  /** Whether it has checks, and they are turned off. */
  readonly isUnchecked: boolean;
  /** Whether it has an agent, and that is turned off. */
  readonly isAgentOff: boolean;
}

// Bits of `srv_admin_state`.
const MAINT = 1;
const DRAIN = 8;

/** The value of `srv_op_state` of a server that gets no requests. */
export const STOPPED = "0";

// Bits of `srv_check_state` and `srv_agent_state`.
const CONFIGURED = 2;
const ENABLED = 4;

/** Reads the rows of one or more answers to `show servers state`. */
export function parseServersState(rows: readonly string[]): readonly RunningServer[] {
  let read = readerOf("");
  const servers: RunningServer[] = [];
  for (const row of rows) {
    if (row.startsWith("# ")) read = readerOf(row.slice(2));
    else servers.push(read(row));
  }
  return servers;
}

/** Reads the fields of a row below these titles. */
function readerOf(titles: string): (row: string) => RunningServer {
  const all = titles.split(" ");
  const places = TITLES.map((title) => all.indexOf(title));
  const [backend, name, host, port, weight, admin, op, check, agent] = places;
  const most = Math.max(...places) + 1;
  return (row) => {
    const fields = row.split(" ", most);
    const field = (at: number | undefined): string => fields[at ?? -1] ?? "";
    const bits = Number(field(admin));
    return {
      backend: field(backend),
      name: field(name),
      host: field(host),
      port: Number(field(port)),
      weight: Number(field(weight)),
      admin: bits & MAINT ? "maint" : bits & DRAIN ? "drain" : "ready",
      isDown: field(op) === STOPPED,
      isUnchecked: isOff(field(check)),
      isAgentOff: isOff(field(agent)),
    };
  };
}

/** What of each server is read. */
const TITLES = [
  ...["be_name", "srv_name", "srv_addr", "srv_port", "srv_uweight"],
  ...["srv_admin_state", "srv_op_state", "srv_check_state", "srv_agent_state"],
];

function isOff(checkState: string): boolean {
  return (Number(checkState) & (CONFIGURED | ENABLED)) === CONFIGURED;
}

/** How what runs differs from what a configuration says. */
export interface Comparison {
  /** In words, the server first as `backend/server`; empty when they agree. */
  readonly differences: readonly string[];
  /** The same configuration with its servers as they run, as far as a configuration can say it. */
  readonly actual: Model;
  /** What leads back in what no configuration says. */
  readonly remedies: readonly Remedy[];
  /** Servers that are out and that the configuration does not name. */
  readonly strays: readonly RetiringServer[];
}

/** Compares what runs with a configuration: all of it, or the named backends alone. */
export function compare(
  model: Model,
  running: readonly RunningServer[],
  only: readonly string[] = [...model.backends.keys()],
): Comparison {
  const byPool = new Map<string, Map<string, RunningServer>>();
  for (const server of running) {
    const servers = byPool.get(server.backend) ?? new Map<string, RunningServer>();
    byPool.set(server.backend, servers.set(server.name, server));
  }
  const differences: string[] = [];
  const strays: RetiringServer[] = [];
  const remedies: Remedy[] = [];
  const backends = new Map(model.backends);
  for (const name of only) {
    const backend = model.backends.get(name);
    if (!backend?.isComplete) continue;
    const present = byPool.get(name) ?? new Map<string, RunningServer>();
    // As it runs, where that is something else: the one of thousands of servers that has moved is no reason to copy all.
    let servers: Map<string, BackendServer> | undefined;
    const others = (): Map<string, BackendServer> => (servers ??= new Map(backend.servers));
    for (const server of backend.servers.values()) {
      const actual = present.get(server.name);
      if (!actual) {
        differences.push(`${name}/${server.name} is missing`);
        others().delete(server.name);
      } else {
        const as = differencesOf(server, actual);
        differences.push(...as.map((words) => `${name}/${server.name} ${words}`));
        if (as.length > 0) others().set(server.name, asItRuns(server, actual));
        for (const { words, command } of neglectsOf(server, actual)) {
          differences.push(`${name}/${server.name} ${words}`);
          remedies.push({ backend: name, command: command(`${name}/${server.name}`) });
        }
      }
    }
    for (const { name: stray, admin, host, port, weight } of present.values()) {
      if (backend.servers.has(stray)) continue;
      if (admin !== "ready") strays.push({ backend: name, name: stray, server: undefined });
      else {
        differences.push(`${name}/${stray} is in no file`);
        const unknown = { isDisabled: false, isBackup: false, words: [], isPlain: false };
        others().set(stray, { name: stray, host, port, weight, ...unknown });
      }
    }
    if (servers) backends.set(name, { ...backend, servers });
  }
  return { differences, actual: { ...model, backends }, remedies, strays };
}

function differencesOf(server: BackendServer, actual: RunningServer): readonly string[] {
  if (isTheSame(server, actual) || !isOurs(server)) return NO_DIFFERENCES;
  const differences: string[] = [];
  if (canonicalAddress(server.host) !== canonicalAddress(actual.host) || server.port !== actual.port) {
    differences.push(`is at ${actual.host}:${actual.port}`);
  }
  if (server.weight !== actual.weight) differences.push(`has weight ${actual.weight}`);
  // Maintenance would end its requests, so it is drained instead.
  const isDrained = actual.admin === "drain" && concernsOf(server.words).has("ends-requests");
  const isRight = server.isDisabled ? actual.admin === "maint" || isDrained : actual.admin === "ready";
  if (!isRight) differences.push(`is in state ${actual.admin}`);
  return differences;
}

/** Whether nothing differs at a glance, which is so of nearly all. */
function isTheSame({ host, port, weight, isDisabled }: BackendServer, actual: RunningServer): boolean {
  const isAt = host === actual.host && port === actual.port;
  return isAt && weight === actual.weight && actual.admin === (isDisabled ? "maint" : "ready");
}

const NO_DIFFERENCES: readonly string[] = [];

/** A name is resolved by HAProxy itself, an agent may set weight and state, a tracking server does as the other one. */
export function isOurs({ isPlain, words, host, port }: BackendServer): boolean {
  return isPlain && isAddress(host) && port !== 0 && !words.some((word) => NOT_OURS.has(word));
}

const NOT_OURS: ReadonlySet<string> = new Set(["agent-check", "track", "resolvers"]);

/** In what a server that should serve is not what a fresh one would be, apart from what a configuration says. */
function neglectsOf({ isPlain, isDisabled, words }: BackendServer, actual: RunningServer): readonly Neglect[] {
  if (!(actual.isUnchecked || actual.isAgentOff || actual.isDown)) return NONE;
  if (!isPlain || isDisabled || actual.admin !== "ready") return NONE;
  const isAlone = !words.some((word) => DECIDERS.has(word));
  return [
    ...(actual.isUnchecked ? [UNCHECKED] : []),
    ...(actual.isAgentOff ? [AGENT_OFF] : []),
    ...(actual.isDown && isAlone ? [DOWN] : []),
  ];
}

interface Neglect {
  readonly words: string;
  readonly command: (id: string) => string;
}

const NONE: readonly Neglect[] = [];
const UNCHECKED: Neglect = { words: "has its checks turned off", command: (id) => `enable health ${id}` };
const AGENT_OFF: Neglect = { words: "has its agent turned off", command: (id) => `enable agent ${id}` };
const DOWN: Neglect = { words: "is down, and nothing checks it", command: (id) => `set server ${id} health up` };

/** Words that let somebody else decide whether a server is up. */
const DECIDERS: ReadonlySet<string> = new Set(["check", "agent-check", "track", "resolvers"]);

/** A state of its own, so that leading it back is a step; `drain` is neither here nor there, so it counts as disabled. */
function asItRuns(server: BackendServer, { host, port, weight, admin }: RunningServer): BackendServer {
  return {
    ...server,
    host,
    port,
    weight,
    isDisabled: admin === "ready" ? false : admin === "maint" || !server.isDisabled,
  };
}
