import { count, type FlagKind, limit, oneOf, text, texts, time, switched } from "./kinds.js";

/** One flag of confd, which is also a key of confd.toml and, in the fork, a variable of the environment. */
export interface Flag<T> {
  readonly kind: FlagKind<T>;
  /** The value when nobody says anything, and what the fork has instead where it differs. */
  readonly fallback: T;
  readonly inFork?: T;
  readonly help: string;
  /** Its key in confd.toml, where it has one; `-` and `_` are the same there. */
  readonly key?: string;
  /** The fork takes it as text and reads it only later, so that a bad value is no matter of usage. */
  readonly isReadLater?: true;
  /** Taken, and of no consequence: it belongs to a backend that HECD does not have, or to a part that works otherwise. */
  readonly isIdle?: true;
}

function flag<T>(description: Flag<T>): Flag<T> {
  return description;
}

function idle<T>(kind: FlagKind<T>, fallback: T, help: string, key?: string): Flag<T> {
  return { kind, fallback, help, isIdle: true, ...(key !== undefined && { key }) };
}

const toggleOf = (help: string, key?: string): Flag<boolean> =>
  flag({ kind: switched, fallback: false, help, ...(key !== undefined && { key }) });
const textOf = (help: string, key?: string, fallback = ""): Flag<string> =>
  flag({ kind: text, fallback, help, ...(key !== undefined && { key }) });

/** A limit that only what hangs for good will meet: the classic has none. */
const TEN_MINUTES = 600_000;

