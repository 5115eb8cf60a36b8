// Long because every setting of the program stands in one table, with what it may be and how it is explained.

import { z } from "zod";
import { parseStoreUrl } from "./core/host/store-url.js";
import { type Dialect, DIALECTS } from "./core/labels/dialect.js";
import { parseDurationOrSeconds } from "./core/text/duration.js";

/** One setting: what it may be, what it is when nobody says anything, and how it is explained. */
export interface Setting<T> {
  readonly schema: z.ZodType<T>;
  /** The default; undefined where a command has its own or where nothing is an answer too. */
  readonly fallback: T;
  /** What `--help` writes behind the flag; absent for a switch. */
  readonly value?: string;
  readonly help: string;
  /** Environment names of other tools that are taken when HECD_* says nothing, the first one first. */
  readonly alsoFrom?: readonly string[];
  /** Never a flag, because process lists show those. */
  readonly secret?: boolean;
}

/** How a time is written, for the explanation of each setting that is one. */
const AS_TIME = "30s, 1m30s or a number of seconds";

/** A time; a number without a unit counts seconds. In milliseconds. */
const durationMs = z.union([z.number(), z.string()]).transform((input, context) => {
  const ms = parseDurationOrSeconds(String(input).trim());
  if (ms !== undefined) return ms;
  context.addIssue({ code: "custom", message: `"${input}" is not a duration such as 500ms, 30s or 1m30s` });
  return z.NEVER;
});

const FILTER =
  /^((label|network|name|ancestor|volume)=.+|(publish|expose)=[0-9]{1,5}(-[0-9]{1,5})?(\/(tcp|udp|sctp))?)$/s;
const FILTER_COMMA = /,(?=\s*(?:label|network|publish|expose|name|ancestor|volume)=)/;

const text = z.string().min(1, "must not be empty");
const list = z
  .union([z.string(), z.array(z.string())])
  .transform((input) => (typeof input === "string" ? [input] : input).flatMap((item) => item.split(",")))
  .transform((items) => items.map((item) => item.trim()).filter((item) => item !== ""))
  .refine((items) => items.length > 0, "must name at least one");
/** A comma is part of a value unless the next filter begins behind it. */
const filters = z
  .union([z.string(), z.array(z.string())])
  .transform((input) => (typeof input === "string" ? [input] : input).flatMap((item) => item.split(FILTER_COMMA)))
  .transform((items) => items.map((item) => item.trim()).filter((item) => item !== ""))
  .superRefine((items, context) => {
    for (const item of items.filter((candidate) => !FILTER.test(candidate))) {
      context.addIssue({
        code: "custom",
        message: `"${item}" is not a filter such as label=app=web or publish=80/tcp`,
      });
    }
  });
const flag = z.union([z.boolean(), z.stringbool({ error: "must be true or false" })]);
const portNumber = z.coerce
  .number({ error: "must be a port, 1 to 65535" })
  .int("must be a port, 1 to 65535")
  .min(1, "must be a port, 1 to 65535")
  .max(65535, "must be a port, 1 to 65535");
