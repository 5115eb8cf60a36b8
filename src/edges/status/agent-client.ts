import type { DecidedContainer, Holdings } from "../../core/decision/explanation.js";
import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { askStatus } from "./client.js";
import { type DaemonReport, readReport } from "./daemon-report.js";

/** What an agent knows and does, as far as its `/state` says it. */
interface AgentReport {
  /** Whether it is the one within `hecd up`, which knows all that there is to be served. */
  readonly isUp: boolean;
  /** The address under which it advertises what it registers, where there is one for all. */
  readonly address: string | undefined;
  /** What it waits for before it can do its work; nothing when it is ready. */
  readonly waitingFor: readonly string[];
  /** The keys that it holds in the store. */
  readonly registered: ReadonlyMap<string, string>;
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

const STRANGER = "what answers there is no agent of this version";

/** Asks the agent at `address`, `HOST:PORT` or `off`, what it knows; one of several engines or within `hecd up` too. */
export async function askAgent(address: string, clock: Clock, signal: AbortSignal): Promise<AskedAgent> {
  if (address === "off") return { kind: "silent", reason: "it is off" };
  try {
    const { waitingFor, state } = await askStatus(address, clock, signal);
    const report = readReport(state);
    if (report && report.kind !== "renderer") return { kind: "answered", report: reportOf(report, waitingFor) };
    return { kind: "silent", reason: STRANGER };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "silent", reason: reasonOf(error) };
  }
}

function reportOf({ kind, agents }: DaemonReport, waitingFor: readonly string[]): AgentReport {
  return {
    isUp: kind === "up",
    address: agents.length === 1 ? agents[0]?.address : undefined,
    waitingFor,
    registered: new Map(agents.flatMap(({ registered }) => Object.entries(registered))),
    containers: agents.flatMap(({ containers, registered, conflicts }) =>
      containers.map((container) => ({ ...container, holdings: { registered, conflicts, waitingFor } })),
    ),
  };
}
