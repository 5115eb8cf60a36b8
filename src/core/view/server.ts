/** Servers that do the same. One without servers is known from records of instances that are not up. */
export interface Service {
  readonly name: string;
  /** By name. */
  readonly servers: readonly Server[];
  /** The host names that its records ask for, in lower case. */
  readonly hosts: readonly string[];
  /** The path prefixes that its records ask for, without a slash at the end but for `/` itself. */
  readonly paths: readonly string[];
  /** How long a request waits for a server while none can be used: the longest that its records ask for, else empty. */
  readonly hold: string;
  /** `http`, `tcp`, or empty where nothing is said; this and all below as the newest record has it that says so. */
  readonly mode: string;
  readonly tcp: ServiceTcp;
  /** In HAProxy's words; empty where nothing is said. */
  readonly balance: string;
  /** Whether a client stays with its server. */
  readonly sticky: boolean;
  /** The path prefix that is taken off, empty for none; and how long that is. */
  readonly strip: string;
  readonly stripLength: number;
  /** The addresses and networks whose clients alone may use it, separated by blanks; empty where all may. */
  readonly allow: string;
  /** 0 where nothing is said. */
  readonly priority: number;
  /** The port of HTTPS that requests in the clear are led to, as clients see it; 0 for nowhere. */
  readonly redirectPort: number;
  readonly rate: ServiceRate;
  /** The file of users who alone may use it; empty where all may. */
  readonly auth: string;
  /** Whether there is anybody in that file; false in a template that does not ask for `userLists`. */
  readonly hasUsers: boolean;
  readonly headers: ServiceHeaders;
  /** Whether anything is done to its requests or answers, or keeps some out: by all from `strip` to `headers`. */
  readonly hasRules: boolean;
  readonly check: ServiceCheck;
  readonly timeouts: ServiceTimeouts;
  /** Whether it has no server since somebody has put it into maintenance. */
  readonly isMaintained: boolean;
  /** What is answered then, where there is a page of its own for that; empty in a template that does not ask for `errorPages`. */
  readonly maintenancePage: string;
  /** Whether any of its records says how much its server gets at once. */
  readonly isLimited: boolean;
  /** Whether any of its records wants the certificate of its server verified. */
  readonly isVerified: boolean;
}

/** How a service of TCP is reached. */
interface ServiceTcp {
  /** The port of HAProxy that its labels ask for; 0 where they ask for none. */
  readonly port: number;
  /** The names by which clients ask for it by TLS, which HAProxy passes on as it comes; in lower case. */
  readonly sni: readonly string[];
  /** Whether HAProxy speaks TLS to its clients at its ports. */
  readonly isTls: boolean;
}

/** What checks of a service ask. */
interface ServiceCheck {
  readonly isHttp: boolean;
  /** `/` where nothing is said. */
  readonly path: string;
  /** The name that is asked for; empty where nothing is said. */
  readonly host: string;
  /** How long one may take; empty where nothing is said. */
  readonly timeout: string;
  /** The statuses of a success, such as `200-299,404`; empty where nothing is said. */
  readonly status: string;
}

/** How many requests, or connections, one address may make in which time; 0 and empty where nothing is said. */
interface ServiceRate {
  readonly requests: number;
  readonly time: string;
}

/** What requests and answers are given, each by name. */
interface ServiceHeaders {
  readonly request: readonly Header[];
  readonly response: readonly Header[];
}

/** A header to be set; to be taken away where its value is empty. */
export interface Header {
  readonly name: string;
  readonly value: string;
  /** The value as one word of HAProxy's that means itself, where it reads a format. */
  readonly word: string;
}

/** How long a service is waited for; each is empty where nothing is said. */
interface ServiceTimeouts {
  readonly connect: string;
  readonly server: string;
  readonly tunnel: string;
}

/**
 * One address of a service.
 *
 * The name is `<container>:<ip>:<port>` and so depends on nothing but the server itself: it means one address for ever
 * (HAProxy's state file and its old workers cannot mix two up), two hosts may have containers of one name, and no
 * server is renamed because another one comes or goes.
 */
export interface Server {
  readonly name: string;
  /** The container's name, or the last part of the key. */
  readonly container: string;
  /** `ip:port`, an IPv6 address in brackets. */
  readonly addr: string;
  readonly ip: string;
  readonly port: number;
  /** 0 to 256; 100 where nothing is said. */
  readonly weight: number;
  readonly backup: boolean;
  /** `http` where nothing is said. */
  readonly scheme: string;
  /** How it speaks TLS; undefined where it does not. */
  readonly tls: ServerTls | undefined;
  /** Whether it speaks HTTP/2 in the clear. */
  readonly isH2c: boolean;
  /** How much it gets at once; 0 for as much as comes. */
  readonly maxconn: number;
  /** HAProxy's word by which it is told who its client is; empty where it is not. */
  readonly sendProxy: string;
  /**
   * Names it to clients that stay with it: one harmless word, the same wherever its container moves on its host. Empty
   * where the service is not sticky.
   */
  readonly cookie: string;
  /** Those that are one word each; a template can write them anywhere. */
  readonly tags: readonly string[];
  /** Whatever else its record says, by name; those that are one word each. */
  readonly meta: Readonly<Record<string, string>>;
  readonly check: ServerCheck;
}

/** How a server speaks TLS. */
interface ServerTls {
  /** Whether its certificate must be signed by a known authority, and valid for `sni` where that is said. */
  readonly verify: boolean;
  /** The name that it is asked for; empty where nothing is said. */
  readonly sni: string;
}

/** How one server is checked: as its record says, else empty or 0. */
export interface ServerCheck {
  readonly type: string;
  readonly path: string;
  readonly interval: string;
  readonly timeout: string;
  readonly rise: number;
  readonly fall: number;
  /** Whether it is not checked at all. */
  readonly isOff: boolean;
  /** The name that checks ask for by TLS; empty where nothing is said, or where they speak none. */
  readonly sni: string;
  /** What its checks speak where that is not what it speaks itself: `tls`, `clear`, or empty. */
  readonly isTls: boolean;
  readonly isClear: boolean;
  /** `h1` or `h2` where that is not what its requests are, else empty. */
  readonly proto: string;
}

/** A key that is not in the view. */
export interface LeftOut {
  readonly key: string;
  readonly reason: string;
}
