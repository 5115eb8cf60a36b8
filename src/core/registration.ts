import type { Container } from "./container.js";
import { formatInstance, type Instance, parseInstance } from "./instance.js";
import { recordKey, SERVICES, simpleKey } from "./keys.js";
import { type Decision, decisionOf } from "./decision.js";
import type { Facts } from "./facts.js";
import type { Entry } from "./plan.js";
import type { Standing } from "./readiness.js";
import { objection } from "./reason.js";

/** A container and what becomes of it. */
export interface Decided {
  readonly container: Container;
  readonly decision: Decision;
}

/**
 * Decides on all containers of a host.
 *
 * Of two that want the same key the one that started first has it, so that a newcomer never takes the place of one
 * that serves already.
 */
export function decide(
  containers: readonly Container[],
  facts: Facts,
  standingOf: (container: Container) => Standing,
): readonly Decided[] {
  const holders = new Map<string, Container>();
  return [...containers].sort(byStart).map((container) => {
    const decision = decisionOf(container, facts, standingOf(container));
    if (!("instances" in decision)) return { container, decision };
    const keys = decision.instances.map((instance) => simpleKeyOf(instance, facts.prefix));
    const taken = keys.find((key) => holders.has(key));
    const holder = taken === undefined ? undefined : holders.get(taken);
    if (taken !== undefined && holder) {
      const advice = `Container ${holder.name} has the key ${taken} already; give this one another name or label hecd.name`;
      return { container, decision: objection("key-conflict", advice) };
    }
    for (const key of keys) holders.set(key, container);
    return { container, decision };
  });
}

/**
 * All keys of these decisions: for each instance its record, and the simple key while it serves. The keys of a
 * container change together.
 */
export function entriesOf(decided: readonly Decided[], prefix: string): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const { decision } of decided) {
    for (const instance of "instances" in decision ? decision.instances : []) {
      const unit = instance.container.id;
      if (instance.state === "up") entries.set(simpleKeyOf(instance, prefix), { value: instance.addr, unit });
      entries.set(recordKey(instance.service, instance.id), { value: formatInstance(instance), unit });
    }
  }
  return entries;
}

/** Says of held keys which container each belongs to: its record tells, and so does the simple key beside it. */
export function heldEntries(held: ReadonlyMap<string, string>, prefix: string): ReadonlyMap<string, Entry> {
  const owners = new Map<string, string>();
  for (const [key, value] of held) {
    if (!key.startsWith(`${SERVICES}/`)) continue;
    const instance = parseInstance(value);
    if ("refused" in instance) continue;
    owners.set(key, instance.container.id);
    owners.set(simpleKeyOf(instance, prefix), instance.container.id);
  }
  return new Map([...held].map(([key, value]) => [key, { value, unit: owners.get(key) ?? key }]));
}

function simpleKeyOf({ service, name }: Instance, prefix: string): string {
  return simpleKey(prefix, service, name);
}

function byStart(a: Container, b: Container): number {
  // A container that was never started has the year 1, and no instance either.
  return Date.parse(a.startedAt) - Date.parse(b.startedAt) || (a.id < b.id ? -1 : 1);
}
