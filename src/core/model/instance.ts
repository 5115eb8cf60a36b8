import { z } from "zod";
import {
  BALANCES,
  CHECK_PATH,
  HEADER_KEY,
  HEADER_TEXT,
  HOST_NAME,
  META_KEY,
  MOST_RANGES,
  NAME,
  NETWORK_RANGE,
  PATH_PREFIX,
  PROXY_PROTOCOLS,
  RATE,
  SCHEMES,
  STATUS_RANGES,
  STRIPPED_PATH,
  TEXT,
} from "../text/patterns.js";
import { formatAddress, MOST_PORT, parseAddress } from "./address.js";

/**
 * One address at which one service can be reached: the only thing that agent and renderer share.
 *
 * The JSON form under `/hecd/v1/services/<service>/<host>:<container>:<port>[:udp]`. It holds nothing that changes
 * without meaning (no last-seen, no uptime), so that an unchanged container is never written again.
 */
export interface Instance {
  readonly v: 1;
  /** `<host>:<container>:<port>[:udp]`, as registrator forms it. */
  readonly id: string;
  /** The container's name: the last part of its simple key. */
  readonly name: string;
  readonly service: string;
  /** The agent's host id. */
  readonly host: string;
  /** What the simple form holds: `ip:port`, an IPv6 address in brackets. */
  readonly addr: string;
  readonly ip: string;
  readonly port: number;
  readonly family: 4 | 6;
  readonly proto: "tcp" | "udp";
  /** The port inside the container. */
  readonly targetPort: number;
  /** The same server at addresses of the other family, each as `addr` is. */
  readonly altAddrs?: readonly string[] | undefined;
  readonly state: "up" | "draining" | "maint" | "down";
  /** Whether it drains because somebody asked for it, which the next agent is to know. */
  readonly drained?: true | undefined;
  /** Whether its service is in maintenance since somebody asked for that, which the next agent is to know. */
  readonly maintenance?: true | undefined;
  /** Whether it has been told to stop and is believed to be ending, which the next agent is to know. */
  readonly stopping?: true | undefined;
  readonly health: "healthy" | "starting" | "unhealthy" | "none";
  /** 0 to 256, HAProxy's range. */
  readonly weight: number;
  readonly backup: boolean;
  /** What its service is to HAProxy; for the template to say when absent. */
  readonly mode?: "http" | "tcp" | undefined;
  /** How many requests or connections it gets at once; as many as come when absent. */
  readonly maxconn?: number | undefined;
  readonly timeouts?: Timeouts | undefined;
  readonly tcp?: TcpOptions | undefined;
  /** How it is told who its client is; it sees the proxy alone when absent. */
  readonly proxyProtocol?: (typeof PROXY_PROTOCOLS)[number] | undefined;
  /** What is asked of its certificate where it speaks TLS; nothing when absent. */
  readonly tls?: TlsOptions | undefined;
  /** How long a request waits for a server of its service while none can be used, as times of `Check`. */
  readonly hold?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Whatever else was said of it; by name. */
  readonly meta?: Readonly<Record<string, string>> | undefined;
  readonly check?: Check | undefined;
  readonly http?: Http | undefined;
  readonly container: {
    readonly id: string;
    readonly image: string;
    readonly startedAt: string;
    /** Its Compose project, and its service therein. */
    readonly project?: string | undefined;
    readonly composeService?: string | undefined;
  };
}

/** How it is to be checked; times as HAProxy has them, `5s`, `500ms`. */
export interface Check {
  readonly type?: "tcp" | "http" | "off" | undefined;
  readonly path?: string | undefined;
  readonly interval?: string | undefined;
  readonly timeout?: string | undefined;
  readonly rise?: number | undefined;
  readonly fall?: number | undefined;
  /** The statuses of a success, such as `200-299,404`; 200 to 399 when absent. */
  readonly status?: string | undefined;
  /** What an HTTP check speaks, and the name that it asks for; what the server speaks, and none, when absent. */
  readonly scheme?: (typeof SCHEMES)[number] | undefined;
  readonly host?: string | undefined;
}

/** How long its service is waited for, as times of `Check`; the proxy's own times when absent. */
export interface Timeouts {
  /** Until it accepts a connection. */
  readonly connect?: string | undefined;
  /** Until it says something more. */
  readonly server?: string | undefined;
  /** Until either side of a tunnel does. */
  readonly tunnel?: string | undefined;
}

/** How TLS is spoken to a server. */
export interface TlsOptions {
  /** Whether its certificate must be signed by a known authority, and valid for `sni` where that is said. */
  readonly verify?: boolean | undefined;
  /** The name that it is asked for. */
  readonly sni?: string | undefined;
}

/** How a service of TCP is reached. */
export interface TcpOptions {
  /** The port of HAProxy that is to lead to it. */
  readonly port?: number | undefined;
  /** The names by which clients ask for it by TLS, which is none of HAProxy's business. */
  readonly sni?: readonly string[] | undefined;
  /** Whether HAProxy speaks TLS to its clients. */
  readonly tls?: boolean | undefined;
}

/** Which requests are for it, and how they are shared out. */
export interface Http {
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  /** What the server speaks; plain HTTP when absent. */
  readonly scheme?: (typeof SCHEMES)[number] | undefined;
  readonly balance?: (typeof BALANCES)[number] | undefined;
  readonly sticky?: boolean | undefined;
  /** The path prefix that is taken off. */
  readonly strip?: string | undefined;
  /** The addresses and networks whose clients alone may use its service; all may when absent. */
  readonly allow?: readonly string[] | undefined;
  /** Of two routes that want the same request the one of the higher priority has it; 0 when absent. */
  readonly priority?: number | undefined;
  /** The port of HTTPS that requests in the clear are led to, as clients see it; 0 for nowhere. */
  readonly redirectHttps?: number | undefined;
  /** How many requests one address may make in which time, such as `100/10s`; as many as it likes when absent. */
  readonly rate?: string | undefined;
  /** The file of users who alone may use its service; all may when absent. */
  readonly auth?: string | undefined;
  readonly headers?: Headers | undefined;
}

