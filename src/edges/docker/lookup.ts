import { findContainer, type Found, type Named } from "../../core/decision/find-container.js";
import { livesInAnother, namedOwner } from "../../core/decision/shared-network.js";
import type { Container } from "../../core/model/container.js";
import type { Objection } from "../../core/model/reason.js";
import { HecdError } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { type DockerConnection, explainUnreachable, hasAnswered } from "./connection.js";
import { DockerEngine } from "./engine.js";
import { objectionTo } from "./unseen-containers.js";

/** An engine that can be asked. */
interface Place {
  readonly connection: DockerConnection;
}

/** A container and the engine that has it. */
export interface Located<Engine extends Place> extends Named {
  readonly container: Container;
  /** Those by their ids that the container depends on, as far as they can be looked at: whose network it has, and its pod. */
  readonly others: ReadonlyMap<string, Container>;
  readonly engine: Engine;
}

/**
 * Looks once for a container by its name or the beginning of its id, at all these engines.
 *
 * An engine that is away hides nothing that another has; throws `docker-unreachable` where nothing was found and one
 * of them could not be asked, and `container-unseen` where the engine cannot say what the container is.
 */
export async function lookUp<Engine extends Place>(
  asked: string,
  engines: readonly Engine[],
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
    return { container: seen.container, others: await othersOf(seen.container, beside, connected, signal) };
  };
  const seen = await ask(engine, look, clock, signal);
  if (seen && "reason" in seen) throw new HecdError({ code: "container-unseen", id, name, because: seen });
  if (!seen) return { kind: "unknown", near: [] }; // it has gone since it was listed
  return { kind: "found", container: { id, name, ...seen, engine } };
}

type Looked = Pick<Located<Place>, "container" | "others">;

/** Those of `beside` that a container depends on. One that cannot be looked at is missing, as it is to an agent. */
async function othersOf(
  container: Container,
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
  let last: Container | undefined = container;
  while (last && livesInAnother(last)) {
    const wanted = namedOwner(last);
    const owner = beside.find(({ id }) => id === wanted) ?? beside.find(({ name }) => name === wanted);
    last = owner && !others.has(owner.id) ? await look(owner) : undefined;
  }
  // Who else is in a pod is seen by a look alone, since an old list does not say in whose network a container lives.
  if (last?.isInfra) for (const one of beside) if (!others.has(one.id)) await look(one);
  return others;
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
