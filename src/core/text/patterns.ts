/** What may be a service, a host id or a container's name: legal in a key, in HAProxy and in a file name. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** How many characters such a name has at most. */
export const LONGEST_NAME = 63;

/** Host names as routing rules take them: `example.org`, `*.example.org`. */
export const HOST_NAME =
  /^(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

/** Path prefixes as routing rules take them: no space, quote, comment, escape or variable. */
export const PATH_PREFIX = /^\/[A-Za-z0-9._~!&*+,;=:@%/-]{0,255}$/;

/** Path prefixes that are taken off, which stand where `%` has a meaning. */
export const STRIPPED_PATH = /^\/[A-Za-z0-9._~!&*+,;=:@-][A-Za-z0-9._~!&*+,;=:@/-]{0,254}(?<!\/)$/;

/** Addresses and networks in CIDR form, without a zone. */
export const NETWORK_RANGE = /^[0-9a-fA-F:.]{2,45}(\/[0-9]{1,3})?$/;

/** How many such ranges one line of HAProxy has room for, among its 64 words. */
export const MOST_RANGES = 48;

/** Paths of checks: as those of routes, and with a query. */
export const CHECK_PATH = /^\/[A-Za-z0-9._~!&*+,;=:@%?/-]{0,255}$/;

/** What checks take for a success: statuses and ranges of them. */
export const STATUS_RANGES = /^[1-5][0-9]{2}(-[1-5][0-9]{2})?(,[1-5][0-9]{2}(-[1-5][0-9]{2})?){0,15}$/;

/**
 * Names of headers, in lower case. None by which a message is told from the next one, none that decides where a request
 * goes, and no password.
 */
export const HEADER_KEY =
  /^(?!(authorization|connection|content-length|expect|host|keep-alive|proxy-[a-z-]*|te|trailer|transfer-encoding|upgrade|x-forwarded-prefix)$)[a-z0-9][a-z0-9_-]{0,62}$/;

/** Values of headers: printable ASCII without a blank at either end; nothing where the header is taken away. */
export const HEADER_TEXT = /^([\x21-\x7e]([\x20-\x7e]{0,510}[\x21-\x7e])?)?$/;

/** Requests in a time, which HAProxy can count. */
export const RATE = /^[1-9][0-9]{0,6}\/[1-9][0-9]{0,7}(ms|s)$/;

/** Names in `meta`. */
export const META_KEY = /^[a-z0-9][a-z0-9_.-]{0,62}$/;

/** A text for people and programs, never for a configuration: one printable line. */
export const TEXT = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]{1,512}$/u;

/** A text that is one harmless word in any configuration. */
export const WORD = /^[A-Za-z0-9._~+,=:@/?-]{1,128}$/;

/** What a server may speak. */
export const SCHEMES = ["http", "https", "h2c"] as const;

/** The versions of the PROXY protocol, by which a server is told who its client is. */
export const PROXY_PROTOCOLS = ["v1", "v2"] as const;

/** The ways of sharing work among servers that need no further words in HAProxy. */
export const BALANCES = ["roundrobin", "leastconn", "static-rr", "first", "source", "random"] as const;