/** The headers that requests and answers are given, by name; those without a value are taken away. */
export interface Headers {
  readonly request?: Readonly<Record<string, string>> | undefined;
  readonly response?: Readonly<Record<string, string>> | undefined;
}

/** How many headers of either kind a record has at most. */
export const MOST_HEADERS = 32;

const name = z.string().regex(NAME);

const time = z.string().regex(/^[0-9]{1,8}(ms|s)$/);
const tries = z.int().min(1).max(100);
const anyHost = z.string().regex(HOST_NAME);
const oneHost = anyHost.refine((host) => !host.startsWith("*"));
const port = z.int().min(1).max(MOST_PORT);
const ipv4 = z.ipv4();
const ipv6 = z.ipv6();

/** Statuses such as `200-299,404`, each range from its lower end. */
export const statuses = z
  .string()
  .regex(STATUS_RANGES)
  .refine((text) => text.split(",").every((part) => part.slice(0, 3) <= part.slice(-3)));

const headers = z
  .record(z.string().regex(HEADER_KEY), z.string().regex(HEADER_TEXT))
  .refine((all) => Object.keys(all).length <= MOST_HEADERS)
  .transform(byName);

/** An address, or a network in CIDR form. */
export const networkRange = z
  .string()
  .regex(NETWORK_RANGE)
  .refine((text) => [ipv4, ipv6, z.cidrv4(), z.cidrv6()].some((form) => form.safeParse(text).success));

const schema = z.object({
  v: z.literal(1),
  id: z.string().max(255),
  name: z.string().max(255),
  service: name,
  host: name,
  addr: z.string(),
  ip: z.union([ipv4, ipv6]),
  port,
  family: z.literal([4, 6]),
  proto: z.enum(["tcp", "udp"]),
  targetPort: port,
  altAddrs: z
    .array(z.string().refine((text) => parseAddress(text) !== undefined))
    .max(4)
    .optional(),
  state: z.enum(["up", "draining", "maint", "down"]),
  drained: z.literal(true).optional(),
  maintenance: z.literal(true).optional(),
  stopping: z.literal(true).optional(),
  health: z.enum(["healthy", "starting", "unhealthy", "none"]),
  weight: z.int().min(0).max(256),
  backup: z.boolean(),
  mode: z.enum(["http", "tcp"]).optional(),
  maxconn: z.int().min(1).max(99_999).optional(),
  timeouts: z.object({ connect: time.optional(), server: time.optional(), tunnel: time.optional() }).optional(),
  tcp: z
    .object({ port: port.optional(), sni: z.array(anyHost).max(64).optional(), tls: z.boolean().optional() })
    .optional(),
  proxyProtocol: z.enum(PROXY_PROTOCOLS).optional(),
  tls: z.object({ verify: z.boolean().optional(), sni: oneHost.optional() }).optional(),
  hold: time.optional(),
  tags: z.array(z.string().regex(TEXT).max(128)).max(32).optional(),
  meta: z
    .record(z.string().regex(META_KEY), z.string().regex(TEXT))
    .refine((meta) => Object.keys(meta).length <= 32)
    .transform(byName)
    .optional(),
  check: z
    .object({
      type: z.enum(["tcp", "http", "off"]).optional(),
      path: z.string().regex(CHECK_PATH).optional(),
      interval: time.optional(),
      timeout: time.optional(),
      rise: tries.optional(),
      fall: tries.optional(),
      status: statuses.optional(),
      scheme: z.enum(SCHEMES).optional(),
      host: oneHost.optional(),
    })
    .optional(),
  http: z
    .object({
      hosts: z.array(anyHost).max(64),
      paths: z.array(z.string().regex(PATH_PREFIX)).max(64),
      scheme: z.enum(SCHEMES).optional(),
      balance: z.enum(BALANCES).optional(),
      sticky: z.boolean().optional(),
      strip: z.string().regex(STRIPPED_PATH).optional(),
      allow: z.array(networkRange).min(1).max(MOST_RANGES).optional(),
      priority: z.int().min(0).max(1_000).optional(),
      redirectHttps: z.int().min(0).max(MOST_PORT).optional(),
      rate: z.string().regex(RATE).optional(),
      auth: name.optional(),
      headers: z.object({ request: headers.optional(), response: headers.optional() }).optional(),
    })
    .optional(),
  container: z.object({
    id: z.string().max(64),
    image: z.string().max(512),
    startedAt: z.string().max(64),
    project: name.optional(),
    composeService: name.optional(),
  }),
});

function byName(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The text of an instance in etcd: canonical order of fields, equal instances give equal bytes. */
export function formatInstance(instance: Instance): string {
  return JSON.stringify(schema.parse(instance));
}

/** Reads an instance from etcd: unknown fields are ignored; a text that does not fit is refused with the reason. */
export function parseInstance(text: string): Instance | { readonly refused: string } {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { refused: "not JSON" };
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { refused: issue ? `${issue.path.join(".") || "record"}: ${issue.message}` : "does not fit the schema" };
  }
  const instance = parsed.data;
  // The simple form and the parts must say the same, or a hostile `addr` could go where `ip` was checked.
  if (instance.addr !== formatAddress(instance.ip, instance.port)) return { refused: "addr: differs from ip and port" };
  return instance;
}
