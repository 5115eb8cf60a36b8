import { type Instance, parseInstance } from "../model/instance.js";
import { SERVICES } from "../model/keys.js";
import type { Snapshot } from "../model/snapshot.js";
import type { Server, Service } from "./server.js";
import type { SteeredService } from "./steered-service.js";
import { steeredServicesOf } from "./steered-view.js";
import type { View } from "./view.js";

/** What a person sees of the registered services: besides what serves, what is registered and does not. */
export interface ServiceList extends Pick<View, "leftOut"> {
  /** By name. */
  readonly services: readonly ListedService[];
}

/** A service as templates see it, with those of its servers that they do not see. */
export interface ListedService extends Omit<Service, "servers"> {
  /** By name. */
  readonly servers: readonly ListedServer[];
  /** What its keys of steering come to, in words; absent where there are none. */
  readonly steering?: readonly string[];
  /** By name. */
  readonly resting: readonly RestingServer[];
}

/** A server as templates see it. */
interface ListedServer extends Server {
  /** What of it is so by keys of steering, in words; absent where nothing is. */
  readonly steered?: string;
}

/** A server that is registered and gets no new work. */
export interface RestingServer extends Pick<Server, "name" | "container" | "addr" | "weight" | "backup"> {
  readonly state: Exclude<Instance["state"], "up">;
  /** Why, in a word, as far as its record tells: `drained` by somebody, its service in `maintenance`, `stopping`. */
  readonly why?: "drained" | "maintenance" | "stopping";
}

/** Reads the services of a snapshot as `steeredServicesOf` does, and the records of servers that are not up. */
export function serviceListOf(snapshot: Snapshot): ServiceList {
  const { services, leftOut, steering } = steeredServicesOf(snapshot);
  const refused = new Set(leftOut.map(({ key }) => key));
  const resting = new Map<string, RestingServer[]>();
  for (const [key, value] of snapshot.entries) {
    const instance = key.startsWith(`${SERVICES}/`) && !refused.has(key) ? parseInstance(value) : undefined;
    if (!instance || "refused" in instance || instance.state === "up") continue;
    resting.set(instance.service, [...(resting.get(instance.service) ?? []), restingOf(instance, instance.state)]);
  }
  return {
    services: services.map((service) => ({
      ...withWords(service, steering.get(service.name)),
      resting: without(service, resting.get(service.name) ?? []),
    })),
    leftOut,
  };
}

function withWords(service: Service, steered: SteeredService | undefined): Omit<ListedService, "resting"> {
  if (!steered) return service;
  const servers = service.servers.map((server): ListedServer => {
    const because = steered.because.get(server.name) ?? "";
    return because === "" ? server : { ...server, steered: because };
  });
  return { ...service, servers, ...(steered.words.length > 0 && { steering: steered.words }) };
}

/** An address is handed on from a container that has ended to a new one, which is the one that counts. */
function without({ servers }: Service, resting: readonly RestingServer[]): readonly RestingServer[] {
  const taken = new Set(servers.map(({ addr }) => addr));
  return resting.filter(({ addr }) => !taken.has(addr)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function restingOf(instance: Instance, state: RestingServer["state"]): RestingServer {
  const { name, addr, weight, backup, drained, maintenance, stopping } = instance;
  const why = maintenance ? "maintenance" : drained ? "drained" : stopping ? "stopping" : undefined;
  return { name: `${name}:${addr}`, container: name, addr, weight, backup, state, ...(why && { why }) };
}
