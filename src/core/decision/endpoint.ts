import { familyOf, isLinkLocal, isLoopback, isUnspecified } from "../host/advertise.js";
import { type NetworkAddress, type Position, type Reach, reachOf } from "../host/vicinity.js";
import type { ServiceConfig } from "../labels/label-config.js";
import type { Container, PortBinding } from "../model/container.js";
import { type Objection, objection, quote } from "../model/reason.js";
import type { ChosenPort } from "./chosen-ports.js";
import type { DecisionContext } from "./context.js";
import { INGRESS } from "../labels/swarm-task.js";

/** Where something is reached. */
interface Place {
  readonly ip: string;
  readonly port: number;
}

/** Where a port of a container is reached; `alternative` is the same in the other family. */
export interface Endpoint extends Place {
  readonly alternative?: Place | undefined;
  /** What a person should know of it. */
  readonly note?: string | undefined;
}

/**
 * Where HAProxy reaches a port of a container: the address of label `hecd.ip`, else the one it is published on, else
 * the host's; with `network`, its own address there and its own port.
 */
export function endpointOf(port: ChosenPort, container: Container, context: DecisionContext): Endpoint | Objection {
  const { config } = port;
  if (config.ip !== undefined && isLoopback(config.ip) && !context.allowLoopback) {
    return objection("loopback-only", `Label hecd.ip is ${config.ip}, which ${LOOPBACK}`);
  }
  const network = config.network ?? context.network;
  if (container.networkMode === "host")
    return firstOf(hostAddresses(config, context).map((ip) => ({ ip, port: port.port })));
  if (network !== undefined) return inNetwork(network, port, container, context.position);
  return published(port, context);
}

/** The label's address, else those of this host. */
function hostAddresses({ ip }: ServiceConfig, { address, altAddress }: DecisionContext): readonly string[] {
  return ip !== undefined ? [ip] : [address, altAddress].filter((own) => own !== undefined);
}

function published(chosen: ChosenPort, context: DecisionContext): Endpoint | Objection {
  const { port, bindings, config } = chosen;
  const own = hostAddresses(config, context);
  const family = familyOf(own[0] ?? "0.0.0.0");
  if (config.ip !== undefined) {
    const binding = bindingBehind(bindings, family);
    return binding ? { ip: config.ip, port: binding.hostPort } : otherFamily(chosen, family);
  }
  const places = placesOf(bindings, own, context.allowLoopback);
  const main = places.find(({ ip, isOwn }) => !isOwn && familyOf(ip) === family) ?? places[0];
  if (main) return firstOf([main, ...places]);
  if (bindings.some(({ hostIp }) => isLoopback(hostIp))) {
    return objection("loopback-only", `Port ${port} is published on loopback only, which ${LOOPBACK}`);
  }
  return own.length === 0 ? noHostIp() : otherFamily(chosen, family);
}

/** Every place where one can reach a port: first those that are named, then those on all addresses, then loopback. */
function placesOf(
  bindings: readonly PortBinding[],
  own: readonly string[],
  allowLoopback: boolean,
): readonly (Place & { readonly isOwn: boolean })[] {
  const specific = bindings.filter(({ hostIp }) => !isUnspecified(hostIp) && !isLinkLocal(hostIp));
  const at = ({ hostIp, hostPort }: PortBinding) => ({ ip: hostIp, port: hostPort, isOwn: false });
  return [
    ...specific.filter(({ hostIp }) => !isLoopback(hostIp)).map(at),
    ...own.flatMap((ip) =>
      bindings
        .filter(({ hostIp }) => hostIp === "" || (isUnspecified(hostIp) && familyOf(hostIp) === familyOf(ip)))
        .map(({ hostPort }) => ({ ip, port: hostPort, isOwn: true })),
    ),
    ...(allowLoopback ? specific.filter(({ hostIp }) => isLoopback(hostIp)).map(at) : []),
  ];
}

/** What stands behind an address that somebody else gives out: a binding to one address, else to all of the family. */
function bindingBehind(bindings: readonly PortBinding[], family: 4 | 6): PortBinding | undefined {
  const specific = bindings.filter(({ hostIp }) => !isUnspecified(hostIp));
  const outside = specific.filter(({ hostIp }) => !isLoopback(hostIp));
  return (
    outside.find(({ hostIp }) => familyOf(hostIp) === family) ??
    outside[0] ??
    bindings.find(({ hostIp }) => hostIp === "" || (isUnspecified(hostIp) && familyOf(hostIp) === family)) ??
    specific[0]
  );
}

