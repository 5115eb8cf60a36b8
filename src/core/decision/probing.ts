import type { ServiceConfig } from "../labels/label-config.js";
import { readLabels } from "../labels/labels.js";
import type { Container } from "../model/container.js";
import type { DecisionContext } from "./context.js";
import { decisionOf } from "./decision.js";
import { networkOf } from "./endpoint.js";
import { UNPROBED } from "./readiness.js";

/** How one port of a container is probed. */
export interface ProbePlan {
  /** The container's own address and port: where a port is published somebody answers also while nobody listens. */
  readonly ip: string;
  readonly port: number;
  /** The path of an HTTP check; a TCP connection is enough when undefined. */
  readonly path: string | undefined;
  /** How often it is probed on after it has passed; never when undefined. */
  readonly intervalMs: number | undefined;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
}

/**
 * The probes that tell when a container listens: one for each TCP port that would be registered.
 *
 * None for a container with a HEALTHCHECK, which knows better, unless its labels ask for one; and none where it has no
 * address of its own.
 */
export function probesOf(container: Container, context: DecisionContext, isUsual: boolean): readonly ProbePlan[] {
  if (container.status !== "running") return [];
  const config = readLabels(container, context.compat);
  if ("reason" in config) return [];
  const decision = decisionOf({ ...container, health: "none", stopping: false }, context, UNPROBED);
  const instances = "instances" in decision ? decision.instances : [];
  return instances.flatMap(({ proto, ip, targetPort: port }) => {
    const ofPort = config.ports.find((one) => one.port === port && one.protocol !== "udp") ?? config;
    const type = ofPort.check?.type ?? (isUsual && container.health === "none" ? "tcp" : "off");
    const own = container.networkMode === "host" ? ip : ownAddress(container, ofPort.network ?? context.network);
    return proto === "tcp" && type !== "off" && own !== undefined ? [planOf(own, port, type, ofPort)] : [];
  });
}

function planOf(ip: string, port: number, type: "tcp" | "http", { check = {} }: ServiceConfig): ProbePlan {
  const { intervalMs, timeoutMs = 1_000, rise = 1, fall = 3 } = check;
  return { ip, port, path: type === "http" ? (check.path ?? "/") : undefined, intervalMs, timeoutMs, rise, fall };
}

function ownAddress(container: Container, network: string | undefined): string | undefined {
  const name = network === undefined ? undefined : networkOf(container, network);
  const addresses = name === undefined ? Object.values(container.networks) : [container.networks[name]];
  const found = addresses.find((each) => each?.ipv4 !== undefined) ?? addresses[0];
  return found?.ipv4 ?? found?.ipv6;
}
