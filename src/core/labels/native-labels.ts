import { z } from "zod";
import type { NamedPort, Statement } from "./dialect.js";
import type { CheckConfig, ServiceConfig, LabelConfig } from "./label-config.js";
import { labelsBelow, LabelReader, type Said, takeOutPorts } from "./label-reader.js";
import { MOST_HEADERS } from "../model/instance.js";
import { type ListedPort, parsePortList } from "./port-list.js";
import {
  AT_MOST,
  BALANCE,
  CHECK_TYPE,
  CHECKED_HOST,
  CHECKED_PATH,
  COUNT,
  DELAY,
  BOOLEAN,
  type Validator,
  HEADER_NAME,
  HEADER_VALUE,
  HEALTH,
  HOLD,
  HOSTS,
  INTERVAL,
  LISTENED_PORT,
  IP,
  MAXCONN,
  META,
  META_NAME,
  MODE,
  NETWORK,
  PATHS,
  PORT,
  PRIORITY,
  PROXY_PROTOCOL,
  RANGES,
  REDIRECT,
  REQUESTS_PER_TIME,
  SCHEME,
  SERVICE_NAME,
  SERVICE_NAMES,
  STATUSES,
  STRIP,
  TAGS,
  TIMEOUT,
  USERS_FILE,
  WEIGHT,
} from "./validators.js";

const PREFIX = "hecd.";

const PORTS: Validator<readonly ListedPort[]> = {
  schema: z.string().transform(parsePortList).pipe(z.custom<readonly ListedPort[]>(Array.isArray)),
  words: "ports such as 80,443,8000-8010, each followed by /udp where it is not TCP",
};

/** What only our own labels can say, and only of the container as such. */
type ContainerConfig = Pick<LabelConfig, "health" | "drainDelayMs" | "namespaces" | "primaryPort" | "isWanted">;

/** What our own labels say, with what of them may be a slip. */
export interface NativeStatement extends Statement {
  readonly container: ContainerConfig;
  readonly notes: readonly string[];
}

/** Reads our own labels: `hecd.*` of the container, `hecd.<port>.*` of one of its ports. */
export function readNative(labels: Readonly<Record<string, string>>): NativeStatement {
  const faults: string[] = [];
  const notes: string[] = [];
  const whole = labelsBelow(PREFIX, labels, faults);
  const ofPort = new Map<number, ServiceConfig>();
  const named = new Map<number, NamedPort>();
  for (const [port, said] of takeOutPorts(whole, ".")) {
    const reading = new LabelReader(said, faults);
    const config = readService(said, reading, faults);
    notes.push(...reading.mistyped(`${PREFIX}${port}.`));
    ofPort.set(port, config);
    const [first] = said.values();
    if (first && config.enable?.is !== false) named.set(port, { port, namedBy: first.by, dispensable: false });
  }
  const reading = new LabelReader(whole, faults);
  const primaryPort = reading.take("port", PORT);
  const listed: readonly NamedPort[] = [
    ...(reading.take("ports", PORTS) ?? []).map((port) => ({ ...port, namedBy: reading.by("ports") })),
    ...(primaryPort === undefined ? [] : [{ port: primaryPort, protocol: undefined, namedBy: reading.by("port") }]),
  ].map((port) => ({ ...port, dispensable: false }));
  for (const port of listed) named.delete(port.port);
  const service = readService(whole, reading, faults);
  const container = {
    health: reading.take("health", HEALTH),
    drainDelayMs: reading.take("drain-delay", DELAY),
    namespaces: reading.take("namespace", SERVICE_NAMES),
    primaryPort,
    isWanted: service.enable?.is === true ? true : undefined,
  };
  return {
    whole: service,
    container,
    notes: [...reading.mistyped(PREFIX), ...notes],
    ofPort,
    named: [...distinct(listed), ...named.values()].sort((a, b) => a.port - b.port),
    faults,
  };
}

