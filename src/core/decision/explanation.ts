import { parseInstance } from "../model/instance.js";
import type { Reason } from "../model/reason.js";
import { shortId } from "./new-instance.js";

/** What has become of a container, and why, for the person who wonders. */
export interface Explanation {
  readonly id: string;
  readonly name: string;
  /** `registered` and `draining` are in the store; `pending` will be; `would-register` says what an agent would do. */
  readonly status: "registered" | "draining" | "pending" | "would-register" | "conflict" | "left-out";
  /** Why it is not simply registered; undefined when it is. */
  readonly reason?: string | undefined;
  /** The sentence to the reason: what is the matter, and what to change. */
  readonly advice?: string | undefined;
  readonly instances: readonly ExplainedInstance[];
  /** What of its labels was left aside, and what could not be probed. */
  readonly notes?: readonly string[] | undefined;
  /** What the store holds of it, or what it would hold. */
  readonly keys: Readonly<Record<string, string>>;
}

/** What there is to say of an instance. */
export interface ExplainedInstance {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly addr: string;
  readonly port: number;
  readonly targetPort: number;
  readonly state: string;
  readonly health: string;
  readonly weight: number;
  /** Whether somebody has asked that it gets no new work. */
  readonly drained?: boolean | undefined;
  /** Whether somebody has put its service into maintenance. */
  readonly maintenance?: boolean | undefined;
}

/** A container with what was decided on it. */
export interface DecidedContainer {
  readonly id: string;
  readonly name: string;
  readonly decision:
    | {
        readonly instances: readonly ExplainedInstance[];
        readonly because?: Because | undefined;
        readonly notes?: readonly string[] | undefined;
      }
    | Because;
}

/** A reason and its sentence; the reasons of another version may be others than ours. */
interface Because {
  readonly reason: string;
  readonly advice: string;
  readonly notes?: readonly string[] | undefined;
}

/** What an agent holds in the store, and what keeps it from holding more. */
export interface Holdings {
  readonly registered: Readonly<Record<string, string>>;
  readonly conflicts: readonly { readonly key: string; readonly held: string; readonly agrees: boolean }[];
  readonly waitingFor: readonly string[];
}

const UNSEEN: ReadonlySet<string> = new Set<Reason>(["unreadable", "no-answer"]);

/** Explains what an agent has decided by what it holds. */
export function explainHeld(container: DecidedContainer, { registered, conflicts, waitingFor }: Holdings): Explanation {
  const { id, name, decision } = container;
  if (!("instances" in decision)) return leftOut(container, decision, keptOf(container, decision, registered));
  const { instances, because, notes } = decision;
  const keys = keysOf(container.id, instances, registered);
  const about = { id, name, instances, notes, keys };
  const conflict = conflicts.find(({ key }) => instances.some((instance) => key.endsWith(simpleEnd(instance))));
  if (conflict) {
    const hasOther = instances.some(({ addr }) => Object.values(keys).includes(addr));
    const status = conflict.agrees || hasOther ? "registered" : "conflict";
    return { ...about, status, ...objectionTo(conflict, hasOther) };
  }
  if (because) return { ...about, status: "draining", reason: because.reason, advice: because.advice };
  if (Object.keys(keys).length > 0) return { ...about, status: "registered" };
  const waits = waitingFor.length === 0 ? "" : `; the agent waits for ${waitingFor.join(", ")}`;
  return { ...about, status: "pending", reason: "not-written", advice: `It is not in the store yet${waits}` };
}

/** Explains what an agent would do, by the keys that it would write. */
export function explainWanted(container: DecidedContainer, keys: Readonly<Record<string, string>>): Explanation {
  const { id, name, decision } = container;
  if (!("instances" in decision)) return leftOut(container, decision);
  const { instances, because, notes } = decision;
  const { reason, advice } = because ?? {};
  return { id, name, status: "would-register", reason, advice, instances, notes, keys };
}

/** One sentence, for messages of other commands. */
export function sentenceOf({ name, status, reason, advice }: Explanation): string {
  const why = reason === undefined ? "" : ` (${reason}): ${advice ?? ""}`;
  switch (status) {
    case "registered":
      return `${name} is registered${why}`;
    case "would-register":
      return `${name} would be registered${why}`;
    case "draining":
      return `${name} is registered and gets no new work${why}`;
    case "conflict":
    case "pending":
    case "left-out":
      return `${name} is not registered${why}`;
  }
}

function leftOut(
  { id, name }: DecidedContainer,
  { reason, advice, notes }: Because,
  kept: Readonly<Record<string, string>> = {},
): Explanation {
  const status = Object.keys(kept).length > 0 ? "registered" : "left-out";
  return { id, name, status, reason, advice, instances: [], notes, keys: kept };
}

/** What is held of a container that cannot be looked at: nobody takes it away. */
function keptOf(
  { id }: DecidedContainer,
  { reason }: Because,
  registered: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (!UNSEEN.has(reason)) return {};
  const records = Object.values(registered).map(parseInstance);
  const own = records.flatMap((one) => ("refused" in one || one.container.id !== shortId(id) ? [] : [one]));
  return keysOf(id, own, registered);
}

/** Whatever the layout: a key of a container holds the address of an instance or its record. */
function keysOf(
  id: string,
  instances: readonly ExplainedInstance[],
  registered: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const addresses = new Set(instances.map(({ addr }) => addr));
  return Object.fromEntries(
    Object.entries(registered).filter(([, value]) => addresses.has(value) || recordOwner(value) === shortId(id)),
  );
}

/** How the simple key of an instance ends, whatever the prefix. */
function simpleEnd({ service, name }: ExplainedInstance): string {
  return `/${service}/${name}`;
}

function recordOwner(value: string): string | undefined {
  const record = parseInstance(value);
  return "refused" in record ? undefined : record.container.id;
}

function objectionTo({ key, held, agrees }: Holdings["conflicts"][number], hasOther: boolean): Because {
  const change = hasOther ? "another key stands in for it" : "delete it there, or give this container label hecd.name";
  const advice = agrees
    ? `Somebody else has written ${key} with the same value; it is left alone`
    : `Key ${key} belongs to somebody else and holds ${held}; ${change}`;
  return { reason: "key-conflict", advice };
}
