import type { Decision } from "../core/decision/decision.js";
import type { Emit } from "../core/events/event.js";
import type { Objection } from "../core/model/reason.js";
import type { Decided } from "../core/registry/registration.js";

/** That it does not run, or has only just started, is no news. */
const EVERYDAY: ReadonlySet<Objection["reason"]> = new Set(["not-running", "not-listening", "answers-badly"]);

/** Tells what is news in the newest decisions: what of a container's labels was left aside, and why it is left out. */
export function tellDecisions(before: readonly Decided[], decided: readonly Decided[], emit: Emit): void {
  const known = new Map(before.map(({ container, decision }) => [container.id, decision]));
  for (const { container, decision } of decided) {
    const last = known.get(container.id);
    for (const advice of notesIn(decision)) {
      if (last && notesIn(last).includes(advice)) continue;
      emit({ kind: "advice", about: `Container ${container.name}`, advice });
    }
    const because = objectionIn(decision);
    if (!because || EVERYDAY.has(because.reason) || because.reason === (last && objectionIn(last)?.reason)) continue;
    const { reason, advice } = because;
    emit({ kind: "skipped", container: container.name, reason, advice, isKept: "instances" in decision });
  }
}

/** Whether any of these containers is of a service. */
export function hasService(service: string, decided: readonly Decided[]): boolean {
  return decided.some(
    ({ decision }) => "instances" in decision && decision.instances.some((instance) => instance.service === service),
  );
}

function objectionIn(decision: Decision): Objection | undefined {
  return "instances" in decision ? decision.because : decision;
}

/** Of a container that does not run they are told when it does. */
function notesIn(decision: Decision): readonly string[] {
  return "reason" in decision && EVERYDAY.has(decision.reason) ? [] : (decision.notes ?? []);
}
