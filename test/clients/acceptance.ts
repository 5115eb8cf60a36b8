import type { Result } from "./measure.js";
import { STYLES } from "./styles.js";

/**
 * In what a result falls short of what clients are promised, in words; empty where it does not.
 *
 * Where another server was there, or requests are held, nothing fails. Where neither was, nothing fails any more once the
 * only container has listened for a tenth of a second. No act on servers takes a reload.
 */
export function shortcomingsOf(result: Result): readonly string[] {
  const { act, style, servers, failed, late, hung, reloads, allCame } = result;
  const isHeld = STYLES.some(({ name, holdMs }) => name === style && holdMs > 0);
  const owed = servers > 1 || isHeld ? failed : late;
  const spare = act === "HAProxy reloaded by hand" ? 1 : 0;
  return [
    ...(owed > 0 ? [`${owed} failed`] : []),
    ...(hung > 0 ? [`${hung} hung`] : []),
    ...(reloads > spare ? [`${reloads - spare} ${reloads - spare === 1 ? "reload" : "reloads"}`] : []),
    ...(allCame ? [] : ["not served again"]),
  ];
}

/** Above this HECD cannot be as quick as it is: its agents look at the engine, and its leases are renewed, by the second. */
const STILL_MS = 500;

/** Whether a result falls short and proves nothing, since the machine stood still meanwhile. */
export function isInDoubt(result: Result): boolean {
  return result.stoodStillMs > STILL_MS && shortcomingsOf(result).length > 0;
}
