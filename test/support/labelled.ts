import { UNPROBED } from "../../src/core/decision/readiness.js";
import { decide, entriesOf } from "../../src/core/registry/registration.js";
import { container, context, published } from "./containers.js";

/** A container as its labels describe it, that is reached at a port of this machine. */
export interface Labelled {
  readonly name: string;
  readonly port: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly startedAt?: string;
}

/** What an agent writes of containers, of which some services are in maintenance. Throws where one is not registered. */
export function keysOf(
  containers: readonly Labelled[],
  maintained: readonly string[] = [],
): Readonly<Record<string, string>> {
  const here = { ...context, address: "127.0.0.1" };
  const all = containers.map(({ name, port, labels = {}, startedAt }) =>
    container(name, { ports: [published(80, port)], labels, ...(startedAt === undefined ? {} : { startedAt }) }),
  );
  const decided = decide(all, here, () => ({ ...UNPROBED, maintained: new Set(maintained) }));
  for (const { decision } of decided) if ("reason" in decision) throw new Error(decision.advice);
  return Object.fromEntries([...entriesOf(decided, here)].map(([key, { value }]) => [key, value]));
}
