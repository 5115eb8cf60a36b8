import type { NamedPort, Statement } from "./dialect.js";
import { type CheckConfig, type ServiceConfig, weigh } from "./label-config.js";
import { labelsBelow, LabelReader, type Said } from "./label-reader.js";
import { type Router, rulesOfRouters } from "./traefik-middlewares.js";
import { namesOfTcpRouters } from "./traefik-tcp.js";
import { parseRule, productOf, type Wanted } from "./traefik-rule.js";
import {
  CHECKED_HOST,
  CHECKED_PATH,
  GO_BOOLEAN,
  INTERVAL,
  META,
  META_NAME,
  NETWORK,
  PORT,
  SCHEME,
  SERVICE_NAME,
  WEIGHT,
} from "./validators.js";

/** A service of traefik's, by its lower-case name. */
interface TraefikService {
  readonly name: string;
  readonly port: number | undefined;
  readonly namedBy: string;
  readonly protocol: "tcp" | "udp";
  readonly config: ServiceConfig;
}

/**
 * Reads traefik's labels as far as they say something about servers: `enable`, `docker.network`, the services with
 * their ports, schemes, weights and health checks, rules of plain `Host()` and `PathPrefix()` terms, and those of
 * `HostSNI()` where connections are passed on.
 *
 * What else a rule says cannot be carried by a record, and is kept word by word in `meta`. Entry points, middlewares
 * and all other things of traefik's own are passed over.
 */
export function readTraefik(labels: Readonly<Record<string, string>>): Statement {
  const faults: string[] = [];
  const said = labelsBelow("traefik.", labels, faults);
  const reading = new LabelReader(said, faults);
  const enable = reading.take("enable", GO_BOOLEAN);
  const services = servicesIn(said, reading, faults);
  const routes = routesIn(said, services, faults);
  const names = namesOfTcpRouters(
    said,
    soleOf(services.filter(({ config }) => config.mode === "tcp")),
    reading,
    faults,
  );
  const ofPort = new Map<number, ServiceConfig>();
  const named = new Map<string, NamedPort>();
  for (const { name, port, namedBy, protocol, config } of services) {
    if (port === undefined) continue;
    ofPort.set(port, weigh(ofPort.get(port), routes.get(name), names.get(name), config));
    named.set(`${port}/${protocol}`, { port, protocol, namedBy, dispensable: false });
  }
  const portless = services.filter(({ port }) => port === undefined);
  const [only] = portless.length === 1 && named.size === 0 ? portless : [];
  return {
    whole: {
      enable: enable === undefined ? undefined : { is: enable, by: reading.by("enable") },
      network: reading.take("docker.network", NETWORK),
      ...weigh(
        routes.get(""),
        names.get(""),
        only && routes.get(only.name),
        only && names.get(only.name),
        only?.config,
      ),
    },
    ofPort,
    named: [...named.values()].sort((a, b) => a.port - b.port),
    faults,
  };
}

function servicesIn(
  said: ReadonlyMap<string, Said>,
  reading: LabelReader,
  faults: string[],
): readonly TraefikService[] {
  const names = new Map<string, { readonly kind: string; readonly name: string; readonly by: string }>();
  for (const [key, { by }] of said) {
    const [, kind, name] = /^(http|tcp|udp)\.services\.([^.]+)\.loadbalancer\./.exec(key) ?? [];
    if (kind !== undefined && name !== undefined) names.set(`${kind}.services.${name}`, { kind, name, by });
  }
  return [...names].sort().map(([start, { kind, name, by }]) => {
    const at = `${start}.loadbalancer.`;
    const portKey = `${at}server.port`;
    const service = reading.fit(
      { by: `The name of a service in ${by.replace("Label ", "label ")}`, text: name },
      SERVICE_NAME,
    );
    const cookie = [...said.keys()].some((key) => key.startsWith(`${at}sticky.cookie`));
    return {
      name,
      port: reading.take(portKey, PORT),
      namedBy: reading.by(portKey),
      protocol: kind === "udp" ? "udp" : "tcp",
      config: {
        service,
        mode: kind === "tcp" ? "tcp" : undefined,
        scheme: reading.take(`${at}server.scheme`, SCHEME),
        weight: reading.take(`${at}server.weight`, WEIGHT),
        sticky: cookie && said.get(`${at}sticky.cookie`)?.text !== "false" ? true : undefined,
        check: readCheck(`${at}healthcheck.`, said, reading, faults),
      },
    };
  });
}

