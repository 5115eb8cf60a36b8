/** What a running HAProxy says of its backends and their servers. */
export interface ProxyStatistics {
  readonly backends: readonly BackendStatistics[];
  readonly servers: readonly ServerStatistics[];
}

/** A backend as a whole. */
export interface BackendStatistics {
  readonly name: string;
  /** Connections that are open now, and those that were opened in the last second. */
  readonly sessions: number;
  readonly rate: number;
  /** Answers of 5xx since its process began. */
  readonly serverErrors: number;
  /** How long the last requests took from their arrival to the end of the answer, in milliseconds on average; 0 before any. */
  readonly totalMs: number;
}

/** One server of a backend. */
export interface ServerStatistics {
  readonly backend: string;
  readonly name: string;
  /** `ip:port`, an IPv6 address in brackets; empty where HAProxy does not tell. */
  readonly address: string;
  /** HAProxy's own word: `UP`, `DOWN`, `MAINT`, `DRAIN`, `NOLB`, `no check`, with what stands behind it. */
  readonly status: string;
  readonly sessions: number;
  readonly rate: number;
  /** Answers of 5xx, and connections and answers that failed, since its process began. */
  readonly errors: number;
  readonly weight: number;
  /** What its last check has found, in HAProxy's words; empty where there is no check. */
  readonly check: string;
  /** How long it has been in this state. */
  readonly sinceSeconds: number;
}
