import { MOST_PORT } from "../model/address.js";
import { Memo } from "../memo/memo.js";
import { UNSAID } from "./common-settings.js";
import type { LeftOut, Service } from "./server.js";

/** A service of TCP, and where HAProxy listens for it. */
export interface TcpService extends Service {
  /** Addresses as they follow the word `bind`; none where it is reached by names alone. */
  readonly binds: readonly string[];
  /** Whether what waits for a server of it can be led back to it, once it has found none on its way. */
  readonly isLedBack: boolean;
  /** The map of services in maintenance, as the configuration names it. */
  readonly maintained: string;
}

/** What the renderer's environment says of services of TCP besides their ports. */
export interface TcpSite {
  /** Whether HAProxy has certificates to speak TLS with. */
  readonly hasCertificates: boolean;
  /** Whether it listens for connections that it passes on by their names. */
  readonly listensForNames: boolean;
  /** See `TcpService`. */
  readonly maintained: string;
}

/** A name by which clients ask for a service by TLS. */
export interface NameRoute {
  readonly service: string;
  /** The one name, in lower case. */
  readonly host: string;
  /** What the name must end with, for a wildcard: `.example.org`. */
  readonly hostEnd: string;
}

/** Where HAProxy may listen for services, in the words of the template's environment. */
export interface TcpPorts {
  /** Services and where each is reached, whatever their labels say: `SERVICE=BIND,...`. */
  readonly named: string;
  /** The ports that labels may ask for: `6379`, `6000-6999`, `127.0.0.1:6000-6999`, separated by commas. */
  readonly allowed: string;
  /** The binds of other sections, whose ports no label gets. */
  readonly others: readonly string[];
}

/**
 * The services that HAProxy serves by TCP, by name, and what labels ask for and do not get.
 *
 * A service that is named has the binds that are named for it; it is there without a record, too. Of the others those
 * of mode `tcp` have the port that their labels ask for, where it is allowed and nobody's. Of two that ask for one port
 * the first by name has it, as with routes. One that asks for TLS is never reached in the clear.
 */
export function tcpServicesOf(
  services: readonly Service[],
  { named, allowed, others }: TcpPorts,
  { hasCertificates, listensForNames, maintained }: TcpSite,
): { readonly listed: readonly TcpService[]; readonly leftOut: readonly LeftOut[] } {
  const binds = bindsByService(named);
  const { ranges, leftOut } = readRanges(allowed);
  const taken = [
    ...others.flatMap((bind) => takenBy(bind, `HAProxy listens at ${bind} for others`)),
    ...[...binds].flatMap(([name, own]) =>
      own.flatMap((bind) => takenBy(bind, `HECD_TCP_SERVICES gives it to service ${name}`)),
    ),
  ];
  const given = new Map<number, string>();
  /** Where a service is reached by a port, and why it is not where it asks for one. */
  const portOf = ({ name, tcp }: Service): { readonly binds: readonly string[]; readonly refusal?: string } => {
    const holds = ({ first, last }: PortRange): boolean => first <= tcp.port && tcp.port <= last;
    const own = binds.get(name);
    const range = ranges.find(holds);
    if (!own && tcp.port === 0) return { binds: [] };
    if (tcp.isTls && !hasCertificates)
      return { binds: [], refusal: "it is to be reached by TLS, and HECD_TLS_CERTS names no certificates" };
    if (own) return { binds: own };
    if (!range) return { binds: [], refusal: "HECD_TCP_PORTS does not allow it" };
    const refusal = taken.find(holds)?.reason ?? given.get(tcp.port);
    if (refusal !== undefined) return { binds: [], refusal };
    given.set(tcp.port, `service ${name} asks for it as well, and comes first by name`);
    return { binds: [`${range.host}:${tcp.port}`] };
  };
  const known = new Set(services.map(({ name }) => name));
  const missing = [...binds.keys()].filter((name) => !known.has(name)).map(absent);
  const listed = [...services, ...missing].flatMap((service) => {
    const { name, mode, tcp } = service;
    if (mode !== "tcp" && !binds.has(name)) return [];
    const port = portOf(service);
    const isNamed = tcp.sni.length > 0;
    if (port.refusal !== undefined)
      leftOut.push({ key: `port ${tcp.port || "of TCP"} of service ${name}`, reason: port.refusal });
    if (isNamed && !listensForNames)
      leftOut.push({ key: `hecd.tcp.sni of service ${name}`, reason: "HECD_SNI_BIND names no port for that" });
    return port.binds.length > 0 || (isNamed && listensForNames) ? [reachedAt(service, port.binds, maintained)] : [];
  });
  return { listed: listed.sort((a, b) => (a.name < b.name ? -1 : 1)), leftOut };
}

