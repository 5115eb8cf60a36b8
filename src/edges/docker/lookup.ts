import { findContainer, type Found, type Named } from "../../core/decision/find-container.js";
import { livesInAnother, namedOwner } from "../../core/decision/shared-network.js";
import type { EnginePlace } from "../../core/host/vicinity.js";
import type { Container } from "../../core/model/container.js";
import type { Objection } from "../../core/model/reason.js";
import { HecdError } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { type DockerConnection, explainUnreachable, hasAnswered } from "./connection.js";
import { DockerEngine } from "./engine.js";
import type { EngineKind } from "./podman.js";
import { objectionTo } from "./unseen-containers.js";

/** An engine that can be asked. */
interface Place {
  readonly connection: DockerConnection;
}

/** A container and the engine that has it. */
export interface Located<Engine extends Place> extends Named {
  readonly container: Container;
  /**
   * Those by their ids that the decision on it depends on, as far as they can be looked at: whose network it has, its
   * pod, and the container that this process runs in.
   */
  readonly others: ReadonlyMap<string, Container>;
  readonly engine: Engine;
  /** Where the engine's networks are. */
  readonly place: EnginePlace;
}

/**
 * Looks once for a container by its name or the beginning of its id, at all these engines. `own` is the id of the
 * container that this process runs in, if it does.
 *
 * An engine that is away hides nothing that another has; throws `docker-unreachable` where nothing was found and one
 * of them could not be asked, and `container-unseen` where the engine cannot say what the container is.
 */
export async function lookUp<Engine extends Place>(
  asked: string,
  engines: readonly Engine[],
  own: string | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<Found<Located<Engine>>> {
  const lists = await Promise.allSettled(engines.map((engine) => listAt(engine, clock, signal)));
  signal.throwIfAborted();
  const listed = lists.flatMap((list) => (list.status === "fulfilled" ? list.value : []));
  const found = findContainer(asked, listed);
  const away = lists.find((list) => list.status === "rejected");
  if (found.kind === "unknown" && away) throw away.reason;
  if (found.kind !== "found") return found;
  const { id, name, engine } = found.container;
  const beside = listed.filter((one) => one.engine === engine && one.id !== id);
  const look = async (connected: DockerEngine): Promise<Looked | Objection | undefined> => {
    const seen = await connected.inspect(id, signal).catch(objectionTo);
    if (!seen || "reason" in seen) return seen;
    const others = await othersOf(seen.container, own, beside, connected, signal);
    return { container: seen.container, others, place: connected.place };
  };
  const seen = await ask(engine, look, clock, signal);
  if (seen && "reason" in seen) throw new HecdError({ code: "container-unseen", id, name, because: seen });
  if (!seen) return { kind: "unknown", near: [] }; // it has gone since it was listed
  return { kind: "found", container: { id, name, ...seen, engine } };
}

type Looked = Pick<Located<Place>, "container" | "others" | "place">;

/** Those of `beside` that a decision depends on. One that cannot be looked at is missing, as it is to an agent. */
async function othersOf(
  container: Container,
  own: string | undefined,
  beside: readonly Named[],
  connected: DockerEngine,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Container>> {
  const others = new Map<string, Container>();
  const look = async ({ id }: Named): Promise<Container | undefined> => {
    const other = await connected.inspect(id, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (other) others.set(id, other.container);
    return other?.container;
  };
  const lookAtOwners = async (guest: Container | undefined): Promise<Container | undefined> => {
    let last = guest;
    for (const passed = new Set<string>(); last && livesInAnother(last) && !passed.has(last.id);) {
      passed.add(last.id);
      const wanted = namedOwner(last);
      const owner = beside.find(({ id }) => id === wanted) ?? beside.find(({ name }) => name === wanted);
      last = owner && (others.get(owner.id) ?? (await look(owner)));
    }
    return last;
  };
  const ownListed = beside.find(({ id }) => id === own);
  if (ownListed) await lookAtOwners(await look(ownListed));
  const last = await lookAtOwners(container);
  // Who else is in a pod is seen by a look alone, since an old list does not say in whose network a container lives.
  if (last?.isInfra) for (const one of beside) if (!others.has(one.id)) await look(one);
  return others;
}

/** What an engine says of itself; throws `docker-unreachable`. */
export async function greet(
  connection: DockerConnection,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly kind: EngineKind; readonly version: string }> {
  return ask({ connection }, ({ kind, version }) => Promise.resolve({ kind, version }), clock, signal);
}

async function listAt<Engine extends Place>(
  engine: Engine,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly (Named & { readonly engine: Engine })[]> {
  const list = await ask(engine, (connected) => connected.list(signal), clock, signal);
  return list.map(({ id, name }) => ({ id, name, engine }));
}

/** One question over a connection of its own. */
async function ask<T>(
  { connection }: Place,
  question: (connected: DockerEngine) => Promise<T>,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  try {
    using connected = await DockerEngine.connect({ connection, filters: [] }, clock, signal);
    return await question(connected);
  } catch (error) {
    signal.throwIfAborted();
    const reason = explainUnreachable(error, connection);
    const answers = hasAnswered(error) ? { answers: true } : {};
    throw new HecdError({ code: "docker-unreachable", url: connection.url, reason, ...answers }, { cause: error });
  }
}
