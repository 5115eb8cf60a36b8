import type { BALANCES, PROXY_PROTOCOLS, SCHEMES } from "../text/patterns.js";

/** All that somebody has said about a container, read from labels or variables of any dialect, and checked. */
export interface LabelConfig extends ServiceConfig {
  /** How much of its HEALTHCHECK counts; the agent's own setting when undefined. */
  readonly health?: HealthPolicy | undefined;
  /** How long it goes on as draining before `hecd stop` ends it, in milliseconds. */
  readonly drainDelayMs?: number | undefined;
  /** The agents that may have it; those without a namespace when undefined. */
  readonly namespaces?: readonly string[] | undefined;
  /** The container ports to register, in rising order; empty for one port of the agent's choice. */
  readonly ports: readonly PortConfig[];
  /** The port that was named as the one with the plain name. */
  readonly primaryPort?: number | undefined;
  /** Whether our own `hecd.enable` asks for it, which nobody writes without meaning it. */
  readonly isWanted?: boolean | undefined;
  /** The container ports that are not to be registered. */
  readonly exceptPorts: readonly number[];
  /** What could not be read and was left aside, since it was not written for us; for a person. */
  readonly notes: readonly string[];
}

/** All that is wished for one port of a container: what was said of it, else of the whole; a name only if that is its own. */
export interface PortConfig extends ServiceConfig {
  readonly port: number;
  /** Whichever it has, both too, when undefined. */
  readonly protocol?: "tcp" | "udp" | undefined;
  /** The label or variable that names it. */
  readonly namedBy: string;
  /** Whether the container is registered without this port when that cannot be reached. */
  readonly dispensable: boolean;
}

/** What can be said of a service, of the whole container or of one of its ports. */
export interface ServiceConfig {
  /** Whether it is to be registered at all, and the label or variable that says so; undefined when nobody said. */
  readonly enable?: { readonly is: boolean; readonly by: string } | undefined;
  readonly service?: string | undefined;
  /** The last part of the simple key. */
  readonly name?: string | undefined;
  readonly ip?: string | undefined;
  /** The network whose address is registered, with the container's own port; `auto` for the only one that can be meant. */
  readonly network?: string | undefined;
  /** 0 to 256, HAProxy's range. */
  readonly weight?: number | undefined;
  readonly backup?: boolean | undefined;
  readonly mode?: "http" | "tcp" | undefined;
  /** The port of HAProxy that is to lead to a service of TCP. */
  readonly tcpPort?: number | undefined;
  /** The names by which clients ask for it by TLS, which HAProxy passes on as it comes. */
  readonly tcpSni?: readonly string[] | undefined;
  /** Whether HAProxy speaks TLS to clients of a service of TCP. */
  readonly tcpTls?: boolean | undefined;
  /** How it is told who its client is. */
  readonly proxyProtocol?: (typeof PROXY_PROTOCOLS)[number] | undefined;
  readonly scheme?: (typeof SCHEMES)[number] | undefined;
  readonly balance?: (typeof BALANCES)[number] | undefined;
  readonly sticky?: boolean | undefined;
  /** How many requests or connections it gets at once. */
  readonly maxconn?: number | undefined;
  /** How long it may be silent, take to accept a connection, and leave a tunnel (a WebSocket) idle. */
  readonly serverTimeoutMs?: number | undefined;
  readonly connectTimeoutMs?: number | undefined;
  readonly tunnelTimeoutMs?: number | undefined;
  /** Whether its certificate must be signed by a known authority, and valid for `tlsSni` where that is said. */
  readonly tlsVerify?: boolean | undefined;
  /** The name that it is asked for by TLS. */
  readonly tlsSni?: string | undefined;
  /** How long a request waits for a server of the service while none can be used, in milliseconds. */
  readonly holdMs?: number | undefined;
  readonly hosts?: readonly string[] | undefined;
  readonly paths?: readonly string[] | undefined;
  /** The path prefix that requests have no more when they come to it. */
  readonly strip?: string | undefined;
  /** The addresses and networks whose clients alone may use its service. */
  readonly allow?: readonly string[] | undefined;
  /** Of two routes that want the same request the one of the higher priority has it; 0 when undefined. */
  readonly priority?: number | undefined;
  /** The port of HTTPS that requests in the clear are led to, as clients see it; 0 for nowhere. */
  readonly redirectHttps?: number | undefined;
  /** How many requests one address may make in which time, in the words of a record. */
  readonly rate?: string | undefined;
  /** The file of users who alone may use its service. */
  readonly auth?: string | undefined;
  /** The headers that requests and answers are given, by name; those without a value are taken away. */
  readonly requestHeaders?: Readonly<Record<string, string>> | undefined;
  readonly responseHeaders?: Readonly<Record<string, string>> | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly meta?: Readonly<Record<string, string>> | undefined;
  readonly check?: CheckConfig | undefined;
}

/** How the agent itself finds out that a container can serve; what is undefined is for the agent to choose. */
export interface CheckConfig {
  readonly type?: "tcp" | "http" | "off" | undefined;
  /** The path of an HTTP check. */
  readonly path?: string | undefined;
  /** What an HTTP check speaks; what the service itself speaks when undefined. */
  readonly scheme?: (typeof SCHEMES)[number] | undefined;
  /** The name that an HTTP check asks for, by HTTP and by TLS; the address when undefined. */
  readonly host?: string | undefined;
  /** Whether the certificate must be valid for that name. */
  readonly verify?: boolean | undefined;
  readonly intervalMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
  /** How many successes in a row make it serve, how many failures in a row end that. */
  readonly rise?: number | undefined;
  readonly fall?: number | undefined;
  /** The statuses of a success. */
  readonly status?: string | undefined;
}

/** `strict`: only while healthy; `lenient`: also while it has yet to become so; `off`: whatever it is. */
export type HealthPolicy = "strict" | "lenient" | "off";

/** One wish out of several statements about the same: field by field the first statement that says anything has it. */
export function weigh(...statements: readonly (ServiceConfig | undefined)[]): ServiceConfig {
  const checks = statements.map((statement) => statement?.check);
  return {
    ...firstOfEach(statements),
    ...(checks.some(Boolean) ? { check: firstOfEach(checks) } : {}),
    ...Object.fromEntries(BY_NAME.flatMap((field) => allOf(field, statements))),
  };
}

/** What is weighed name by name. */
const BY_NAME = ["meta", "requestHeaders", "responseHeaders"] as const;

function allOf(
  field: (typeof BY_NAME)[number],
  statements: readonly (ServiceConfig | undefined)[],
): readonly (readonly [string, Readonly<Record<string, string>>])[] {
  const said = statements.map((statement) => statement?.[field]);
  return said.some(Boolean) ? [[field, Object.assign({}, ...said.toReversed()) as Record<string, string>]] : [];
}

function firstOfEach<T extends object>(statements: readonly (T | undefined)[]): Partial<T> {
  const said = statements.map((statement) =>
    Object.fromEntries(Object.entries(statement ?? {}).filter(([, value]) => value !== undefined)),
  );
  // Each value comes from a `T`, under the name that it has there.
  return Object.assign({}, ...said.toReversed()) as Partial<T>;
}
