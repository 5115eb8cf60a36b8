import { canonicalAddress, isAddress } from "../config/address.js";
import type { BackendServer } from "../config/backends.js";
import type { Model } from "../config/model.js";
import type { RetiringServer } from "./changes.js";
import { concernsOf } from "./server-words.js";

/** A server as it runs. */
export interface RunningServer {
  readonly backend: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly weight: number;
  readonly admin: "ready" | "maint" | "drain";
}

const MAINT = 1;
const DRAIN = 8;

/** Reads the rows of one or more answers to `show servers state`. */
export function parseServersState(rows: readonly string[]): readonly RunningServer[] {
  let columns: readonly string[] = [];
  const servers: RunningServer[] = [];
  for (const row of rows) {
    if (row.startsWith("# ")) {
      columns = row.slice(2).split(" ");
      continue;
    }
    const fields = row.split(" ");
    const field = (name: string): string => fields[columns.indexOf(name)] ?? "";
    const admin = Number(field("srv_admin_state"));
    servers.push({
      backend: field("be_name"),
      name: field("srv_name"),
      host: field("srv_addr"),
      port: Number(field("srv_port")),
      weight: Number(field("srv_uweight")),
      admin: admin & MAINT ? "maint" : admin & DRAIN ? "drain" : "ready",
    });
  }
  return servers;
}

/** How what runs differs from what a configuration says. */
export interface Comparison {
  /** In words; empty when they agree. */
  readonly differences: readonly string[];
  /** The same configuration with its servers as they run. */
  readonly actual: Model;
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
  const backends = new Map(model.backends);
  for (const name of only) {
    const backend = model.backends.get(name);
    if (!backend?.isComplete) continue;
    const present = byPool.get(name) ?? new Map<string, RunningServer>();
    const servers = new Map<string, BackendServer>();
    for (const server of backend.servers.values()) {
      const actual = present.get(server.name);
      if (!actual) differences.push(`${name}/${server.name} is missing`);
      else {
        const as = differencesOf(server, actual);
        differences.push(...as.map((words) => `${name}/${server.name} ${words}`));
        servers.set(server.name, as.length === 0 ? server : asItRuns(server, actual));
      }
    }
    for (const { name: stray, admin, ...rest } of present.values()) {
      if (backend.servers.has(stray)) continue;
      if (admin !== "ready") strays.push({ backend: name, name: stray, server: undefined });
      else {
        differences.push(`${name}/${stray} is in no file`);
        servers.set(stray, { ...rest, name: stray, isDisabled: false, isBackup: false, words: [], isPlain: false });
      }
    }
    backends.set(name, { ...backend, servers });
  }
  return { differences, actual: { ...model, backends }, strays };
}

function differencesOf(server: BackendServer, actual: RunningServer): readonly string[] {
  const differences: string[] = [];
  // A name is resolved by HAProxy itself, an agent may set weight and state, a tracked server does as the other one.
  const isOurs = server.isPlain && !server.words.some((word) => NOT_OURS.has(word));
  if (!isOurs || !isAddress(server.host) || server.port === 0) return [];
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

const NOT_OURS: ReadonlySet<string> = new Set(["agent-check", "track", "resolvers"]);

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
