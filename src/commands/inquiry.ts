import type { DecisionContext } from "../core/decision/context.js";
import { decisionOf } from "../core/decision/decision.js";
import { explainHeld, explainWanted, type Explanation } from "../core/decision/explanation.js";
import { ownNetworksOf } from "../core/decision/own-container.js";
import { findContainer, type Found, type Named } from "../core/decision/find-container.js";
import { shortId } from "../core/decision/new-instance.js";
import { UNPROBED } from "../core/decision/readiness.js";
import { gatewaysOf, withGatewayNote } from "../core/registry/gateway-address.js";
import { entriesOf } from "../core/registry/registration.js";
import type { DockerConnection } from "../edges/docker/connection.js";
import { type Located, lookUp } from "../edges/docker/lookup.js";
import { HostAddress, ownContainer } from "../edges/host/host.js";
import { Surroundings } from "../edges/host/vicinity.js";
import { askAgent } from "../edges/status/agent-client.js";
import { hasCode, HecdError } from "../errors.js";
import { systemClock } from "../flow/clock.js";
import type { Settings } from "../settings.js";
import { connectionTo } from "./command.js";
import { policyOf } from "./daemon.js";
import { enginesOf } from "./engines.js";
import { storeEndpoints } from "./stores.js";

/** What became of a container, by whom it was told, and why not by the agent. */
export interface Inquiry {
  readonly explanation: Explanation;
  readonly source: string;
  /** What a person should know of how this was found out. */
  readonly note?: string | undefined;
}

/**
 * Asks the agent of this host what has become of a container; without one, looks at Docker and decides by the same
 * settings as an agent would.
 *
 * Throws `container-unknown` or `container-ambiguous`.
 */
export async function inquire(asked: string, settings: Settings, signal: AbortSignal): Promise<Inquiry> {
  if (settings.standalone) return inquireAtDocker(asked, settings, undefined, signal);
  const { agent } = settings;
  const answer = await askAgent(agent, systemClock, signal);
  if (answer.kind === "silent") {
    const note = `No agent answers at ${agent} (${answer.reason}), so this is what one with these settings would do`;
    return inquireAtDocker(asked, settings, agent === "off" ? undefined : note, signal);
  }
  const found = findContainer(asked, answer.report.containers);
  if (found.kind !== "unknown") {
    const container = theOne(asked, found);
    const { waitingFor } = answer.report;
    const note = waitingFor.length === 0 ? undefined : `The agent waits for ${waitingFor.join(", ")}: this may be old`;
    return { explanation: explainHeld(container, container.holdings), source: `the agent at ${agent}`, note };
  }
  // The agent may follow another engine, or not every container.
  const note = `The agent at ${agent} does not follow this container; this is what one with these settings would do`;
  try {
    return await inquireAtDocker(asked, settings, note, signal);
  } catch (error) {
    if (!hasCode(error, "docker-unreachable")) throw error;
    throw new HecdError({ code: "container-unknown", asked, near: found.near }, { cause: error });
  }
}

async function inquireAtDocker(
  asked: string,
  settings: Settings,
  note: string | undefined,
  signal: AbortSignal,
): Promise<Inquiry> {
  try {
    const located = await locate(asked, settings, signal);
    const source = `Docker at ${located.engine.connection.url}`;
    return { explanation: await decideAlone(located, settings, signal), source, note };
  } catch (error) {
    if (!hasCode(error, "container-unseen")) throw error;
    const { id, name, because } = error.fault;
    return { explanation: explainWanted({ id, name, decision: because }, {}), source: "Docker", note };
  }
}

/** What an agent with these settings would do with a container that it has not probed and nobody has drained. */
export async function decideAlone(
  { container, others, engine, place }: Located<ReachedEngine>,
  settings: Settings,
  signal: AbortSignal,
): Promise<Explanation> {
  const own = await ownContainer();
  const ownNetworks = ownNetworksOf(own, [container, ...others.values()]);
  const context: DecisionContext = {
    hostId: engine.hostId,
    ...policyOf(settings),
    address: await addressOf(engine, settings, signal),
    ownContainer: own,
    position: { vicinity: new Surroundings().look(), place, ownNetworks },
  };
  const gateways = () => gatewaysOf([container, ...others.values()]);
  const decision = withGatewayNote(decisionOf(container, context, UNPROBED, others), gateways, context);
  const entries = entriesOf([{ container, decision }], context);
  const keys = Object.fromEntries([...entries].map(([key, { value }]) => [key, value]));
  return explainWanted({ ...container, decision }, keys);
}

/** The container of this name or id at the engines that the settings name; throws as `theOne` and `lookUp` do. */
export async function locate(asked: string, settings: Settings, signal: AbortSignal): Promise<Located<ReachedEngine>> {
  return theOne(asked, await lookUp(asked, placesOf(settings), await ownContainer(), systemClock, signal));
}

/** The address that an agent would advertise for the host of this engine; undefined when it would find none. */
export function addressOf(
  { advertise }: ReachedEngine,
  settings: Settings,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new HostAddress(advertise, storeEndpoints(settings)).current(signal);
}

/** A Docker engine, and what its host is called and reached by. */
export interface ReachedEngine {
  readonly connection: DockerConnection;
  readonly advertise: string | undefined;
  readonly hostId: string;
}

/** The engines that the settings name. */
export function placesOf(settings: Settings): readonly ReachedEngine[] {
  return enginesOf(settings).map(({ url, ...host }) => ({ connection: connectionTo(url, settings), ...host }));
}

/** The container that was found; throws when there is none or more than one. */
export function theOne<T extends Named>(asked: string, found: Found<T>): T {
  switch (found.kind) {
    case "found":
      return found.container;
    case "ambiguous": {
      const candidates = found.candidates.map(({ name, id }) => `${name} (${shortId(id)})`);
      throw new HecdError({ code: "container-ambiguous", asked, candidates });
    }
    case "unknown":
      throw new HecdError({ code: "container-unknown", asked, near: found.near });
  }
}