/** Every flag of both confds, and HECD's own. */
const FLAGS = {
  backend: textOf(
    "where the keys are: etcd (etcdv3 is the same), redis, zookeeper, consul, env or file",
    "backend",
    "etcd",
  ),
  node: flag({
    kind: texts,
    fallback: [] as readonly string[],
    key: "nodes",
    help: "node of the backend; repeat it for several",
  }),
  file: flag({
    kind: texts,
    fallback: [] as readonly string[],
    key: "file",
    help: "YAML or JSON file or folder; repeat it for several (backend file)",
  }),
  filter: textOf("which files of a folder count (backend file)", "filter", "*"),
  confdir: textOf("folder of conf.d and templates", "confdir", "/etc/confd"),
  "config-file": textOf("confd's own settings; may be absent", "configfile", "/etc/confd/confd.toml"),
  interval: flag({ kind: count, fallback: 600, key: "interval", help: "seconds between two readings of the backend" }),
  onetime: toggleOf("bring every file up to date once, then exit", "onetime"),
  watch: toggleOf("follow the backend instead of reading it at intervals", "watch"),
  noop: toggleOf("only show what would change", "noop"),
  prefix: textOf("prefix of all keys: instead of that of a resource, or with --compat fork before it", "prefix"),
  "sync-only": toggleOf("run neither check_cmd nor reload_cmd", "sync-only"),
  "keep-stage-file": toggleOf("leave what was rendered beside its target", "keepstagefile"),
  compat: flag<"classic" | "fork">({
    kind: oneOf("classic", "fork"),
    fallback: "classic",
    help: "whose behaviour: classic is kelseyhightower/confd, fork is abtreece/confd",
  }),
  "log-level": textOf("panic, fatal, error, warn, info or debug", "log-level"),
  "log-format": flag<"" | "text" | "json">({
    kind: oneOf("", "text", "json"),
    isReadLater: true,
    fallback: "",
    key: "log-format",
    help: "text or json",
  }),
  verbose: toggleOf("the same as -log-level debug, as very old confds had it"),
  debug: toggleOf("the same as -log-level debug, as very old confds had it"),
  quiet: toggleOf("the same as -log-level error, as very old confds had it"),
  "basic-auth": toggleOf("use username and password (backends etcd, redis, zookeeper and consul)", "basic_auth"),
  username: textOf("user of the backend", "username"),
  password: textOf("password of the backend", "password"),
  "auth-token": textOf("token of the backend (consul)", "auth_token"),
  separator: textOf("what stands in the place of a slash in the names of keys (backend redis)", "separator"),
  "client-cert": textOf("PEM file of the client certificate", "client_cert"),
  "client-key": textOf("PEM file of the client key; the password itself with backend redis", "client_key"),
  "client-ca-keys": textOf("PEM file of the authority that signed the backend's certificate", "client_cakeys"),
  "client-insecure": idle(switched, false, "taken, but certificates are always verified", "client_insecure"),
  scheme: textOf("scheme of nodes that an SRV record names, and of Consul", "scheme", "http"),
  "srv-domain": textOf("domain whose record _BACKEND._tcp.DOMAIN names the nodes", "srv_domain"),
  "srv-record": textOf("SRV record that names the nodes", "srv_record"),
  "failure-mode": flag<"best-effort" | "fail-fast">({
    kind: oneOf("best-effort", "fail-fast"),
    fallback: "best-effort",
    key: "failure_mode",
    help: "with -onetime: go on after a failure, or stop at the first",
  }),
  "check-config": toggleOf("say what is wrong with the resources, then exit"),
  validate: toggleOf("say what is wrong with the templates, then exit"),
  "mock-data": textOf("JSON file whose keys the templates see (with -validate)"),
  resource: textOf("the only resource to look at (with -check-config or -validate)"),
  preflight: toggleOf("try to reach the backend and find the keys, then exit"),
  "preflight-timeout": flag({ kind: time, fallback: 10_000, key: "preflight_timeout", help: "limit of -preflight" }),
  diff: toggleOf("with -noop: print what would change as a unified diff"),
  "diff-context": flag({ kind: count, fallback: 3, help: "lines around each difference" }),
  color: toggleOf("colours in the diff"),
  debounce: flag({
    kind: time,
    isReadLater: true,
    fallback: 0,
    key: "debounce",
    help: "with -watch: how long the keys must have been quiet",
  }),
  "batch-interval": flag({
    kind: time,
    isReadLater: true,
    fallback: 0,
    key: "batch_interval",
    help: "with -watch: collect changes for so long",
  }),
  "check-cmd-timeout": flag({
    kind: limit,
    fallback: TEN_MINUTES,
    inFork: 30_000,
    key: "check_cmd_timeout",
    help: "limit of a check_cmd; 0 for none",
  }),
  "reload-cmd-timeout": flag({
    kind: limit,
    fallback: TEN_MINUTES,
    inFork: 60_000,
    key: "reload_cmd_timeout",
    help: "limit of a reload_cmd; 0 for none",
  }),
  "shutdown-timeout": flag({
    kind: time,
    fallback: 3_000,
    inFork: 30_000,
    key: "shutdown_timeout",
    help: "how long a reload may go on after SIGTERM",
  }),
  "systemd-notify": toggleOf("tell systemd when the first rendering is done", "systemd_notify"),
  "watchdog-interval": flag({
    kind: time,
    fallback: 0,
    key: "watchdog_interval",
    help: "tell systemd so often that all is well",
  }),
  "metrics-addr": textOf("HOST:PORT where /metrics, /health and /ready are served", "metrics_addr"),
  haproxy: textOf("haproxy binary that judges configurations (resources with a table [haproxy])", undefined, "haproxy"),
  "auth-type": idle(text, "", "for backends that HECD does not have", "auth_type"),
  "app-id": idle(text, "", "for backends that HECD does not have", "app_id"),
  "user-id": idle(text, "", "for backends that HECD does not have", "user_id"),
  "role-id": idle(text, "", "for backends that HECD does not have", "role_id"),
  "secret-id": idle(text, "", "for backends that HECD does not have", "secret_id"),
  path: idle(text, "", "for backends that HECD does not have", "path"),
  table: idle(text, "", "for backends that HECD does not have", "table"),
  "secret-keyring": idle(text, "", "taken; there are no crypt functions", "secret_keyring"),
  "acm-export-private-key": idle(switched, false, "for backends that HECD does not have", "acm_export_private_key"),
  "secretsmanager-version-stage": idle(
    text,
    "",
    "for backends that HECD does not have",
    "secretsmanager_version_stage",
  ),
  "secretsmanager-no-flatten": idle(
    switched,
    false,
    "for backends that HECD does not have",
    "secretsmanager_no_flatten",
  ),
  "imds-cache-ttl": idle(time, 0, "for backends that HECD does not have", "imds_cache_ttl"),
  "template-cache": idle(switched, true, "taken; templates are always read once", "template_cache"),
  "stat-cache-ttl": idle(time, 0, "taken; changed templates are seen at once", "stat_cache_ttl"),
  "backend-timeout": idle(time, 0, "taken; HECD's store has limits of its own", "backend_timeout"),
  "dial-timeout": idle(time, 0, "taken; HECD's store has limits of its own", "dial_timeout"),
  "read-timeout": idle(time, 0, "taken; HECD's store has limits of its own", "read_timeout"),
  "write-timeout": idle(time, 0, "taken; HECD's store has limits of its own", "write_timeout"),
  "retry-max-attempts": idle(count, 0, "taken; what is away is waited for", "retry_max_attempts"),
  "retry-base-delay": idle(time, 0, "taken; what is away is waited for", "retry_base_delay"),
  "retry-max-delay": idle(time, 0, "taken; what is away is waited for", "retry_max_delay"),
  "watch-error-backoff": idle(time, 0, "taken; what is away is waited for", "watch_error_backoff"),
} as const;

/** The name of a flag, without dashes in front. */
export type FlagName = keyof typeof FLAGS;

/** Every flag with its value. */
export type ConfdSettings = {
  readonly [Name in FlagName]: (typeof FLAGS)[Name] extends Flag<infer T> ? T : never;
};

/** All flags, in the order in which they are explained. */
export const FLAG_NAMES = Object.keys(FLAGS) as readonly FlagName[];

/** The flag of this name, whatever its kind. */
export function confdFlagOf(name: FlagName): Flag<unknown> {
  return FLAGS[name];
}

/** Whether there is a flag of this name. */
export function isFlag(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}
