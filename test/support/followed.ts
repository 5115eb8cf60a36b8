import { expect } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import type { Container } from "../../src/core/model/container.js";
import { DockerContainers, type DockerSettings } from "../../src/edges/docker/provider.js";
import { systemClock } from "../../src/flow/clock.js";
import { eventually } from "./eventually.js";

/** A state, with the moment it was yielded. */
export interface Yielded {
  readonly atMs: number;
  readonly containers: readonly Container[];
}

/** A Docker engine as our adapter sees it, from the first state on; disposing it ends the adapter. */
export class Followed implements AsyncDisposable {
  readonly states: Yielded[] = [];
  readonly events: HecdEvent[] = [];
  readonly #ending = new AbortController();
  readonly #over: Promise<unknown>;

  constructor(settings: DockerSettings) {
    const containers = new DockerContainers(settings, { clock: systemClock, emit: (event) => this.events.push(event) });
    this.#over = (async () => {
      for await (const { containers: state } of containers.watch(this.#ending.signal)) {
        this.states.push({ atMs: Date.now(), containers: state });
      }
    })().catch((error: unknown) => error);
  }

  /** Follows the engine at `url` and resolves at its first state. */
  static async start(url: string, settings: Partial<DockerSettings> = {}): Promise<Followed> {
    const followed = new Followed({ connection: { url, tls: false, certPath: undefined }, ...settings });
    await eventually("the first state", () => followed.states.length > 0);
    return followed;
  }

  /** Why it has ended; pending while it has not. */
  get over(): Promise<unknown> {
    return this.#over;
  }

  /** The container of that name as it was seen last. */
  seen(name: string): Container | undefined {
    return this.states.at(-1)?.containers.find((container) => container.name === name);
  }

  /** Resolves when the container of that name is as expected, undefined for gone. */
  async sees(name: string, expected: Partial<Container> | undefined, withinMs?: number): Promise<void> {
    await eventually(
      `${name} to be ${JSON.stringify(expected)}`,
      () => {
        if (expected === undefined) expect(this.seen(name)).toBeUndefined();
        else expect(this.seen(name)).toMatchObject(expected);
        return true;
      },
      withinMs,
    );
  }

  /** Resolves to why the engine cannot be reached. */
  async complaint(): Promise<string> {
    return await eventually("the outage", () =>
      this.events.flatMap((event) => (event.kind === "docker-unreachable" ? [event.reason] : [])).at(0),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error("the test is over"));
    await this.#over;
  }
}
