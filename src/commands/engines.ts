import { Agent, type AgentSettings, type AgentState } from "../agent/agent.js";
import { isHere, parseDockerUrl } from "../core/host/docker-url.js";
import { type Engine, readEngines } from "../core/host/engines.js";
import { DockerContainers } from "../edges/docker/provider.js";
import { HostAddress, hostNames, ownContainer } from "../edges/host/host.js";
import { SocketProber } from "../edges/host/prober.js";
import type { Identity } from "../edges/host/state-folder.js";
import { Surroundings } from "../edges/host/vicinity.js";
import type { Status } from "../edges/status/status.js";
import { type Runnable, runAll } from "../flow/run-all.js";
import { watchStalls } from "../flow/stall.js";
import type { Orders, Store } from "../ports.js";
import type { Settings } from "../settings.js";
import { connectionTo, type ProcessWorld } from "./command.js";
import { storeEndpoints } from "./stores.js";
import { type DaemonCondition, onHeldIn, openLastingIdentity, policyOf, type Deps } from "./daemon.js";

/** The agents of all engines that the settings name, as one daemon; disposing it lets others be who they are. */
export interface Agents extends Orders, AsyncDisposable {
  /** Works until `signal` aborts, then leaves the keys of every host as its agent does. */
  run(signal: AbortSignal): Promise<never>;
  status(): Status;
  /** How the agents are, in some words. */
  condition(): DaemonCondition;
  /** What the agent of each engine knows. */
  states(): readonly AgentState[];
}

/** The engines that the settings name; throws `usage` for what cannot be. */
export function enginesOf(settings: Settings): readonly Engine[] {
  const { docker, advertise, "host-id": hostId } = settings;
  return readEngines(docker, { advertise, hostId, names: hostNames() });
}

/**
 * An agent for each engine that the settings name, each with a host, a lease and a claim of its own.
 *
 * What several agents tell and show names the host; of one alone everybody knows which it is. An engine that is away
 * holds up no other. Throws `usage` as `readEngines` does, and `no-address` when a host has none to advertise.
 */
export async function openAgents(
  settings: Settings,
  store: Store,
  deps: Deps,
  world: ProcessWorld,
  signal: AbortSignal,
): Promise<Agents> {
  const engines = enginesOf(settings);
  const hosts = await Promise.all(
    engines.map(async (engine) => {
      const own = engines.length === 1 ? deps : about(engine.hostId, deps);
      const identity = await openLastingIdentity(engine.hostId, settings, own, world, signal);
      return { engine, identity, agent: await openAgent(engine, settings, store, identity, own, signal) };
    }),
  );
  const waitingFor = (): readonly string[] =>
    hosts.flatMap(({ engine, agent }) =>
      hosts.length === 1 ? agent.waitingFor : agent.waitingFor.map((what) => `${engine.hostId}: ${what}`),
    );
  const daemons = [...hosts.map(({ agent }) => agent), stallWatch(settings, deps)];
  return {
    run: (s) => runAll(daemons, s),
    drain: (container) => (hosts.some(({ agent }) => agent.drain(container) === "drained") ? "drained" : "unknown"),
    undrain: (container) =>
      hosts.some(({ agent }) => agent.undrain(container) === "undrained") ? "undrained" : "unknown",
    // A service may have containers at each of them.
    drainService: (service) =>
      hosts.map(({ agent }) => agent.drainService(service)).find((outcome) => outcome !== "unknown") ?? "unknown",
    undrainService: (service) =>
      hosts.map(({ agent }) => agent.undrainService(service)).find((outcome) => outcome !== "unknown") ?? "unknown",
    async [Symbol.asyncDispose]() {
      await Promise.all(hosts.map(({ identity }) => identity[Symbol.asyncDispose]()));
    },
    condition() {
      const states = hosts.map(({ agent }) => agent.state);
      const keys = states.flatMap(({ registered }) => Object.keys(registered)).length;
      const containers = states.flatMap((state) => state.containers).length;
      const at = hosts.length === 1 ? "" : ` at ${hosts.length} engines`;
      return { waitingFor: waitingFor(), summary: `${keys} keys of ${containers} containers${at}` };
    },
    states: () => hosts.map(({ agent }) => agent.state),
    status() {
      const [only, ...others] = hosts;
      if (only && others.length === 0) return { waitingFor: waitingFor(), state: only.agent.state };
      return {
        waitingFor: waitingFor(),
        state: { engines: hosts.map(({ engine, agent }) => ({ docker: engine.url, ...agent.state })) },
      };
    },
  };
}

/** An engine whose address to advertise may follow from something else than what a person says: why, in the log's words. */
export interface AdvertisedEngine extends Engine {
  readonly advertisedSince?: string | undefined;
}

/** An agent for one Docker engine; throws `no-address` when its host has none to advertise. */
export async function openAgent(
  engine: AdvertisedEngine,
  settings: Settings,
  store: Store,
  { hostId, agent, holder }: Identity,
  { clock, emit }: Deps,
  signal: AbortSignal,
): Promise<Agent> {
  const address = new HostAddress(engine.advertise, storeEndpoints(settings));
  const { ip, how } = await address.find(signal);
  emit({ kind: "advertising", ip, how: engine.advertisedSince ?? how });
  const connection = connectionTo(engine.url, settings);
  if (isOpenToAll(engine.url, connection.tls)) emit({ kind: "advice", about: engine.url, advice: OPEN_ENGINE });
  const containers = new DockerContainers(
    {
      connection,
      filters: settings.filter,
      resyncMs: settings.resync,
      stopGraceMs: settings["stop-grace"],
    },
    { clock, emit },
  );
  const agentSettings: AgentSettings = {
    session: {
      hostId,
      agent,
      holder,
      onHeld: onHeldIn(settings),
      ttlSeconds: Math.round(settings.ttl / 1_000),
      emit,
    },
    ...policyOf(settings),
    ownContainer: await ownContainer(),
    probes: settings.probe === "tcp" || (settings.probe === "auto" && isOnThisHost(engine.url)),
    stopGraceMs: settings["stop-grace"],
    onConflict: settings["on-conflict"],
    resyncMs: settings.resync,
    onExit: settings["on-exit"],
  };
  const surroundings = new Surroundings();
  const prober = new SocketProber(clock);
  const parts = { containers, store, prober, vicinity: () => surroundings.look(), clock, emit };
  return new Agent({ ...parts, address: (s) => address.current(s) }, agentSettings);
}

/** Tells of each time at which this process has stood still for so long that another such one may cost the lease. */
function stallWatch({ ttl }: Settings, { clock, emit }: Deps): Runnable {
  const onStall = (lastedMs: number): void => {
    emit({ kind: "stalled", lastedMs, ttlSeconds: Math.round(ttl / 1_000) });
  };
  return { run: (signal) => watchStalls(ttl / 3, onStall, clock, signal) };
}

/** Whether the engine is this machine's, as far as its URL tells. */
function isOnThisHost(url: string): boolean {
  const place = parseDockerUrl(url);
  return place !== undefined && isHere(place);
}

const OPEN_ENGINE =
  "it is spoken to without TLS, and whoever reaches that port is root there; use --docker-tls, or a proxy that lets only GET through";

function isOpenToAll(url: string, tls: boolean): boolean {
  const place = parseDockerUrl(url);
  return place?.kind === "tcp" && !place.secure && !tls && !isHere(place);
}

function about(host: string, { clock, emit }: Deps): Deps {
  return {
    clock,
    emit: (event) => {
      emit(event, host);
    },
  };
}
