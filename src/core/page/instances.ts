import {
  type DecidedContainer,
  explainHeld,
  type ExplainedInstance,
  type Explanation,
  type Holdings,
} from "../decision/explanation.js";
import { shortId } from "../decision/new-instance.js";
import { recordedObjection } from "../decision/readiness.js";
import { type Instance, parseInstance } from "../model/instance.js";
import { recordKey, SERVICES } from "../model/keys.js";
import type { Snapshot } from "../model/snapshot.js";
import { serverEntryOf } from "../view/server-entry.js";
import type { AgentFacts } from "./facts.js";
import { type Mark, mark } from "./mark.js";
import { type PageSteering, steeringAt, SteeringReader } from "./steering.js";

/** An instance as we have it, whether its agent is here or elsewhere. */
export interface OurInstance {
  readonly service: string;
  /** Names it among those of its service. */
  readonly id: string;
  readonly name: string;
  /** Empty where nobody has said. */
  readonly host: string;
  readonly address: string;
  readonly state: Mark;
  /** Whether it is to get work. */
  readonly serves: boolean;
  /** Whether HAProxy is to have it: it serves no UDP. */
  readonly isTcp: boolean;
  /** Why it does not simply serve, by the reason and its sentence as `hecd explain` has them; empty when it does. */
  readonly why: string;
  readonly weight: number;
  readonly isMaintained: boolean;
  /** Whether keys of steering have it rest, which nobody misses. */
  readonly isRested?: boolean;
  /** Who takes orders about it, where that is somebody here; and whether it is drained. */
  readonly container?: { readonly id: string; readonly isDrained: boolean } | undefined;
}

/** A container of which there is no instance, and why. */
export interface LeftOutContainer {
  readonly name: string;
  readonly id: string;
  readonly host: string;
  readonly reason: string;
  readonly advice: string;
  readonly isKept: boolean;
}

/** What the agents of this process have, the containers that they leave out among it. */
export function ofAgents(
  agents: readonly AgentFacts[],
  waitingFor: readonly string[],
  reader: RecordReader,
): { readonly instances: readonly OurInstance[]; readonly leftOut: readonly LeftOutContainer[] } {
  const instances: OurInstance[] = [];
  const leftOut: LeftOutContainer[] = [];
  for (const { host, containers, registered, conflicts } of agents) {
    const held = new HeldKeys(registered, reader);
    for (const container of containers) {
      const holdings = { registered: held.of(container), conflicts, waitingFor };
      const explanation = explainHeld(container, holdings);
      if ("instances" in container.decision) {
        instances.push(...explanation.instances.map((instance) => ofContainer(instance, explanation, host)));
      } else {
        const { name, id, reason = "", advice = "", status } = explanation;
        leftOut.push({ name, id, host, reason, advice, isKept: status === "registered" });
      }
    }
  }
  return { instances, leftOut };
}

/** What the store has of the hosts that no agent of this process has, and what of it cannot be used. */
export function ofStore(
  { entries }: Snapshot,
  here: ReadonlySet<string>,
  reader: RecordReader,
): { readonly instances: readonly OurInstance[]; readonly unusable: readonly { key: string; reason: string }[] } {
  const instances: OurInstance[] = [];
  const unusable: { key: string; reason: string }[] = [];
  const known = new Set<string>();
  const simple: OurInstance[] = [];
  for (const [key, value] of entries) {
    const record = key.startsWith(`${SERVICES}/`) ? reader.instanceOf(value) : undefined;
    if (record && key === recordKey(record.service, record.id)) {
      known.add(`${record.service} ${record.addr}`);
      if (!here.has(record.host)) instances.push(ofRecord(record));
      continue;
    }
    const entry = reader.entryOf(key, value);
    if (entry === "other") continue;
    if ("reason" in entry) unusable.push(entry);
    else simple.push(ofKey(key, entry.service, entry.server));
  }
  // Registered in both ways it is one server.
  instances.push(...simple.filter(({ service, address }) => !known.has(`${service} ${address}`)));
  return { instances, unusable };
}

/** The instance as keys of steering have it: one of weight 0 gets no new work, and is not missed. */
export function steeredInstance(instance: OurInstance, steering: PageSteering): OurInstance {
  const found = instance.serves ? steeringAt(steering, instance.service, instance.address) : undefined;
  if (!found) return instance;
  const { weight, words } = found;
  return { ...instance, weight, serves: weight > 0, isRested: weight === 0, why: words };
}

