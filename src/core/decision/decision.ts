import type { Container } from "../model/container.js";
import type { Instance } from "../model/instance.js";
import { type Objection, withNotes } from "../model/reason.js";
import type { DecisionContext } from "./context.js";
import { placementOf } from "./placement.js";
import { readinessOf, readyInstances, type RuntimeStatus } from "./readiness.js";

/**
 * What becomes of a container: its instances, with the reason why none of them serves if so, and with notes: what of
 * its labels was left aside, and what could not be probed; or why there are none.
 */
export type Decision =
  | {
      readonly instances: readonly Instance[];
      readonly because?: Objection | undefined;
      readonly notes?: readonly string[] | undefined;
    }
  | Objection;

/**
 * Decides on one container: its placement says what it is to be registered as, its readiness in which state.
 * `others` are all containers of the host by their ids, since one may live in the network of another.
 *
 * Where several things are the matter, the first of these counts: it is not wanted; it is out as a whole; it cannot be
 * reached; none of its ports serves. Never throws: everything in a label is somebody else's text.
 */
export function decisionOf(
  container: Container,
  context: DecisionContext,
  runtimeStatus: RuntimeStatus,
  others?: ReadonlyMap<string, Container>,
): Decision {
  const placement = placementOf(container, context, others);
  if ("reason" in placement) return placement;
  const { health, ports, notes } = placement;
  const whole = readinessOf(container, health, runtimeStatus);
  if (whole.state === "out") return withNotes(whole.because, notes);
  if ("reason" in ports) return withNotes(ports, notes);
  const { instances, because, notes: unprobed } = readyInstances(ports, whole, runtimeStatus);
  if (instances.length === 0 && because) return withNotes(because, notes);
  const allNotes = [...notes, ...unprobed];
  return { instances, ...(because ? { because } : {}), ...(allNotes.length > 0 ? { notes: allNotes } : {}) };
}
