import { familyOf, isLoopback, isUnspecified } from "./advertise.js";
import type { Container, ContainerPort, PortBinding } from "./container.js";
import type { Facts } from "./facts.js";
import { type Objection, objection } from "./reason.js";
import type { Wishes } from "./wishes.js";

/** Where a container is reached. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
  readonly targetPort: number;
}

/** Where HAProxy reaches a container, by its network and the ports it publishes. */
export function endpointOf(container: Container, wishes: Wishes, facts: Facts): Endpoint | Objection {
  const { networkMode } = container;
  if (networkMode === "none") return objection("network-not-supported", "It has no network (--network none)");
  if (networkMode.startsWith("container:")) {
    return objection(
      "network-not-supported",
      "It lives in the network of another container; publish the port there and register that one",
    );
  }
  return networkMode === "host"
    ? hostNetworkEndpoint(container, wishes, facts)
    : publishedEndpoint(container, wishes, facts);
}

function hostNetworkEndpoint(container: Container, wishes: Wishes, facts: Facts): Endpoint | Objection {
  const exposed = tcpPortsOf(container).map(({ port }) => port);
  const port = wishes.ports[0]?.port ?? (exposed.includes(facts.containerPort ?? 0) ? facts.containerPort : exposed[0]);
  if (port === undefined) {
    return objection(
      "host-network-needs-port",
      "It uses the host's network, where nothing is published: name its port by label hecd.port",
    );
  }
  const ip = wishes.ip ?? facts.address;
  return ip === undefined ? noHostIp() : { ip, port, targetPort: port };
}

function publishedEndpoint(container: Container, wishes: Wishes, facts: Facts): Endpoint | Objection {
  const port = publishedPortOf(container, wishes, facts);
  if ("reason" in port) return port;
  const own = wishes.ip ?? facts.address;
  if (own === undefined && port.bindings.every(({ hostIp }) => isUnspecified(hostIp))) return noHostIp();
  const binding = bindingOf(port.bindings, familyOf(own ?? "0.0.0.0"));
  if (!binding) return otherFamily(port.port, own);
  const at = (ip: string): Endpoint => ({ ip, port: binding.hostPort, targetPort: port.port });
  if (wishes.ip !== undefined) return at(wishes.ip);
  if (isUnspecified(binding.hostIp)) return own === undefined ? noHostIp() : at(own);
  if (isLoopback(binding.hostIp) && !facts.allowLoopback) {
    return objection(
      "loopback-only",
      `Port ${port.port} is published on ${binding.hostIp} only, which HAProxy reaches on this host alone; allow that with --allow-loopback`,
    );
  }
  return at(binding.hostIp);
}

/** The port that is meant: the label's, the preferred one, else the lowest; SSH only when there is nothing else. */
function publishedPortOf(container: Container, wishes: Wishes, facts: Facts): ContainerPort | Objection {
  const published = tcpPortsOf(container).filter(({ bindings }) => bindings.length > 0);
  const list = published.map(({ port }) => port).join(", ");
  const named = wishes.ports[0]?.port;
  const wanted = named ?? facts.containerPort;
  const match = published.find(({ port }) => port === wanted);
  if (match) return match;
  if (named !== undefined) {
    const instead = published.length === 0 ? "nothing is" : `${list} ${published.length === 1 ? "is" : "are"}`;
    return objection("port-not-mapped", `Label hecd.port says ${named}, which is not published; ${instead}`);
  }
  const first = published.find(({ port }) => port !== 22) ?? published[0];
  if (!first) {
    const udp = container.ports.some(({ protocol, bindings }) => protocol === "udp" && bindings.length > 0);
    return objection(
      "no-published-port",
      `It publishes no TCP port${udp ? ", only UDP" : ""}; start it with -P or -p to have it registered`,
    );
  }
  if (wanted !== undefined && published.length > 1) {
    return objection("ambiguous-port", `It publishes ${list} but not ${wanted}; name one by label hecd.port`);
  }
  return first;
}

/** A binding to one address others can reach, else one to all addresses of the right family, else what there is. */
function bindingOf(bindings: readonly PortBinding[], family: 4 | 6): PortBinding | undefined {
  const specific = bindings.filter(({ hostIp }) => !isUnspecified(hostIp));
  const outside = specific.filter(({ hostIp }) => !isLoopback(hostIp));
  return (
    outside.find(({ hostIp }) => familyOf(hostIp) === family) ??
    outside[0] ??
    bindings.find(({ hostIp }) => hostIp === "") ??
    bindings.find(({ hostIp }) => isUnspecified(hostIp) && familyOf(hostIp) === family) ??
    specific[0]
  );
}

function otherFamily(port: number, own: string | undefined): Objection {
  const here = own === undefined || familyOf(own) === 4 ? "IPv6" : "IPv4";
  return objection(
    "no-host-ip",
    `Port ${port} is published on ${here} only, which is not the family of the advertised address; set --advertise or label hecd.ip`,
  );
}

function tcpPortsOf({ ports }: Container): readonly ContainerPort[] {
  return ports.filter(({ protocol }) => protocol === "tcp").sort((a, b) => a.port - b.port);
}

function noHostIp(): Objection {
  return objection(
    "no-host-ip",
    "No address of this host is known; set --advertise to the IP or interface HAProxy reaches",
  );
}
