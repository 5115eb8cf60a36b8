import type { PortConfig, ServiceConfig, LabelConfig } from "../labels/label-config.js";
import type { Container, ContainerPort } from "../model/container.js";
import { type Objection, objection } from "../model/reason.js";
import type { Policy } from "./context.js";
import { INGRESS, taskOf } from "../labels/swarm-task.js";

/** A port of a container that is to be registered, with all that is wished for it; a name only if that is its own. */
export interface ChosenPort extends ContainerPort {
  readonly protocol: "tcp" | "udp";
  readonly config: ServiceConfig;
}

/** The ports of a container that are to be registered, the primary one first. */
export function chosenPorts(
  container: Container,
  config: LabelConfig,
  policy: Policy,
): readonly ChosenPort[] | Objection {
  const named = namedPorts(container, config, policy);
  if ("reason" in named) return named;
  if (named.length > policy.maxPorts) {
    return objection(
      "too-many-ports",
      `It asks for ${named.length} ports, and ${policy.maxPorts} are allowed; name fewer, or raise --max-ports`,
    );
  }
  if (named.length > 0) return primaryFirst(named, config.primaryPort ?? policy.containerPort);
  const port = defaultPort(container, config, policy);
  return "reason" in port ? port : [{ ...port, protocol: "tcp", config: { ...config, name: undefined } }];
}

/** Whether a container is reached at its own ports, published or not. */
function isReachedDirectly({ networkMode }: Container, { network }: ServiceConfig, policy: Policy): boolean {
  return networkMode === "host" || (network ?? policy.network) !== undefined;
}

function namedPorts(container: Container, { ports }: LabelConfig, policy: Policy): readonly ChosenPort[] | Objection {
  const chosen = new Map<string, ChosenPort>();
  for (const config of ports) {
    const found = portsFor(config, container, isReachedDirectly(container, config, policy));
    if (found.length === 0 && !config.dispensable) return notMapped(config, container);
    for (const port of found) chosen.set(`${port.port}/${port.protocol}`, { ...port, config });
  }
  return [...chosen.values()];
}

/** The ports of a container that a name means: of both protocols where it has both, of TCP where it has none. */
function portsFor(
  { port, protocol }: PortConfig,
  { ports }: Container,
  directly: boolean,
): readonly Omit<ChosenPort, "config">[] {
  const found = ports.flatMap((one) =>
    one.port === port &&
    one.protocol !== "sctp" &&
    one.protocol === (protocol ?? one.protocol) &&
    (directly || one.bindings.length > 0)
      ? [{ ...one, protocol: one.protocol }]
      : [],
  );
  return found.length === 0 && directly ? [{ port, protocol: protocol ?? "tcp", bindings: [] }] : found;
}

/** The lowest TCP port first, unless a person prefers another one. */
function primaryFirst(ports: readonly ChosenPort[], preferred: number | undefined): readonly ChosenPort[] {
  const rank = ({ port, protocol }: ChosenPort): number => (protocol === "udp" ? 2 : port === preferred ? 0 : 1);
  return [...ports].sort((a, b) => rank(a) - rank(b) || a.port - b.port);
}

/** The port of a container that names none: the preferred one, else the lowest; SSH only when there is nothing else. */
function defaultPort(container: Container, config: LabelConfig, policy: Policy): ContainerPort | Objection {
  const directly = isReachedDirectly(container, config, policy);
  const open = container.ports
    .filter(({ port, protocol }) => protocol === "tcp" && !config.exceptPorts.includes(port))
    .filter(({ bindings }) => directly || bindings.length > 0)
    .sort((a, b) => a.port - b.port);
  const preferred = open.find(({ port }) => port === policy.containerPort);
  const first = preferred ?? open.find(({ port }) => port !== 22) ?? open[0];
  if (!first) return directly ? needsPort(container) : nothingPublished(container);
  if (!directly && policy.containerPort !== undefined && !preferred && open.length > 1) {
    const list = open.map(({ port }) => port).join(", ");
    return objection(
      "ambiguous-port",
      `It publishes ${list} but not ${policy.containerPort}; name one by label hecd.port`,
    );
  }
  return first;
}

function notMapped({ port, protocol, namedBy }: PortConfig, { ports }: Container): Objection {
  const published = ports.filter(({ bindings }) => bindings.length > 0).map((one) => `${one.port}/${one.protocol}`);
  const instead =
    published.length === 0 ? "nothing is" : `${published.join(", ")} ${published.length === 1 ? "is" : "are"}`;
  const named = `${port}${protocol === "udp" ? "/udp" : ""}`;
  return objection(
    "port-not-mapped",
    `${namedBy} names port ${named}, which is not published; ${instead}: publish it too (-p ${named}), or name another one`,
  );
}

function needsPort({ networkMode }: Container): Objection {
  return networkMode === "host"
    ? objection(
        "host-network-needs-port",
        "It uses the host's network, where nothing is published: name its port by label hecd.port",
      )
    : objection("needs-port", "Its image exposes no TCP port: name the port it listens on by label hecd.port");
}

function nothingPublished(container: Container): Objection {
  const { ports, networks } = container;
  if (taskOf(container) && INGRESS in networks) {
    return objection(
      "no-published-port",
      "It is published through swarm's ingress network, by which every node leads to every task; publish it with mode=host (--publish mode=host,target=PORT; in Compose ports: with mode: host)",
    );
  }
  if (container.asksToPublish === true && !ports.some(({ bindings }) => bindings.length > 0)) {
    return objection(
      "no-published-port",
      "It was started with -P or -p, but no port of this host leads into its network, as it is with internal, macvlan, ipvlan and routed ones; name the network in which HAProxy reaches it by label hecd.network, or connect it to another one",
    );
  }
  const udp = ports.some(({ protocol, bindings }) => protocol === "udp" && bindings.length > 0);
  return objection(
    "no-published-port",
    udp
      ? "It publishes UDP ports only; name them by label hecd.ports, such as hecd.ports=53/udp"
      : "It publishes no TCP port; start it with -P or -p, or name the network in which HAProxy reaches it by label hecd.network",
  );
}
