/** All that somebody has said about a container, read from labels or variables of any dialect, and checked. */
export interface Wishes extends ServiceWishes {
  /** Whether it is to be registered at all; undefined when nobody said. */
  readonly enable?: boolean | undefined;
  /** How much of its HEALTHCHECK counts; the agent's own setting when undefined. */
  readonly health?: HealthPolicy | undefined;
  /** How long it goes on as draining before `hecd stop` ends it, in milliseconds. */
  readonly drainDelayMs?: number | undefined;
  /** The container ports to register, each with what was said of it alone; empty for one port of the agent's choice. */
  readonly ports: readonly PortWishes[];
}

/** What was said of one port of a container; it goes before what was said of the whole. */
export interface PortWishes extends ServiceWishes {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

/** What can be said of a service, of the whole container or of one of its ports. */
export interface ServiceWishes {
  readonly service?: string | undefined;
  /** The last part of the simple key. */
  readonly name?: string | undefined;
  readonly ip?: string | undefined;
  /** The network whose address is registered, with the container's own port. */
  readonly network?: string | undefined;
  /** 0 to 256, HAProxy's range. */
  readonly weight?: number | undefined;
  readonly backup?: boolean | undefined;
  readonly hosts?: readonly string[] | undefined;
  readonly paths?: readonly string[] | undefined;
  readonly check?: CheckWishes | undefined;
}

/** How the agent itself finds out that a container can serve; what is undefined is for the agent to choose. */
export interface CheckWishes {
  readonly type?: "tcp" | "http" | "off" | undefined;
  /** The path of an HTTP check. */
  readonly path?: string | undefined;
  readonly intervalMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
  /** How many successes in a row make it serve, how many failures in a row end that. */
  readonly rise?: number | undefined;
  readonly fall?: number | undefined;
}

/** `strict`: only while healthy; `lenient`: also while it has yet to become so; `off`: whatever it is. */
export type HealthPolicy = "strict" | "lenient" | "off";
