import { familyOf, isLinkLocal, isLoopback, isUnspecified } from "../host/advertise.js";
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
  if (network !== undefined) return inNetwork(network, port, container);
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

/** The name under which a container is in the network that somebody wants; undefined when it is not. */
export function networkOf({ networks, labels }: Container, wanted: string): string | undefined {
  const names = Object.keys(networks).filter((name) => wanted !== "auto" || name !== INGRESS);
  // Compose puts its project before the name that is written in the file.
  const composed = `${labels["com.docker.compose.project"] ?? ""}_${wanted}`;
  if (wanted === "auto" && !names.includes("auto")) return names[0];
  return names.find((one) => one === wanted || one === composed);
}

function inNetwork(wanted: string, { port, config }: ChosenPort, container: Container): Endpoint | Objection {
  const { networks } = container;
  const names = Object.keys(networks);
  const name = networkOf(container, wanted);
  const choices = names.filter((each) => each !== INGRESS);
  if (wanted === "auto" && choices.length > 1) {
    return objection(
      "ambiguous-network",
      `It is in the networks ${choices.join(", ")}; name one by label hecd.network`,
    );
  }
  const addresses = name === undefined ? undefined : networks[name];
  if (!addresses) {
    const present = names.length === 0 ? "in none" : `in ${names.join(", ")}`;
    return objection(
      "not-in-network",
      `It has no address in network ${quote(wanted)}; it is ${present}: connect it (docker network connect), or name another one by label hecd.network`,
    );
  }
  const { ipv4, ipv6 } = addresses;
  const all = config.ip !== undefined ? [config.ip] : [ipv4, ipv6].filter((ip) => ip !== undefined);
  return firstOf(all.map((ip) => ({ ip, port })));
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
