import type { Container, Stopping } from "../model/container.js";
import type { Placement } from "./placement.js";
import { type ProbePlan, probesOf, type Standpoint } from "./probing.js";
import type { ProbeResult } from "./readiness.js";
import { networkOwner } from "./shared-network.js";

/** How much longer than the time it asks for a container is believed to be ending. */
const LATE_MS = 5_000;

/** That a container has been told to stop: it itself, or the one whose network ends with that one and takes its own along. */
export function stoppingOf(container: Container, others: ReadonlyMap<string, Container>): Stopping | undefined {
  return container.stopping ?? networkOwner(container, others)?.stopping;
}

/**
 * For how long a container that was told to stop is believed to be ending, whatever it seems to do: as long as stops
 * `usualMs` last, and longer where it asks for more, or the one whose network it lives in.
 */
export function graceMsOf(container: Container, others: ReadonlyMap<string, Container>, usualMs: number): number {
  const askedMs = Math.max(container.stopTimeoutMs, networkOwner(container, others)?.stopTimeoutMs ?? 0);
  return Math.max(usualMs, askedMs + LATE_MS);
}

/**
 * The probes by which a container that lives on after a stop is seen to serve: those of all its TCP ports that listened
 * before, also where its HEALTHCHECK was enough to register it. None where containers are not probed as is usual, nor by
 * its labels, and none where it cannot be probed from here.
 */
export function sightingProbesOf(
  container: Container,
  placement: Placement,
  standpoint: Standpoint,
  found: (port: number) => ProbeResult,
): readonly ProbePlan[] {
  const probings = [...probesOf({ ...container, health: "none" }, placement, standpoint)];
  return probings.flatMap(([port, probing]) => {
    const result = found(port);
    return "unreachable" in probing || result === "pending" || result === "unfit" ? [] : [probing];
  });
}

/**
 * Whether a container that lives on after a stop serves at this moment: it runs, every one of its `probes` has passed, and its
 * HEALTHCHECK does not speak against it. Where there is nothing to probe, a HEALTHCHECK has to speak for it.
 */
export function isSeenToServe({ status, health }: Container, passed: readonly boolean[]): boolean {
  if (status !== "running" || passed.includes(false)) return false;
  return health === "healthy" || (health === "none" && passed.length > 0);
}
