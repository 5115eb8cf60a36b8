import type { PortConfig, ServiceConfig } from "./label-config.js";

/** The dialects besides our own that labels may be written in, the strongest first. */
export const DIALECTS = ["registrator", "traefik", "nginx-proxy", "easyhaproxy"] as const;

/** One of them. */
export type Dialect = (typeof DIALECTS)[number];

/** What a container says in one dialect, before the dialects are weighed against one another. */
export interface Statement {
  readonly whole: ServiceConfig;
  /** What is said of single ports. */
  readonly ofPort: ReadonlyMap<number, ServiceConfig>;
  /** The ports that it asks for, in rising order. */
  readonly named: readonly NamedPort[];
  /** What did not fit, in sentences. */
  readonly faults: readonly string[];
}

/** A port that is to be registered, and who says so. */
export type NamedPort = Pick<PortConfig, "port" | "protocol" | "namedBy" | "dispensable">;
