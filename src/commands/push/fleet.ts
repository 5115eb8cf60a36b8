import type { TargetReport } from "../../core/fleet/report.js";
import type { FleetTarget } from "../../core/fleet/target.js";

/** What became of a target, without its name. */
export type TargetResult = Omit<TargetReport, "target">;

/** What a push is made with. */
export interface FleetParts {
  readonly targets: readonly FleetTarget[];
  /** How many targets are brought up to date at a time. */
  readonly parallel: number;
  /** So many of the first targets come before all others. */
  readonly canaries: number;
  /** Brings the file to one target; rejects by the signal alone. */
  readonly bring: (target: FleetTarget, signal: AbortSignal) => Promise<TargetResult>;
  /** Watches the canaries that were changed for a while; resolves to what is wrong with those that are not well. */
  readonly watch: (
    canaries: readonly FleetTarget[],
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<FleetTarget, TargetResult>>;
  /** Hears of each target that is begun, and of each that is done. */
  readonly onBegin: (target: FleetTarget) => void;
  readonly onEnd: (report: TargetReport) => void;
}

/**
 * Brings a file to all targets of a fleet: the canaries first, which are then watched, then the others in their order, so many
 * at a time. Begins no other one once one has failed; those that are under way come to their end.
 */
export async function pushToAll(parts: FleetParts, signal: AbortSignal): Promise<readonly TargetReport[]> {
  const { targets, canaries: count, watch } = parts;
  const results = new Map<FleetTarget, TargetResult>();
  const canaries = targets.slice(0, count);
  const isFine = (): boolean => [...results.values()].every(({ result }) => result !== "failed");
  await bringAll(canaries, results, parts, signal);
  const changed = canaries.filter((target) => results.get(target)?.result === "changed");
  if (changed.length > 0 && isFine()) {
    for (const [target, result] of await watch(changed, signal)) {
      results.set(target, result);
      parts.onEnd({ target: target.name, ...result });
    }
  }
  if (isFine()) await bringAll(targets.slice(count), results, parts, signal);
  return targets.map((target) => ({ target: target.name, ...(results.get(target) ?? { result: "not tried" }) }));
}

async function bringAll(
  targets: readonly FleetTarget[],
  results: Map<FleetTarget, TargetResult>,
  { parallel, bring, onBegin, onEnd }: FleetParts,
  signal: AbortSignal,
): Promise<void> {
  const rest = targets.values();
  let hasFailed = false;
  const work = async (): Promise<void> => {
    for (const target of rest) {
      signal.throwIfAborted();
      onBegin(target);
      const result = await bring(target, signal);
      results.set(target, result);
      onEnd({ target: target.name, ...result });
      hasFailed ||= result.result === "failed";
      if (hasFailed) return;
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
}
