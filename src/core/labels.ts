import { z } from "zod";
import { familyOf, isLoopback, isUnspecified } from "./advertise.js";
import type { Container, ContainerPort, PortBinding } from "./container.js";
import { formatAddress, HOST_NAME, type Instance, NAME, PATH_PREFIX } from "./instance.js";
import { defaultService } from "./keys.js";

/** What a decision depends on besides the container. */
export interface Facts {
  readonly hostId: string;
  /** Of the simple keys; its last part is the service of a container without a service label. */
  readonly prefix: string;
  /** The container port to prefer among several; the lowest when undefined. */
  readonly containerPort: number | undefined;
  /** The address of this host; undefined while there is none. */
  readonly address: string | undefined;
  /** Whether ports that are published on loopback only are registered too. */
  readonly allowLoopback: boolean;
}

/** Why a container is not registered, for programs. */
export type Reason =
  | "not-running"
  | "paused"
  | "starting"
  | "unhealthy"
  | "disabled"
  | "invalid-label"
  | "invalid-name"
  | "no-published-port"
  | "port-not-mapped"
  | "ambiguous-port"
  | "loopback-only"
  | "host-network-needs-port"
  | "network-not-supported"
  | "no-host-ip"
  | "key-conflict";

/** What becomes of a container: an instance, or a reason with a sentence for the person who wonders. */
export type Decision = { readonly instance: Instance } | Skipped;

/** The decision against registering a container. */
export interface Skipped {
  readonly reason: Reason;
  readonly advice: string;
}

/** Where a container is reached. */
interface Endpoint {
  readonly ip: string;
  readonly port: number;
  readonly targetPort: number;
}

/** Decides on one container by itself. Never throws: everything in a label is somebody else's text. */
export function instanceOf(container: Container, facts: Facts): Decision {
  const labels = readLabels(container.labels);
  if ("reason" in labels) return labels;
  const obstacle = obstacleOf(container, labels);
  if (obstacle) return obstacle;
  const endpoint = endpointOf(container, labels, facts);
  if ("reason" in endpoint) return endpoint;
  const { ip, port, targetPort } = endpoint;
  const http =
    labels.hosts || labels.paths ? { http: { hosts: labels.hosts ?? [], paths: labels.paths ?? [] } } : undefined;
  return {
    instance: {
      v: 1,
      id: `${facts.hostId}:${container.name}:${targetPort}`,
      name: labels.name ?? container.name,
      service: labels.service ?? defaultService(facts.prefix),
      host: facts.hostId,
      addr: formatAddress(ip, port),
      ip,
      port,
      family: familyOf(ip),
      proto: "tcp",
      targetPort,
      state: "up",
      health: container.health,
      weight: labels.weight ?? 100,
      backup: labels.backup ?? false,
      ...http,
      container: { id: shortId(container.id), image: container.image.slice(0, 512), startedAt: container.startedAt },
    },
  };
}

/** A container's id as people see it. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

/** Every label we know, with what its value must be. */
const LABELS = {
  enable: { key: "hecd.enable", schema: z.stringbool({ truthy: ["true"], falsy: ["false"] }), form: "true or false" },
  service: { key: "hecd.service", schema: z.string().regex(NAME), form: "a name: letters, digits, '_', '.', '-'" },
  name: { key: "hecd.name", schema: z.string().regex(NAME), form: "a name: letters, digits, '_', '.', '-'" },
  port: { key: "hecd.port", schema: wholeNumber(1, 65_535), form: "a port of the container, 1 to 65535" },
  ip: {
    key: "hecd.ip",
    schema: z.union([z.ipv4(), z.ipv6()]).refine((ip) => !isUnspecified(ip)),
    form: "an IP address",
  },
  weight: { key: "hecd.weight", schema: wholeNumber(0, 256), form: "a whole number, 0 to 256" },
  backup: { key: "hecd.backup", schema: z.stringbool({ truthy: ["true"], falsy: ["false"] }), form: "true or false" },
  hosts: { key: "hecd.http.host", schema: commaList(HOST_NAME), form: "host names, separated by commas" },
  paths: { key: "hecd.http.path", schema: commaList(PATH_PREFIX), form: "paths such as /shop, separated by commas" },
} as const;

type Labels = { readonly [Name in keyof typeof LABELS]?: z.output<(typeof LABELS)[Name]["schema"]> };

function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^[0-9]{1,5}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

function commaList(item: RegExp) {
  return z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .pipe(z.array(z.string().regex(item)).min(1).max(64));
}

/** All labels or none: a container is never registered by half of what its labels say. */
function readLabels(labels: Container["labels"]): Labels | Skipped {
  const read: Record<string, unknown> = {}; // each value goes through the schema of its name, which is what `Labels` says
  for (const [name, { key, schema, form }] of Object.entries(LABELS)) {
    const text = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (text === undefined) continue;
    const parsed = schema.safeParse(text);
    if (!parsed.success) return skipped("invalid-label", `Label ${key} must be ${form}, not ${quote(text)}`);
    read[name] = parsed.data;
  }
  return read;
}