function readCheck(
  at: string,
  said: ReadonlyMap<string, Said>,
  reading: LabelReader,
  faults: string[],
): CheckConfig | undefined {
  for (const [key, { by }] of said) {
    if (key.startsWith(at) && !/^(path|scheme|hostname|interval|timeout)$/.test(key.slice(at.length))) {
      faults.push(`${by} has no meaning here: a check has a path, a scheme, a hostname, an interval and a timeout`);
    }
  }
  const path = reading.take(`${at}path`, CHECKED_PATH);
  const check: CheckConfig = {
    type: path === undefined ? undefined : "http",
    path,
    scheme: reading.take(`${at}scheme`, SCHEME),
    host: reading.take(`${at}hostname`, CHECKED_HOST),
    intervalMs: reading.take(`${at}interval`, INTERVAL),
    timeoutMs: reading.take(`${at}timeout`, INTERVAL),
  };
  return Object.values(check).every((value) => value === undefined) ? undefined : check;
}

/** What the routers want, by the service that they lead to; under `""` where they name none. */
function routesIn(
  said: ReadonlyMap<string, Said>,
  services: readonly TraefikService[],
  faults: string[],
): ReadonlyMap<string, ServiceConfig> {
  const wanted = new Map<string, readonly Wanted[]>();
  const raw = new Map<string, Record<string, string>>();
  const reading = new LabelReader(said, faults);
  const routers = routersIn(said, services);
  for (const { name: router, service } of routers) {
    const key = `http.routers.${router}.rule`;
    const rule = said.get(key);
    if (!rule) continue;
    const terms = parseRule(rule.text);
    const all = terms && [...(wanted.get(service) ?? []), ...terms];
    if (all && productOf(all)) wanted.set(service, all);
    else {
      const name = reading.fit({ by: "The name of a label that is kept", text: `traefik.${key}` }, META_NAME);
      const text = reading.fit(rule, META);
      if (name !== undefined && text !== undefined) raw.set(service, { ...raw.get(service), [name]: text });
    }
  }
  const rules = rulesOfRouters(routers, said, reading, faults);
  const names = new Set([...wanted.keys(), ...raw.keys(), ...rules.keys()]);
  return new Map(
    [...names].map((name) => [name, { ...partsOf(wanted.get(name) ?? []), meta: raw.get(name), ...rules.get(name) }]),
  );
}

/** The routers of HTTP, by name. */
function routersIn(said: ReadonlyMap<string, Said>, services: readonly TraefikService[]): readonly Router[] {
  const names = new Set([...said.keys()].flatMap((key) => /^http\.routers\.([^.]+)\./.exec(key)?.[1] ?? []));
  return [...names].sort().map((name) => {
    const target = said
      .get(`http.routers.${name}.service`)
      ?.text.toLowerCase()
      .replace(/@docker$/, "");
    const service = services.some((each) => each.name === target) ? (target ?? "") : soleOf(services);
    return { name, service };
  });
}

/** The one service there is: traefik gives it every router that names none. */
function soleOf(services: readonly TraefikService[]): string {
  return services.length === 1 ? (services[0]?.name ?? "") : "";
}

function partsOf(wanted: readonly Wanted[]): Pick<ServiceConfig, "hosts" | "paths"> {
  const { hosts, paths } = productOf(wanted) ?? { hosts: [], paths: [] };
  return { hosts: hosts.length === 0 ? undefined : hosts, paths: paths.length === 0 ? undefined : paths };
}
