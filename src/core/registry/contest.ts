import type { Instance } from "../model/instance.js";
import { SERVICES, simpleKey } from "../model/keys.js";
import type { Layouts } from "../model/layouts.js";
import { NAME } from "../text/patterns.js";
import type { Conflict, OnConflict } from "./conflict.js";
import { plan, type Transaction, type Write } from "./plan.js";
import { type Decided, entriesOf, heldEntries } from "./registration.js";

/** How a host registers: where its simple keys are, and what becomes of those that somebody else has. */
export interface Registering extends Layouts {
  readonly onConflict: OnConflict;
}

/**
 * The transactions that bring what is held in step with what was decided, with what is known of keys that are somebody
 * else's taken into account; see `OnConflict`.
 *
 * A name with a suffix stays while it is held, so that no server is renamed because another one goes.
 */
export function planAmong(
  conflicts: readonly Conflict[],
  decided: readonly Decided[],
  held: ReadonlyMap<string, string>,
  registering: Registering,
): readonly Transaction[] {
  const { prefix, onConflict } = registering;
  const named = onConflict === "suffix" ? withSuffixes(conflicts, decided, held, prefix) : decided;
  const desired = entriesOf(named, registering);
  const transactions = plan(desired, heldEntries(held, desired, registering));
  return onConflict === "replace" ? replacing(conflicts, transactions) : transactions;
}

/** Whether another plan that knows of these conflicts can do better than the one that has met them. */
export function hasAnswer(conflicts: readonly Conflict[], { onConflict }: Registering): boolean {
  switch (onConflict) {
    case "refuse":
      return false;
    case "suffix":
      return conflicts.some(isContested);
    case "replace":
      return conflicts.some(isReplaceable);
  }
}

/** Gives an instance whose simple key is somebody else's the name `<name>.<host>`, where that fits and is free here. */
function withSuffixes(
  conflicts: readonly Conflict[],
  decided: readonly Decided[],
  held: ReadonlyMap<string, string>,
  prefix: string,
): readonly Decided[] {
  const contested = new Set(conflicts.filter(isContested).map(({ key }) => key));
  const keyOf = ({ service }: Instance, name: string): string => simpleKey(prefix, service, name);
  const wanted = new Set(decided.flatMap(({ decision }) => instancesIn(decision).map((one) => keyOf(one, one.name))));
  const named = (instance: Instance): Instance => {
    const name = `${instance.name}.${instance.host}`;
    const [own, other] = [keyOf(instance, instance.name), keyOf(instance, name)];
    const isNeeded = contested.has(own) || (held.has(other) && !held.has(own));
    return isNeeded && NAME.test(name) && !wanted.has(other) ? { ...instance, name } : instance;
  };
  return decided.map(({ container, decision }) => ({
    container,
    decision: "instances" in decision ? { ...decision, instances: decision.instances.map(named) } : decision,
  }));
}

/** Lets the puts of keys that may be replaced do so. */
function replacing(conflicts: readonly Conflict[], transactions: readonly Transaction[]): readonly Transaction[] {
  const versions = new Map(conflicts.filter(isReplaceable).map(({ key, version }) => [key, version]));
  const over = (write: Write): Write => {
    const version = versions.get(write.key);
    return write.kind === "put" && version !== undefined ? { ...write, over: version } : write;
  };
  return transactions.map((transaction) => transaction.map(over));
}

/** A record is under a name that no other host has: who writes there is to be told of, not to be fought. */
function isContested({ key, agrees }: Conflict): boolean {
  return !agrees && !key.startsWith(`${SERVICES}/`);
}

/** What hangs on a lease belongs to somebody who lives, and two who replaced one another would never come to rest. */
function isReplaceable(conflict: Conflict): boolean {
  return isContested(conflict) && !conflict.leased;
}

function instancesIn(decision: Decided["decision"]): readonly Instance[] {
  return "instances" in decision ? decision.instances : [];
}