/** The address of a container in one of its networks, that of IPv4 where there is one; undefined where it has none there. */
export function addressIn({ networks }: Container, network: string): NetworkAddress | undefined {
  const { ipv4, ipv6, id, gateways = [] } = networks[network] ?? {};
  const ip = ipv4 ?? ipv6;
  return ip === undefined ? undefined : { ip, network, id, gateways };
}

/**
 * The networks of a container that somebody may mean by `wanted`: the one of that name, as the engine or as its Compose
 * file has it; none where it is in no such one.
 *
 * By `auto` those of which this agent knows the way, since HAProxy is most often where it is too, else all. No address
 * in swarm's ingress network is a server's.
 */
export function networksMeant(container: Container, wanted: string, position: Position): readonly string[] {
  const { networks, labels } = container;
  const names = Object.keys(networks);
  if (isForAgentToChoose(container, wanted)) {
    const usable = names.filter((name) => name !== INGRESS);
    const near = usable.filter((name) => reachIn(container, name, position) === "near");
    return near.length > 0 ? near : usable;
  }
  // Compose puts its project before the name that is written in the file.
  const composed = `${labels["com.docker.compose.project"] ?? ""}_${wanted}`;
  return names.filter((one) => one === wanted || one === composed).slice(0, 1);
}

/** Docker lets a network be called so as well. */
function isForAgentToChoose({ networks }: Container, wanted: string): boolean {
  return wanted === "auto" && networks["auto"] === undefined;
}

function inNetwork(
  wanted: string,
  { port, config }: ChosenPort,
  container: Container,
  position: Position,
): Endpoint | Objection {
  const { networks } = container;
  const [name, ...others] = networksMeant(container, wanted, position);
  if (name === undefined) {
    const names = Object.keys(networks);
    const present = names.length === 0 ? "in none" : `in ${names.join(", ")}`;
    return objection(
      "not-in-network",
      `It has no address in network ${quote(wanted)}; it is ${present}: connect it (docker network connect), or name another one by label hecd.network`,
    );
  }
  const isApart = isForAgentToChoose(container, wanted) && reachIn(container, name, position) === "apart";
  if (others.length > 0) {
    const choice = isApart
      ? ", and nothing leads to any of them from where this agent runs; name the one that HAProxy is in"
      : "; name one";
    return objection(
      "ambiguous-network",
      `It is in the networks ${[name, ...others].join(", ")}${choice} by label hecd.network`,
    );
  }
  if (config.ip !== undefined) return firstOf([{ ip: config.ip, port }]);
  const { ipv4, ipv6 } = networks[name] ?? {};
  const endpoint = firstOf([ipv4, ipv6].filter((ip) => ip !== undefined).map((ip) => ({ ip, port })));
  return isApart && "ip" in endpoint ? { ...endpoint, note: apartNote(name) } : endpoint;
}

function reachIn(container: Container, network: string, position: Position): Reach | undefined {
  const address = addressIn(container, network);
  return address && reachOf(address, position);
}

function apartNote(network: string): string {
  return `It is registered in network ${network}, the only one that auto can mean, and nothing leads there from where this agent runs: where HAProxy reaches it all the same, name that network by label hecd.network; else connect it to one that HAProxy is in (docker network connect)`;
}

/** The first place, with the first one of the other family beside it. */
function firstOf(places: readonly Place[]): Endpoint | Objection {
  const [first] = places;
  if (!first) return noHostIp();
  const { ip, port } = first;
  const other = places.find((place) => familyOf(place.ip) !== familyOf(ip) && !isLoopback(place.ip));
  return { ip, port, ...(other ? { alternative: { ip: other.ip, port: other.port } } : {}) };
}

const LOOPBACK =
  "HAProxy reaches on this host alone; publish it on another address, or allow that with --allow-loopback";

function otherFamily({ port, routed = [] }: ChosenPort, family: 4 | 6): Objection {
  const other = family === 4 ? 6 : 4;
  if (routed.includes(family)) {
    return objection(
      "no-host-ip",
      `Port ${port} is published on IPv${other} only, since its network is routed in IPv${family}, where no port of this host leads into it; name that network by label hecd.network, or advertise an IPv${other} address by --advertise-alt or label hecd.ip`,
    );
  }
  return objection(
    "no-host-ip",
    `Port ${port} is published on IPv${other} only, which is not the family of the advertised address; set --advertise-alt or label hecd.ip`,
  );
}

function noHostIp(): Objection {
  return objection(
    "no-host-ip",
    "No address of this host is known; set --advertise to the IP or interface HAProxy reaches",
  );
}
