import { z } from "zod";

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

const agentPart = z.object({
  host: z.string().optional(),
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

const pinned = z.object({
  to: z.number(),
  since: z.string(),
  until: z.string().optional(),
  out: z.array(z.string()),
  waiting: z.number(),
});

const resourcePart = z.object({
  name: z.string(),
  dest: z.string().optional(),
  pinned: pinned.optional(),
  leftOut: z.array(z.object({ key: z.string(), reason: z.string() })).optional(),
  steering: z.array(z.string()).optional(),
  haproxy: z
    .object({
      agrees: z.boolean().optional(),
      certificates: z.array(z.object({ fault: z.string().optional() })).optional(),
    })
    .optional(),
});

const agentState = z.union([
  z.object({ engines: z.array(agentPart) }).transform(({ engines }) => engines),
  agentPart.transform((part) => [part]),
]);
const rendererState = z.object({ resources: z.array(resourcePart) }).transform(({ resources }) => resources);

/** What an agent says of one of its hosts, in `/state`. */
type AgentPart = z.output<typeof agentPart>;

/** What a renderer says of one of its files, in `/state`. */
export type ResourcePart = z.output<typeof resourcePart>;

/** What a daemon says of itself; of `hecd up` both. */
export interface DaemonReport {
  readonly kind: "agent" | "renderer" | "up";
  /** By host; nothing of a renderer. */
  readonly agents: readonly AgentPart[];
  /** Nothing of an agent. */
  readonly resources: readonly ResourcePart[];
}

const report = z.union([
  z
    .object({ agent: agentState, renderer: rendererState.optional() })
    .transform(({ agent, renderer = [] }): DaemonReport => ({ kind: "up", agents: agent, resources: renderer })),
  agentState.transform((agents): DaemonReport => ({ kind: "agent", agents, resources: [] })),
  rendererState.transform((resources): DaemonReport => ({ kind: "renderer", agents: [], resources })),
]);

/** Reads `state` of a `/state`; undefined when it is none of a daemon of this version. */
export function readReport(state: unknown): DaemonReport | undefined {
  return report.safeParse(state).data;
}
