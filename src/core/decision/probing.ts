import type { ServiceConfig } from "../labels/label-config.js";
import type { Container } from "../model/container.js";
import type { Placement } from "./placement.js";

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
 * The probes that tell when a container listens: one for each TCP port of its placement.
 *
 * None while it does not run. None for a container with a HEALTHCHECK, which knows better, unless its labels ask for
 * one; and none where it has no address of its own.
 */
export function probesOf(
  { status, health }: Pick<Container, "status" | "health">,
  placement: Placement,
  isUsual: boolean,
): readonly ProbePlan[] {
  if (status !== "running" || "reason" in placement || "reason" in placement.ports) return [];
  const byDefault = isUsual && health === "none" ? "tcp" : "off";
  return placement.ports.flatMap(({ chosen: { port, protocol, config }, ownIp }) => {
    const type = config.check?.type ?? byDefault;
    return protocol === "tcp" && type !== "off" && ownIp !== undefined ? [planOf(ownIp, port, type, config)] : [];
  });
}

function planOf(ip: string, port: number, type: "tcp" | "http", { check = {} }: ServiceConfig): ProbePlan {
  const { intervalMs, timeoutMs = 1_000, rise = 1, fall = 3 } = check;
  return { ip, port, path: type === "http" ? (check.path ?? "/") : undefined, intervalMs, timeoutMs, rise, fall };
}