type ReadEntry = ReturnType<typeof serverEntryOf>;

/** Reads values of the store, each but once for as long as it is asked for in every round. */
export class RecordReader {
  readonly steering = new SteeringReader();
  #entries = new Map<string, ReadEntry>();
  #instances = new Map<string, Instance | undefined>();
  #usedEntries = new Map<string, ReadEntry>();
  #usedInstances = new Map<string, Instance | undefined>();

  entryOf(key: string, value: string): ReadEntry {
    const name = `${key}\n${value}`;
    const entry = this.#entries.get(name) ?? serverEntryOf(key, value);
    this.#usedEntries.set(name, entry);
    return entry;
  }

  /** Undefined where it is none. */
  instanceOf(value: string): Instance | undefined {
    const instance = this.#instances.has(value) ? this.#instances.get(value) : instanceIn(value);
    this.#usedInstances.set(value, instance);
    return instance;
  }

  /** Forgets what was not asked for since the last round. */
  endRound(): void {
    this.#entries = this.#usedEntries;
    this.#instances = this.#usedInstances;
    this.#usedEntries = new Map();
    this.#usedInstances = new Map();
  }
}

function instanceIn(value: string): Instance | undefined {
  const read = parseInstance(value);
  return "refused" in read ? undefined : read;
}

/** The keys of a host by whom they are about, so that nobody has to look through all of them. */
class HeldKeys {
  readonly #byValue = new Map<string, [string, string][]>();
  readonly #byOwner = new Map<string, [string, string][]>();

  constructor(registered: Holdings["registered"], reader: RecordReader) {
    for (const [key, value] of Object.entries(registered)) {
      const owner = value.startsWith("{") ? reader.instanceOf(value)?.container.id : undefined;
      const [map, name] = owner === undefined ? [this.#byValue, value] : [this.#byOwner, owner];
      const known = map.get(name);
      if (known) known.push([key, value]);
      else map.set(name, [[key, value]]);
    }
  }

  /** Those that may be of a container. */
  of({ id, decision }: DecidedContainer): Holdings["registered"] {
    const records = this.#byOwner.get(shortId(id)) ?? [];
    const instances = "instances" in decision ? decision.instances : [];
    return Object.fromEntries([...records, ...instances.flatMap(({ addr }) => this.#byValue.get(addr) ?? [])]);
  }
}

function ofContainer(instance: ExplainedInstance, explanation: Explanation, host: string): OurInstance {
  const { id, service, name, addr, state, weight, drained = false, maintenance = false } = instance;
  const { reason, advice = "", status } = explanation;
  const isUdp = id.endsWith(":udp");
  return {
    ...{ service, id, name, host, address: addr, weight },
    state: stateOf(status === "registered" || status === "draining" ? state : status),
    serves: state === "up" && status === "registered",
    isTcp: !isUdp,
    why: reason === undefined ? "" : `${reason}: ${advice}`,
    isMaintained: maintenance,
    container: { id: explanation.id, isDrained: drained },
  };
}

function ofRecord(instance: Instance): OurInstance {
  const { id, service, name, host, addr, state, weight, maintenance = false, proto } = instance;
  const because = recordedObjection(instance);
  return {
    ...{ service, id, name, host, address: addr, weight },
    state: stateOf(state),
    serves: state === "up",
    isTcp: proto === "tcp",
    why: because ? `${because.reason}: ${because.advice}` : "",
    isMaintained: maintenance,
  };
}

/** A simple key says that somebody is to be served, and nothing else. */
function ofKey(key: string, service: string, server: { container: string; addr: string; weight: number }): OurInstance {
  const { container: name, addr: address, weight } = server;
  const why = key.startsWith(SERVICES) ? "record of a later version" : "";
  return {
    ...{ service, id: key, name, host: "", address, weight },
    state: stateOf("up"),
    serves: true,
    isTcp: true,
    why,
    isMaintained: false,
  };
}

function stateOf(word: string): Mark {
  switch (word) {
    case "up":
      return mark("good", "up");
    case "draining":
      return mark("note", "draining");
    case "maint":
      return mark("note", "maint");
    case "pending":
      return mark("warn", "pending");
    default:
      return mark("bad", word);
  }
}