/** Where connections lead by their names: a name before a wildcard, the longer wildcard first; the first service by name. */
export function nameRoutesOf(services: readonly Service[]): readonly NameRoute[] {
  return services
    .filter(({ mode }) => mode === "tcp")
    .flatMap(({ name, tcp }) =>
      tcp.sni.map((host) =>
        host.startsWith("*.")
          ? { service: name, host: "", hostEnd: host.slice(1) }
          : { service: name, host, hostEnd: "" },
      ),
    )
    .sort((a, b) => Number(a.host === "") - Number(b.host === "") || b.hostEnd.length - a.hostEnd.length);
}

/** The same services, those that are named as services of TCP whatever their labels say. */
export function withNamedTcp(services: readonly Service[], named: string): readonly Service[] {
  const binds = bindsByService(named);
  if (binds.size === 0) return services;
  return services.map((service) =>
    binds.has(service.name) && service.mode !== "tcp"
      ? AS_TCP.of(service, () => ({ ...service, mode: "tcp" }))
      : service,
  );
}

/** The same objects while a service is the same, so that it is not written anew. */
const AS_TCP = new Memo<Service, Service>();
const REACHED = new Memo<Service, TcpService>();

function reachedAt(service: Service, binds: readonly string[], maintained: string): TcpService {
  const isLedBack = binds.length > 0 && !service.isLimited;
  return REACHED.of(service, () => ({ ...service, binds, isLedBack, maintained }), [binds.join(), maintained]);
}

function absent(name: string): Service {
  return { name, servers: [], hosts: [], paths: [], hold: "", ...UNSAID, mode: "tcp" };
}

function bindsByService(named: string): ReadonlyMap<string, readonly string[]> {
  const binds = new Map<string, string[]>();
  for (const item of named.split(",")) {
    const [, name, bind] = /^([^=]+)=(.+)$/.exec(item) ?? [];
    if (name !== undefined && bind !== undefined) binds.set(name, [...(binds.get(name) ?? []), bind]);
  }
  return binds;
}

/** Ports, and the address at which HAProxy listens for them; empty for all of IPv4. */
interface PortRange {
  readonly host: string;
  readonly first: number;
  readonly last: number;
}

function readRanges(allowed: string): { readonly ranges: readonly PortRange[]; readonly leftOut: LeftOut[] } {
  const ranges: PortRange[] = [];
  const leftOut: LeftOut[] = [];
  for (const item of allowed.split(",").filter((text) => text !== "")) {
    const range = rangeOf(item);
    if (range && RANGE_HOST.test(range.host)) ranges.push(range);
    else leftOut.push({ key: `${item} of HECD_TCP_PORTS`, reason: "it is no port or range such as 6000-6999" });
  }
  return { ranges, leftOut };
}

const RANGE_HOST = /^(?:\*|[0-9.]+|\[[0-9a-fA-F:.]+\]|)$/;

/** `[HOST:]PORT[-PORT]`; undefined where it is something else, as a socket of UNIX. */
function rangeOf(text: string): PortRange | undefined {
  const [, host = "", from, to = from] = /^(?:(.*):)?([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  return first >= 1 && first <= last && last <= MOST_PORT ? { host, first, last } : undefined;
}

/** The ports of a bind, whatever its address, and why no label gets them. */
function takenBy(bind: string, reason: string): readonly (PortRange & { readonly reason: string })[] {
  const [addresses = ""] = bind.split(" ");
  return addresses.split(",").flatMap((address) => {
    const range = rangeOf(address);
    return range ? [{ ...range, reason }] : [];
  });
}