function readService(said: ReadonlyMap<string, Said>, reading: LabelReader, faults: string[]): ServiceConfig {
  const enable = reading.take("enable", BOOLEAN);
  return {
    enable: enable === undefined ? undefined : { is: enable, by: reading.by("enable") },
    service: reading.take("service", SERVICE_NAME),
    name: reading.take("name", SERVICE_NAME),
    ip: reading.take("ip", IP),
    network: reading.take("network", NETWORK),
    weight: reading.take("weight", WEIGHT),
    backup: reading.take("backup", BOOLEAN),
    ...readTcp(reading, faults),
    scheme: reading.take("scheme", SCHEME),
    balance: reading.take("balance", BALANCE),
    sticky: reading.take("sticky", BOOLEAN),
    maxconn: reading.take("maxconn", MAXCONN),
    serverTimeoutMs: reading.take("timeout.server", TIMEOUT),
    connectTimeoutMs: reading.take("timeout.connect", TIMEOUT),
    tunnelTimeoutMs: reading.take("timeout.tunnel", TIMEOUT),
    proxyProtocol: reading.take("proxy-protocol", PROXY_PROTOCOL),
    tlsVerify: reading.take("tls.verify", BOOLEAN),
    tlsSni: reading.take("tls.sni", CHECKED_HOST),
    holdMs: reading.take("hold", HOLD),
    hosts: reading.take("http.host", HOSTS),
    paths: reading.take("http.path", PATHS),
    strip: reading.take("http.strip", STRIP),
    allow: reading.take("http.allow", RANGES),
    priority: reading.take("priority", PRIORITY),
    redirectHttps: reading.take("http.redirect-https", REDIRECT),
    rate: reading.take("http.rate", REQUESTS_PER_TIME),
    auth: reading.take("http.auth", USERS_FILE),
    requestHeaders: readNamed("headers.request.", HEADER, said, reading, faults),
    responseHeaders: readNamed("headers.response.", HEADER, said, reading, faults),
    tags: reading.take("tags", TAGS),
    meta: readNamed("meta.", { name: META_NAME, value: META, atMost: AT_MOST }, said, reading, faults),
    check: readCheck(reading),
  };
}

/** Whoever says how it is reached by TCP speaks TCP. */
function readTcp(
  reading: LabelReader,
  faults: string[],
): Pick<ServiceConfig, "mode" | "tcpPort" | "tcpSni" | "tcpTls"> {
  const mode = reading.take("mode", MODE);
  const tcp = {
    tcpPort: reading.take("tcp.port", LISTENED_PORT),
    tcpSni: reading.take("tcp.sni", HOSTS),
    tcpTls: reading.take("tcp.tls", BOOLEAN),
  };
  const said = (["port", "sni", "tls"] as const).filter((key) => reading.has(`tcp.${key}`));
  if (mode === "http") faults.push(...said.map((key) => `${reading.by(`tcp.${key}`)} goes with hecd.mode=tcp alone`));
  return { mode: mode ?? (said.length === 0 ? undefined : "tcp"), ...tcp };
}

function readCheck(reading: LabelReader): CheckConfig | undefined {
  const path = reading.take("check.path", CHECKED_PATH);
  const check: CheckConfig = {
    type: reading.take("check.type", CHECK_TYPE) ?? (path === undefined ? undefined : "http"),
    path,
    scheme: reading.take("check.scheme", SCHEME),
    host: reading.take("check.host", CHECKED_HOST),
    verify: reading.take("check.verify", BOOLEAN),
    intervalMs: reading.take("check.interval", INTERVAL),
    timeoutMs: reading.take("check.timeout", INTERVAL),
    rise: reading.take("check.rise", COUNT),
    fall: reading.take("check.fall", COUNT),
    status: reading.take("check.status", STATUSES),
  };
  return Object.values(check).every((value) => value === undefined) ? undefined : check;
}

/** What texts under names of somebody's choice must be, and how many there may be. */
interface Named {
  readonly name: Validator<string>;
  readonly value: Validator<string>;
  readonly atMost: number;
}

const HEADER: Named = { name: HEADER_NAME, value: HEADER_VALUE, atMost: MOST_HEADERS };

/** What is said under `<start><name>`, by name; undefined where nothing is. */
function readNamed(
  start: string,
  { name, value, atMost }: Named,
  said: ReadonlyMap<string, Said>,
  reading: LabelReader,
  faults: string[],
): Readonly<Record<string, string>> | undefined {
  const texts: Record<string, string> = {};
  const below = [...said].filter(([key]) => key.startsWith(start));
  if (below.length > atMost) faults.push(`There are ${below.length} labels ${PREFIX}${start}*, ${atMost} are allowed`);
  for (const [key, { by, text }] of below) {
    const fitting = reading.fit(
      { by: `What follows ${PREFIX}${start} in a label`, text: key.slice(start.length) },
      name,
    );
    const fits = reading.fit({ by, text }, value);
    if (fitting !== undefined && fits !== undefined) texts[fitting] = fits;
  }
  return below.length === 0 ? undefined : texts;
}

/** A port that is in the list and is the primary one too is one port. */
function distinct(ports: readonly NamedPort[]): readonly NamedPort[] {
  return [...new Map(ports.map((port) => [`${port.port}/${port.protocol}`, port] as const).toReversed()).values()];
}