/** What keeps a container from being registered wherever it may listen. */
function obstacleOf(container: Container, labels: Labels): Skipped | undefined {
  if (labels.enable === false) return skipped("disabled", "Label hecd.enable is false");
  if (container.status === "paused") return skipped("paused", "It is paused and comes back with docker unpause");
  if (container.status !== "running") return skipped("not-running", `It is ${container.status}`);
  if (container.health === "starting") return skipped("starting", "Its HEALTHCHECK has not succeeded yet");
  if (container.health === "unhealthy") return skipped("unhealthy", "Its HEALTHCHECK fails");
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(container.name)) {
    return skipped("invalid-name", `Its name ${quote(container.name)} cannot be part of a key; rename it`);
  }
  if (labels.name === undefined && !NAME.test(container.name)) {
    return skipped("invalid-name", "Its name has more than 63 characters; give it a shorter one by label hecd.name");
  }
  return undefined;
}

function endpointOf(container: Container, labels: Labels, facts: Facts): Endpoint | Skipped {
  const { networkMode } = container;
  if (networkMode === "none") return skipped("network-not-supported", "It has no network (--network none)");
  if (networkMode.startsWith("container:")) {
    return skipped(
      "network-not-supported",
      "It lives in the network of another container; publish the port there and register that one",
    );
  }
  return networkMode === "host"
    ? hostNetworkEndpoint(container, labels, facts)
    : publishedEndpoint(container, labels, facts);
}

function hostNetworkEndpoint(container: Container, labels: Labels, facts: Facts): Endpoint | Skipped {
  const exposed = tcpPortsOf(container).map(({ port }) => port);
  const port = labels.port ?? (exposed.includes(facts.containerPort ?? 0) ? facts.containerPort : exposed[0]);
  if (port === undefined) {
    return skipped(
      "host-network-needs-port",
      "It uses the host's network, where nothing is published: name its port by label hecd.port",
    );
  }
  const ip = labels.ip ?? facts.address;
  return ip === undefined ? noHostIp() : { ip, port, targetPort: port };
}

function publishedEndpoint(container: Container, labels: Labels, facts: Facts): Endpoint | Skipped {
  const port = publishedPortOf(container, labels, facts);
  if ("reason" in port) return port;
  const own = labels.ip ?? facts.address;
  if (own === undefined && port.bindings.every(({ hostIp }) => isUnspecified(hostIp))) return noHostIp();
  const binding = bindingOf(port.bindings, familyOf(own ?? "0.0.0.0"));
  if (!binding) return otherFamily(port.port, own);
  const at = (ip: string): Endpoint => ({ ip, port: binding.hostPort, targetPort: port.port });
  if (labels.ip !== undefined) return at(labels.ip);
  if (isUnspecified(binding.hostIp)) return own === undefined ? noHostIp() : at(own);
  if (isLoopback(binding.hostIp) && !facts.allowLoopback) {
    return skipped(
      "loopback-only",
      `Port ${port.port} is published on ${binding.hostIp} only, which HAProxy reaches on this host alone; allow that with --allow-loopback`,
    );
  }
  return at(binding.hostIp);
}

/** The port that is meant: the label's, the preferred one, else the lowest; SSH only when there is nothing else. */
function publishedPortOf(container: Container, labels: Labels, facts: Facts): ContainerPort | Skipped {
  const published = tcpPortsOf(container).filter(({ bindings }) => bindings.length > 0);
  const list = published.map(({ port }) => port).join(", ");
  const wanted = labels.port ?? facts.containerPort;
  const match = published.find(({ port }) => port === wanted);
  if (match) return match;
  if (labels.port !== undefined) {
    const instead = published.length === 0 ? "nothing is" : `${list} ${published.length === 1 ? "is" : "are"}`;
    return skipped("port-not-mapped", `Label hecd.port says ${labels.port}, which is not published; ${instead}`);
  }
  const first = published.find(({ port }) => port !== 22) ?? published[0];
  if (!first) {
    const udp = container.ports.some(({ protocol, bindings }) => protocol === "udp" && bindings.length > 0);
    return skipped(
      "no-published-port",
      `It publishes no TCP port${udp ? ", only UDP" : ""}; start it with -P or -p to have it registered`,
    );
  }
  if (wanted !== undefined && published.length > 1) {
    return skipped("ambiguous-port", `It publishes ${list} but not ${wanted}; name one by label hecd.port`);
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

function otherFamily(port: number, own: string | undefined): Skipped {
  const here = own === undefined || familyOf(own) === 4 ? "IPv6" : "IPv4";
  return skipped(
    "no-host-ip",
    `Port ${port} is published on ${here} only, which is not the family of the advertised address; set --advertise or label hecd.ip`,
  );
}

function tcpPortsOf({ ports }: Container): readonly ContainerPort[] {
  return ports.filter(({ protocol }) => protocol === "tcp").sort((a, b) => a.port - b.port);
}

function noHostIp(): Skipped {
  return skipped(
    "no-host-ip",
    "No address of this host is known; set --advertise to the IP or interface HAProxy reaches",
  );
}

function skipped(reason: Reason, advice: string): Skipped {
  return { reason, advice };
}

/** A stranger's text, short and in one line. */
function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}
