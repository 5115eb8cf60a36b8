import { z } from "zod";
import type { DecidedContainer, Holdings } from "../../core/decision/explanation.js";
import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { askStatus } from "./client.js";

/** An instance as an agent tells of it: enough to explain it, and all else it said. */
const instance = z.looseObject({
  id: z.string(),
  name: z.string(),
  service: z.string(),
  addr: z.string(),
  port: z.number(),
  targetPort: z.number(),
  state: z.string(),
  health: z.string(),
  weight: z.number(),
  drained: z.boolean().optional(),
});

const notes = z.array(z.string()).optional();
const objection = z.object({ reason: z.string(), advice: z.string(), notes });

const agentState = z.object({
  address: z.string().optional(),
  registered: z.record(z.string(), z.string()),
  containers: z.array(
    z.object({
      name: z.string(),
      id: z.string(),
      decision: z.union([
        z.object({
          instances: z.array(instance),
          because: objection.optional(),
          notes,
        }),
        objection,
      ]),
    }),
  ),
  conflicts: z.array(z.object({ key: z.string(), held: z.string(), agrees: z.boolean() })),
});

/** What an agent knows and does, as far as its `/state` says it. */
interface AgentReport {
  /** The address under which it advertises what it registers, where there is one for all. */
  readonly address: string | undefined;
  /** What it waits for before it can do its work; nothing when it is ready. */
  readonly waitingFor: readonly string[];
  /** All that it follows, each with what is held for the host that it belongs to. */
  readonly containers: readonly ReportedContainer[];
}

/** A container with what its agent has decided, and all that agent holds. */
interface ReportedContainer extends DecidedContainer {
  readonly holdings: Holdings;
}

/** What came of asking for an agent. */
export type AskedAgent =
  | { readonly kind: "answered"; readonly report: AgentReport }
  /** Nobody answers there, or somebody who is no agent. */
  | { readonly kind: "silent"; readonly reason: string };

/** Asks the agent at `address`, `HOST:PORT` or `off`, what it knows; one of several engines or within `hecd up` too. */
export async function askAgent(address: string, clock: Clock, signal: AbortSignal): Promise<AskedAgent> {
  if (address === "off") return { kind: "silent", reason: "it is off" };
  try {
    const { waitingFor, state } = await askStatus(address, clock, signal);
    return { kind: "answered", report: reportOf(agentsIn(state), waitingFor) };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof z.ZodError ? "what answers there is no agent of this version" : reasonOf(error);
    return { kind: "silent", reason };
  }
}

type AgentState = z.output<typeof agentState>;

function agentsIn(state: unknown): readonly AgentState[] {
  const several = z.object({ engines: z.array(agentState) }).safeParse(state);
  if (several.success) return several.data.engines;
  const within = z.object({ agent: agentState }).safeParse(state);
  return [within.success ? within.data.agent : agentState.parse(state)];
}

function reportOf(agents: readonly AgentState[], waitingFor: readonly string[]): AgentReport {
  return {
    address: agents.length === 1 ? agents[0]?.address : undefined,
    waitingFor,
    containers: agents.flatMap(({ containers, registered, conflicts }) =>
      containers.map((container) => ({ ...container, holdings: { registered, conflicts, waitingFor } })),
    ),
  };
}