/** A whole number of so many. */
const countFrom = (least: number, most: number) =>
  z.coerce
    .number({ error: "must be a whole number" })
    .int("must be a whole number")
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`);
const PERCENT = "must be a number from 0 to 100";
const prefix = z
  .string()
  .transform(
    (value) =>
      `/${value
        .split("/")
        .filter((part) => part !== "")
        .join("/")}`,
  )
  .pipe(z.string().regex(/^(\/[A-Za-z0-9][A-Za-z0-9_.-]{0,62})+$/, "must be a path of names, such as /app/servers"))
  .refine((path) => path !== "/hecd" && !path.startsWith("/hecd/"), "must not lie in /hecd, where the records are");
const listen = z.string().regex(/^(off|(\[[0-9a-fA-F:]+\]|[^\s:]+):\d{1,5})$/, "must be HOST:PORT, or off");

function setting<T>(description: Setting<T>): Setting<T> {
  return description;
}

/** Every setting of the program, by the name of its flag. */
export const SETTINGS = {
  config: setting<string>({
    schema: text,
    fallback: "/etc/hecd/hecd.toml",
    value: "FILE",
    help: "settings file; may be absent unless it is named",
  }),
  "log-level": setting<"debug" | "info" | "warn" | "error">({
    schema: z.enum(["debug", "info", "warn", "error"]),
    fallback: "info",
    value: "LEVEL",
    help: "debug, info, warn or error",
  }),
  "log-format": setting<"auto" | "json" | "pretty">({
    schema: z.enum(["auto", "json", "pretty"]),
    fallback: "auto",
    value: "FORMAT",
    help: "json, pretty, or auto: pretty on a terminal",
  }),
  listen: setting<string | undefined>({
    schema: listen,
    fallback: undefined,
    value: "HOST:PORT",
    help: "where the page, /healthz, /readyz, /metrics, /state, /live and the history are served; off for nowhere",
  }),
  "admin-token-file": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "FILE",
    help: "file that holds the token without which nothing can be ordered: by it people sign in at the page, and commands order; the page takes no orders when not given",
  }),
  "cfg-listen": setting<string | undefined>({
    schema: listen,
    fallback: undefined,
    value: "HOST:PORT",
    help: "where hosts fetch the files of this renderer by GET /cfg/NAME, and nothing else is served; by HTTPS and with a token where that is not loopback",
  }),
  "cfg-cert": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "FILE",
    help: "PEM file of the certificate, its chain and its key by which the files are given out; followed when it is renewed",
  }),
  "cfg-token-file": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "FILE",
    help: "file that holds the token by which hosts fetch the files, as Authorization: Bearer TOKEN or as a password",
  }),
  etcd: setting<readonly string[]>({
    schema: list,
    fallback: ["http://127.0.0.1:2379"],
    value: "URL",
    help: "etcd endpoint, HOST:PORT or http(s)://HOST:PORT; repeat it or separate by commas",
    alsoFrom: ["ETCD_HOST", "ETCDCTL_ENDPOINTS"],
  }),
  "etcd-username": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "NAME",
    help: "etcd user; the password comes from HECD_ETCD_PASSWORD or --etcd-password-file",
    alsoFrom: ["ETCDCTL_USER"],
  }),
  "etcd-password": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    help: "etcd password",
    alsoFrom: ["ETCDCTL_PASSWORD"],
    secret: true,
  }),
  "etcd-password-file": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "FILE",
    help: "file that holds the etcd password, read at each log-in",
  }),
  "etcd-ca": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "FILE",
    help: "PEM file of the authority that signed etcd's certificate",
    alsoFrom: ["ETCDCTL_CACERT"],
  }),
  "etcd-cert": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "FILE",
    help: "PEM file of our client certificate",
    alsoFrom: ["ETCDCTL_CERT"],
  }),
  "etcd-key": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "FILE",
    help: "PEM file of our client key",
    alsoFrom: ["ETCDCTL_KEY"],
  }),
  store: setting<string | undefined>({
    schema: text.superRefine((url, context) => {
      const place = parseStoreUrl(url);
      if ("problem" in place) context.addIssue({ code: "custom", message: place.problem });
    }),
    fallback: undefined,
    value: "URL",
    help: "another store in the place of --etcd: redis://HOST:PORT/DATABASE, with TLS rediss://; zk://HOST:PORT,HOST:PORT/PATH; consul://HOST:PORT/PATH, with TLS consuls://; file:///PATH or nodes://IP:PORT,IP:PORT for renderers; etcd://HOST,HOST is --etcd",
  }),
  "store-username": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "NAME",
    help: "user of that store; the password comes from HECD_STORE_PASSWORD or --store-password-file",
  }),
  "store-password": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    help: "password of that store",
    secret: true,
  }),
  "store-password-file": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "FILE",
    help: "file that holds the password of that store",
  }),
  "store-ca": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "FILE",
    help: "PEM file of the authority that signed the certificate of that store",
  }),
  "store-cert": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "FILE",
    help: "PEM file of our client certificate for that store",
  }),
  "store-key": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "FILE",
    help: "PEM file of our client key for that store",
  }),
  docker: setting<readonly string[]>({
    schema: list.refine(
      (urls) => urls.every((url) => /^((unix|tcp|https?):\/\/|context:).+/.test(url)),
      "must be unix://PATH, tcp://HOST:PORT or context:NAME",
    ),
    fallback: ["unix:///var/run/docker.sock"],
    value: "URL",
    help: "Docker engine, unix://PATH, tcp://HOST:PORT or context:NAME; repeat it or separate by commas for several; Podman's socket where only that is there",
    alsoFrom: ["DOCKER_HOST"],
  }),
  "docker-tls": setting<boolean>({
    schema: z.union([z.boolean(), z.string().transform((value) => value !== "" && value !== "0" && value !== "false")]),
    fallback: false,
    help: "speak TLS to the Docker engine and verify it",
    alsoFrom: ["DOCKER_TLS_VERIFY"],
  }),
  "docker-cert-path": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "DIR",
    help: "directory of ca.pem, cert.pem and key.pem for the Docker engine",
    alsoFrom: ["DOCKER_CERT_PATH"],
  }),
  "docker-config": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "DIR",
    help: "Docker's own directory, where its contexts are; ~/.docker when not given",
    alsoFrom: ["DOCKER_CONFIG"],
  }),
  filter: setting<readonly string[]>({
    schema: filters,
    fallback: [],
    value: "NAME=VALUE",
    help: "register only containers that Docker's own filter lets through: label, network, publish, expose, name, ancestor or volume; repeat it or separate by commas",
  }),
  prefix: setting<string>({
    schema: prefix,
    fallback: "/app/servers",
    value: "PREFIX",
    help: "where the simple keys go; its last part is the service of containers without a service label",
    alsoFrom: ["ETCD_PREFIX"],
  }),
  advertise: setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "IP|IFACE",
    help: "address under which HAProxy reaches this host's published ports; found by the default route when not given",
    alsoFrom: ["FORREST_IP"],
  }),
  "allow-loopback": setting<boolean>({
    schema: flag,
    fallback: false,
    help: "also register ports that are published on loopback only",
  }),
  "advertise-alt": setting<string | undefined>({
    schema: z.union([z.ipv4(), z.ipv6()], { error: "must be an IP address" }),
    fallback: undefined,
    value: "IP",
    help: "address of this host in the other family, IPv6 beside IPv4; kept in the records as altAddrs",
  }),
  "host-id": setting<string | undefined>({
    schema: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, "must be letters, digits, '_', '.', '-', 63 at most"),
    fallback: undefined,
    value: "ID",
    help: "name of this host in etcd, one agent each; the host name when not given",
  }),
  "container-port": setting<number | undefined>({
    schema: portNumber,
    fallback: undefined,
    value: "PORT",
    help: "container port to register when a container publishes several; the lowest when not given",
    alsoFrom: ["CPORT"],
  }),
  health: setting<"strict" | "lenient" | "off">({
    schema: z.enum(["strict", "lenient", "off"]),
    fallback: "strict",
    value: "POLICY",
    help: "what a HEALTHCHECK counts: strict registers only what is healthy, lenient also what starts, off everything",
  }),
  probe: setting<"auto" | "tcp" | "off">({
    schema: z.enum(["auto", "tcp", "off"]),
    fallback: "auto",
    value: "HOW",
    help: "tcp registers a container without HEALTHCHECK only when it listens; off at once, unless its labels ask for a check; auto: tcp on this host's engine",
  }),
  "stop-grace": setting<number>({
    schema: durationMs,
    fallback: 120_000,
    value: "TIME",
    help: "how long a container that was told to stop gets no work, should it live on: as long as the longest stop, by docker stop -t or by swarm's stop grace",
  }),
  "max-ports": setting<number>({
    schema: z.coerce
      .number()
      .int("must be a whole number")
      .min(1, "must be at least 1")
      .max(1_024, "must be at most 1024"),
    fallback: 16,
    value: "N",
    help: "how many ports of one container may be registered",
  }),
  network: setting<string | undefined>({
    schema: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "must be the name of a Docker network, or auto"),
    fallback: undefined,
    value: "NAME",
    help: "register a container's own address in this network and its own port, not what it publishes; auto for the only one that the agent reaches, else the only one it is in",
  }),
  compat: setting<readonly Dialect[]>({
    schema: z
      .union([z.string(), z.array(z.string())])
      .transform((input) => (typeof input === "string" ? [input] : input).flatMap((item) => item.split(",")))
      .transform((items) => items.map((item) => item.trim()).filter((item) => item !== "" && item !== "none"))
      .pipe(z.array(z.enum(DIALECTS, `must be of ${DIALECTS.join(", ")}, by comma, or none`))),
    fallback: ["registrator", "traefik"],
    value: "DIALECT",
    help: "labels of other tools that are read besides hecd.*: registrator, traefik, nginx-proxy, easyhaproxy; none for none",
  }),
  explicit: setting<boolean>({
    schema: flag,
    fallback: false,
    help: "register only containers that ask for it: hecd.enable=true, a service or a port by label, SERVICE_NAME, traefik.enable=true",
  }),
  namespace: setting<string | undefined>({
    schema: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, "must be letters, digits, '_', '.', '-', 63 at most"),
    fallback: undefined,
    value: "NAME",
    help: "register only containers with this hecd.namespace; those without one when not given",
  }),
  "service-from": setting<"prefix" | "compose" | "project" | "image">({
    schema: z.enum(["prefix", "compose", "project", "image"]),
    fallback: "prefix",
    value: "SOURCE",
    help: "service of a container that names none: prefix (its last part), compose (the Compose service), project (project-service), image (its name)",
  }),
  layout: setting<readonly ("simple" | "json" | "registrator")[]>({
    schema: list
      .pipe(z.array(z.enum(["simple", "json", "registrator"], "must be simple, json or registrator")))
      .transform((layouts) => [...new Set(layouts)]),
    fallback: ["simple", "json"],
    value: "LAYOUT",
    help: "forms in which the store holds an instance, several at once: simple, json, registrator",
  }),
  "registrator-prefix": setting<string>({
    schema: prefix,
    fallback: "/services",
    value: "PREFIX",
    help: "where the keys of layout registrator go",
  }),
  ttl: setting<number>({
    schema: durationMs.refine((ms) => ms >= 5_000 && ms <= 3_600_000, "must be between 5s and 1h"),
    fallback: 30_000,
    value: "TIME",
    help: `what this host registered vanishes so long after its last sign of life; ${AS_TIME}`,
  }),
  "on-exit": setting<"release" | "revoke">({
    schema: z.enum(["release", "revoke"]),
    fallback: "release",
    value: "HOW",
    help: "on an orderly stop: release leaves the keys to the lease and the next agent, revoke removes them at once",
  }),
  "state-dir": setting<string>({
    schema: text,
    fallback: "/var/lib/hecd",
    value: "DIR",
    help: "where the agent keeps who it is, so that after a crash the next one takes over at once, a renderer the history of files in containers, and a push how far it has come; off for nowhere",
  }),
  "on-held": setting<"wait" | "exit">({
    schema: z.enum(["wait", "exit"]),
    fallback: "wait",
    value: "HOW",
    help: "while another living agent has this host id: wait and take over when it goes, or exit with 78",
  }),
  "on-conflict": setting<"refuse" | "suffix" | "replace">({
    schema: z.enum(["refuse", "suffix", "replace"]),
    fallback: "refuse",
    value: "HOW",
    help: "when a simple key is somebody else's: refuse waits for it, suffix registers NAME.HOST, replace writes over what hangs on no lease",
  }),
  resync: setting<number>({
    schema: durationMs.refine((ms) => ms >= 1_000, "must be at least 1s"),
    fallback: 30_000,
    value: "TIME",
    help: `how often everything is compared anew, besides the events; ${AS_TIME}`,
  }),
  "stale-after": setting<number>({
    schema: durationMs.refine((ms) => ms >= 10_000, "must be at least 10s"),
    fallback: 30_000,
    value: "TIME",
    help: `a renderer that has not known for so long what etcd holds is not ready; HAProxy serves on; ${AS_TIME}`,
  }),
  confdir: setting<string>({
    schema: text,
    fallback: "/etc/hecd",
    value: "DIR",
    help: "directory with conf.d/*.toml and templates/",
  }),
  "reload-slots": setting<number | undefined>({
    schema: z.coerce.number().int("must be a whole number").min(1, "must be at least 1").max(64, "must be at most 64"),
    fallback: undefined,
    value: "N",
    help: "how many HAProxies of the group are reloaded at once, by slots in the store, where a resource does not say so itself; each by itself when not given",
  }),
  "reload-group": setting<string>({
    schema: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, "must be letters, digits, '_', '.', '-', 63 at most"),
    fallback: "balancers",
    value: "NAME",
    help: "whose reloads those slots are for; all of a group must be told the same number",
  }),
  "reload-splay": setting<number>({
    schema: durationMs.refine((ms) => ms <= 600_000, "must be 10m at most"),
    fallback: 0,
    value: "TIME",
    help: "a reload is put off by a time of chance, this at most, so that those of many hosts are spread",
  }),
  "reload-slot-wait": setting<number>({
    schema: durationMs.refine((ms) => ms <= 3_600_000, "must be 1h at most"),
    fallback: 120_000,
    value: "TIME",
    help: "a reload that has got no slot for so long is made without one; after 10 s where the store does not answer",
  }),
  haproxy: setting<string>({
    schema: text,
    fallback: "haproxy",
    value: "FILE",
    help: "haproxy binary that judges configurations",
  }),
  once: setting<boolean>({ schema: flag, fallback: false, help: "bring every file up to date once, then exit" }),
  "dry-run": setting<boolean>({
    schema: flag,
    fallback: false,
    help: "show as a diff what would change; write nothing",
  }),
  "exit-code": setting<boolean>({
    schema: flag,
    fallback: false,
    help: "with --once: exit 0 when something changed, 2 when nothing did",
  }),
  "http-port": setting<number>({
    schema: portNumber,
    fallback: 8080,
    value: "PORT",
    help: "port on which HAProxy serves",
  }),
  "tls-certs": setting<string | undefined>({
    schema: z.string().transform((path) => (path === "" ? undefined : path)), // as templates take HECD_TLS_CERTS
    fallback: undefined,
    value: "DIR",
    help: "folder of PEM files, each a certificate with its chain and its key: HAProxy serves HTTPS, too",
  }),
  "https-port": setting<number>({
    schema: portNumber,
    fallback: 8443,
    value: "PORT",
    help: "port on which HAProxy serves HTTPS, where there are certificates",
  }),
  "run-dir": setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "DIR",
    help: "where HAProxy's configuration and sockets are kept; a temporary directory when not given",
  }),
  template: setting<string | undefined>({
    schema: text,
    fallback: undefined,
    value: "FILE",
    help: "template for haproxy.cfg; the stock HTTP template when not given",
  }),
  agent: setting<string>({
    schema: listen,
    fallback: "127.0.0.1:9180",
    value: "HOST:PORT",
    help: "status address of the agent; off when there is none here",
  }),
  renderer: setting<string>({
    schema: listen,
    fallback: "127.0.0.1:9181",
    value: "HOST:PORT",
    help: "status address of the renderer; off when there is none here",
  }),
  standalone: setting<boolean>({
    schema: flag,
    fallback: false,
    help: "look at Docker itself and decide with these settings, without asking an agent",
  }),
  "drain-delay": setting<number | undefined>({
    schema: durationMs.refine((ms) => ms <= 3_600_000, "must be 1h at most"),
    fallback: undefined,
    value: "TIME",
    help: `how long a container goes on draining before it is stopped; its label hecd.drain-delay, else 5s, when not given; ${AS_TIME}`,
  }),
  wait: setting<number>({
    schema: durationMs.refine((ms) => ms <= 3_600_000, "must be 1h at most"),
    fallback: 30_000,
    value: "TIME",
    help: `how long to wait: hecd run until the agent has registered the container, hecd push while it watches its canaries; ${AS_TIME}`,
  }),
  parallel: setting<number>({
    schema: countFrom(1, 64),
    fallback: 1,
    value: "N",
    help: "how many targets are brought up to date at a time",
  }),
  canary: setting<number>({
    schema: countFrom(0, 64),
    fallback: 0,
    value: "N",
    help: "how many of the first targets come before all others and are watched for a while",
  }),
  "canary-errors": setting<number>({
    schema: z.coerce.number({ error: PERCENT }).min(0, PERCENT).max(100, PERCENT),
    fallback: 5,
    value: "PERCENT",
    help: "a canary that answers more of its requests than this with 5xx gets its file before back, and ends the push",
  }),
  limit: setting<number>({
    schema: z.coerce
      .number()
      .int("must be a whole number")
      .min(1, "must be at least 1")
      .max(10_000, "must be at most 10000"),
    fallback: 20,
    value: "N",
    help: "how many entries are shown, the newest ones",
  }),
  for: setting<number | undefined>({
    schema: durationMs.refine((ms) => ms >= 1_000, "must be at least 1s"),
    fallback: undefined,
    value: "TIME",
    help: `how long the rollback lasts; until hecd resume when not given; ${AS_TIME}`,
  }),
  back: setting<boolean>({
    schema: flag,
    fallback: false,
    help: "go back to what served before the last switch",
  }),
  service: setting<readonly string[]>({
    schema: list,
    fallback: [],
    value: "NAME",
    help: "show only what names this service; repeat it or separate by commas",
  }),
  container: setting<readonly string[]>({
    schema: list,
    fallback: [],
    value: "NAME",
    help: "show only what names this container; repeat it or separate by commas",
  }),
  recent: setting<number>({
    schema: z.coerce
      .number()
      .int("must be a whole number")
      .min(0, "must be at least 0")
      .max(500, "must be at most 500"),
    fallback: 10,
    value: "N",
    help: "how many of the last events of each daemon come first, of the 500 that it remembers",
  }),
  watch: setting<boolean>({
    schema: flag,
    fallback: false,
    help: "show it anew at each change until Ctrl-C: in its place on a terminal, below it elsewhere; with --json an object a line",
  }),
  write: setting<boolean>({ schema: flag, fallback: false, help: "write the keys; without it they are only shown" }),
  overwrite: setting<boolean>({
    schema: flag,
    fallback: false,
    help: "write also the keys that are there with another value",
  }),
  "with-ending": setting<boolean>({
    schema: flag,
    fallback: false,
    help: "write also the keys that end by themselves, as ones that stay",
  }),
  json: setting<boolean>({ schema: flag, fallback: false, help: "print JSON for machines" }),
} as const;

/** The name of a setting: its flag without the dashes, its key in the file. */
export type SettingName = keyof typeof SETTINGS;

/** Every setting with its value, complete and checked. Read-only in type and in fact. */
export type Settings = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never;
} & {
  /** Those that somebody has said something about, by flag, environment or file; the others are defaults. */
  readonly given: ReadonlySet<SettingName>;
};
