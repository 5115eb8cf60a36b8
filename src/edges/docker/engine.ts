import { Readable } from "node:stream";
import Docker from "dockerode";
import { z } from "zod";
import type { Container } from "../../core/model/container.js";
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
  RefusedRequest,
  parseAnswer,
  stopRuleOf,
  summaryOf,
  versionAnswer,
} from "./answers.js";
import { type DialOptions, dialOptions, type DockerConnection } from "./connection.js";

/** How long the engine may take for one answer; the first one shows whether it is there at all. */
const HELLO_MS = 2_000;
const ANSWER_MS = 5_000;

/**
 * A container as a list shows it: enough to see that it has changed, not to say what it is. A list has no time of the
 * start, no stop signal and no variables, no health but in words, and no exposed port of a container on the host's network.
 */
export interface Listed {
  readonly id: string;
  readonly name: string;
  /** Equal texts mean that nothing we care for has changed. */
  readonly summary: string;
  /** Whether it has a process. */
  readonly isUp: boolean;
}

/** A container as a look shows it. */
export interface Seen {
  readonly container: Container;
  readonly stopRule: StopRule;
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
  readonly #docker: Docker;
  readonly #agent: DialOptions["agent"];
  readonly #filters: Readonly<Record<string, string[]>>;
  readonly #clock: Clock;

  private constructor(dialled: DialOptions, filters: readonly string[], hello: Hello, clock: Clock) {
    this.#docker = new Docker({ ...dialled.options, version: `v${hello.ApiVersion}` });
    this.#agent = dialled.agent;
    this.#filters = byName(filters);
    this.version = hello.Version;
    this.#clock = clock;
  }

  /** Connects and asks for the version, within two seconds. */
  static async connect({ connection, filters }: DockerView, clock: Clock, signal: AbortSignal): Promise<DockerEngine> {
    const dialled = await dialOptions(connection);
    try {
      const stranger = new Docker(dialled.options);
      const answer = await within(HELLO_MS, "Docker's version", clock, signal, () => stranger.version());
      return new DockerEngine(dialled, filters, parseAnswer(versionAnswer, answer, "version"), clock);
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
      return { container: containerOf(description), stopRule: stopRuleOf(description) };
    } catch (error) {
      if (error instanceof RefusedRequest && error.statusCode === 404) return undefined;
      throw error;
    }
  }

  /**
   * The engine's events of these types and actions, until `signal` aborts: from now on, and before that those it still
   * knows after `since`, in milliseconds of its own calendar.
   */
  async events(
    filters: Readonly<Record<string, string[]>>,
    since: number | undefined,
    signal: AbortSignal,
  ): Promise<Readable> {
    // The engine takes seconds, and includes the moment itself.
    const after = since === undefined ? {} : { since: Number(((since + 0.001) / 1_000).toFixed(6)) };
    const stream = await within(ANSWER_MS, "Docker's events", this.#clock, signal, () =>
      this.#docker.getEvents({ filters, ...after, abortSignal: signal }),
    );
    if (!(stream instanceof Readable)) throw new TypeError("Docker's events came as something else than a stream");
    return stream;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #list(filters: Readonly<Record<string, string[]>>, signal: AbortSignal): Promise<readonly Listed[]> {
    const answer = await within(ANSWER_MS, "the list of containers", this.#clock, signal, (abortSignal) =>
      this.#docker.listContainers({ all: true, filters, abortSignal }),
    );
    return parseAnswer(z.array(listAnswer), answer, "list of containers").map((listed) => ({
      id: listed.Id,
      name: nameOf(listed),
      summary: summaryOf(listed),
      isUp: !/^(created|exited|dead|removing)$/.test(listed.State),
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
  using work = deadlineSignal(ms, new HecdError({ code: "deadline", what, afterMs: ms }), clock, signal);
  try {
    // dockerode does not settle every call whose connection breaks; hence our own end of the waiting.
    return await abortable(call(work.signal), work.signal);
  } catch (error) {
    throw error instanceof Error && "statusCode" in error ? new RefusedRequest(what, error) : error;
  }
}
