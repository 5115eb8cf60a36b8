import { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import Docker from "dockerode";
import { z } from "zod";
import type { EnginePlace } from "../../core/host/vicinity.js";
import type { Container } from "../../core/model/container.js";
import type { ListedTraits } from "../../core/model/unseen.js";
import type { StopRule } from "../../core/text/signal.js";
import { HecdError } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { abortable } from "../../flow/linked-signal.js";
import {
  containerOf,
  type Hello,
  inspectAnswer,
  listAnswer,
  nameOf,
  networkAnswer,
  stopRuleOf,
  summaryOf,
  traitsOf,
  versionAnswer,
} from "./answers.js";
import { RefusedRequest, parseAnswer } from "./unusable-answers.js";
import { type DialOptions, dialOptions, type DockerConnection } from "./connection.js";
import { placeOf } from "./place.js";
import { type EngineKind, filterProblem, kindOf } from "./podman.js";

/** How long the engine may take for one answer; a Podman that is asked for its version starts programs to say theirs. */
const ANSWER_MS = 5_000;

/**
 * A container as a list shows it: enough to see that it has changed, not to say what it is. A list has no time of the
 * start, no stop signal and no variables, no health but in words, and no exposed port of a container on the host's network.
 */
export interface Listed {
  readonly id: string;
  readonly name: string;
  /** Equal texts mean that nothing we care for has changed, but for health where the list does not tell that. */
  readonly summary: string;
  readonly tellsHealth: boolean;
  /** Whether it has a process. */
  readonly isUp: boolean;
  readonly traits: ListedTraits;
}

/** A container as a look shows it. */
export interface Seen {
  readonly container: Container;
  readonly stopRule: StopRule;
}

/** Events as they come. */
export interface EngineEvents {
  readonly stream: Readable;
  /** A moment of the engine's calendar less than a second before the first of them; undefined when it does not say. */
  readonly beganAt: number | undefined;
}

/** Where an engine is, and which of its containers are to be seen. */
export interface DockerView {
  readonly connection: DockerConnection;
  /** Docker's own filters of a list, each as `name=value`; none for all containers. */
  readonly filters: readonly string[];
}

/**
 * One connection to a Docker engine: a few GET requests, each with a deadline. Disposing it closes every socket.
 *
 * Speaks the API version that the engine itself offers, never a fixed one: engines drop old versions, and what we read
 * has kept its form from 1.24 on. Answers are checked, because a proxy may stand in between.
 */
export class DockerEngine implements Disposable {
  /** The engine's own version, such as `20.10.24`. */
  readonly version: string;
  /** Where its networks are. */
  readonly place: EnginePlace;
  readonly kind: EngineKind;
  readonly #docker: Docker;
  readonly #agent: DialOptions["agent"];
  readonly #filters: Readonly<Record<string, string[]>>;
  readonly #clock: Clock;

  private constructor(
    dialled: DialOptions,
    filters: readonly string[],
    hello: Hello,
    place: EnginePlace,
    clock: Clock,
  ) {
    this.#docker = new Docker({ ...dialled.options, version: `v${hello.ApiVersion}` });
    this.#agent = dialled.agent;
    this.#filters = byName(filters);
    this.version = hello.Version;
    this.place = place;
    this.kind = kindOf(hello.Components);
    this.#clock = clock;
  }

  /** Connects and asks for the version, within five seconds. */
  static async connect({ connection, filters }: DockerView, clock: Clock, signal: AbortSignal): Promise<DockerEngine> {
    const dialled = await dialOptions(connection);
    try {
      const stranger = new Docker(dialled.options);
      const answer = await within(ANSWER_MS, "Docker's version", clock, signal, () => stranger.version());
      const hello = parseAnswer(versionAnswer, answer, "version");
      const engine = new DockerEngine(dialled, filters, hello, await placeOf(connection.url, hello), clock);
      const problem = engine.kind === "podman" ? filterProblem(filters) : undefined;
      if (problem !== undefined) throw new HecdError({ code: "usage", problem });
      return engine;
    } catch (error) {
      dialled.agent.destroy();
      throw error;
    }
  }

  /** All containers that the filters let through, whether they run or not. */
  list(signal: AbortSignal): Promise<readonly Listed[]> {
    return this.#list(this.#filters, signal);
  }

  /**
   * Whether the filters let this container through.
   *
   * Asked after a look it is true of what the look has shown: the engine brings its list up to date before it lets go of
   * a container, and a look waits for that.
   */
  async letsThrough(id: string, signal: AbortSignal): Promise<boolean> {
    if (Object.keys(this.#filters).length === 0) return true;
    return (await this.#list({ ...this.#filters, id: [id] }, signal)).length > 0;
  }

  /** One container; undefined when there is none of that id. */
  async inspect(id: string, signal: AbortSignal): Promise<Seen | undefined> {
    const short = id.slice(0, 12);
    try {
      const answer = await within(ANSWER_MS, `a look at container ${short}`, this.#clock, signal, (abortSignal) =>
        this.#docker.getContainer(id).inspect({ abortSignal }),
      );
      const description = parseAnswer(inspectAnswer, answer, `description of container ${short}`);
      const container = await this.#asReached(containerOf(description, this.kind), signal);
      return { container, stopRule: stopRuleOf(description) };
    } catch (error) {
      if (error instanceof RefusedRequest && error.statusCode === 404) return undefined;
      throw error;
    }
  }

  /**
   * The engine's events of these types and actions, until `signal` aborts: from now on, and before that those it still
   * knows after `since`; only the latter, with an end, where there is an `until`. Both in milliseconds of its own calendar.
   */
  async events(
    filters: Readonly<Record<string, string[]>>,
    { since, until }: { readonly since?: number | undefined; readonly until?: number | undefined },
    signal: AbortSignal,
  ): Promise<EngineEvents> {
    // The engine takes seconds, and includes the moment itself.
    const period = {
      ...(since === undefined ? {} : { since: Number(((since + 0.001) / 1_000).toFixed(6)) }),
      ...(until === undefined ? {} : { until: Number((until / 1_000).toFixed(6)) }),
    };
    const stream = await within(ANSWER_MS, "Docker's events", this.#clock, signal, () =>
      this.#docker.getEvents({ filters, ...period, abortSignal: signal }),
    );
    if (!(stream instanceof Readable)) throw new TypeError("Docker's events came as something else than a stream");
    const date = stream instanceof IncomingMessage ? Date.parse(stream.headers.date ?? "") : Number.NaN;
    return { stream, beganAt: Number.isNaN(date) ? undefined : date };
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  /**
   * The container without what is published where that leads nowhere: Podman shows it also of networks that have no
   * way in from the host. Docker leaves it out itself.
   */
  async #asReached(container: Container, signal: AbortSignal): Promise<Container> {
    const networks = Object.keys(container.networks);
    const isPublished = container.ports.some(({ bindings }) => bindings.length > 0);
    if (this.kind !== "podman" || !isPublished || networks.length === 0) return container;
    const closed = await Promise.all(networks.map((name) => this.#isClosed(name, signal)));
    if (closed.includes(false)) return container;
    return { ...container, ports: container.ports.map((port) => ({ ...port, bindings: [] })) };
  }

  /** Whether nothing of the host leads into a network; one that cannot be asked for is taken for open. */
  async #isClosed(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      const what = `network ${name}`;
      const answer = await within(ANSWER_MS, what, this.#clock, signal, () => this.#docker.getNetwork(name).inspect());
      const { Driver, Internal } = parseAnswer(networkAnswer, answer, `description of ${what}`);
      return Driver !== "bridge" || Internal === true;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  async #list(filters: Readonly<Record<string, string[]>>, signal: AbortSignal): Promise<readonly Listed[]> {
    const answer = await within(ANSWER_MS, "the list of containers", this.#clock, signal, (abortSignal) =>
      this.#docker.listContainers({ all: true, filters, abortSignal }),
    );
    return parseAnswer(z.array(listAnswer), answer, "list of containers").map((listed) => ({
      id: listed.Id,
      name: nameOf(listed),
      summary: summaryOf(listed, this.kind),
      tellsHealth: this.kind === "docker",
      isUp: !/^(created|configured|initialized|exited|stopped|dead|removing)$/.test(listed.State),
      traits: traitsOf(listed),
    }));
  }
}

/** `["label=a", "label=b"]` as the engine takes it: `{ label: ["a", "b"] }`. */
function byName(filters: readonly string[]): Readonly<Record<string, string[]>> {
  const named: Record<string, string[]> = {};
  for (const filter of filters) {
    const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(filter) ?? [];
    (named[name] ??= []).push(value);
  }
  return named;
}

/** Runs `call` with a deadline of its own, by which also the request is given up. */
async function within<T>(
  ms: number,
  what: string,
  clock: Clock,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  using work = deadlineSignal(ms, () => new HecdError({ code: "deadline", what, afterMs: ms }), clock, signal);
  try {
    // dockerode does not settle every call whose connection breaks; hence our own end of the waiting.
    return await abortable(call(work.signal), work.signal);
  } catch (error) {
    throw error instanceof Error && "statusCode" in error ? new RefusedRequest(what, error) : error;
  }
}
