/** What the running HAProxy accepts at run time. */
export interface Capabilities {
  readonly version: string;
  /** Whether servers can be added and deleted. */
  readonly canAdd: boolean;
  /** The words of a server that `add server` takes, with the number of words that follow each. */
  readonly serverWords: ReadonlyMap<string, number>;
}

// Only words with which a server added at run time is what the same words in a file make of it; `track`, `source`,
// agents and certificates bring more with them and are left to a reload.
const FLAGS = [
  "allow-0rtt",
  "backup",
  "check",
  "check-send-proxy",
  "check-ssl",
  "no-ssl-reuse",
  "no-tls-tickets",
  "send-proxy",
  "send-proxy-v2",
  "send-proxy-v2-ssl",
  "send-proxy-v2-ssl-cn",
  "ssl",
  "tfo",
  "tls-tickets",
];
const WITH_A_VALUE = [
  "addr",
  "alpn",
  "check-alpn",
  "check-proto",
  "check-sni",
  "ciphers",
  "ciphersuites",
  "downinter",
  "error-limit",
  "fall",
  "fastinter",
  "inter",
  "maxconn",
  "maxqueue",
  "minconn",
  "observe",
  "on-error",
  "on-marked-down",
  "on-marked-up",
  "pool-low-conn",
  "pool-max-conn",
  "pool-purge-delay",
  "port",
  "proto",
  "rise",
  "slowstart",
  "ssl-max-ver",
  "ssl-min-ver",
  "verify",
  "verifyhost",
  "weight",
  "ws",
];
const SINCE_3_2 = ["init-state", "idle-ping"];

/** What a version can do, as it names itself; one that is not understood can do nothing. */
export function capabilitiesOf(version: string): Capabilities {
  const rank = rankOf(version);
  const valued = rank >= 302 ? [...WITH_A_VALUE, ...SINCE_3_2] : WITH_A_VALUE;
  return {
    version,
    canAdd: rank >= 206,
    serverWords: new Map([...FLAGS.map((word) => [word, 0] as const), ...valued.map((word) => [word, 1] as const)]),
  };
}

/** Whether a master answers `reload` with its outcome; before 2.7 its processes have to tell. */
export function answersReload(version: string): boolean {
  return rankOf(version) >= 207;
}

function rankOf(version: string): number {
  const [, major = "0", minor = "0"] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) * 100 + Number(minor);
}
