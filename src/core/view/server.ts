import type { Check } from "../model/instance.js";

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
  /** Those that are one word each; a template can write them anywhere. */
  readonly tags: readonly string[];
  /** Whatever else its record says, by name; those that are one word each. */
  readonly meta: Readonly<Record<string, string>>;
  /** How it is to be checked, as far as its record says. */
  readonly check: Check;
}

/** A key that is not in the view. */
export interface LeftOut {
  readonly key: string;
  readonly reason: string;
}
