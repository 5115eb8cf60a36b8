import { expect } from "vitest";
import type { Emit } from "../../src/core/events/event.js";
import { driverSelector } from "../../src/edges/haproxy/select-driver.js";
import { TargetFile } from "../../src/edges/output/target-file.js";
import { systemClock } from "../../src/flow/clock.js";
import type { Resource } from "../../src/ports.js";
import { DEFAULT_OPTIONS } from "../../src/renderer/apply.js";
import { Renderer } from "../../src/renderer/renderer.js";
import { HAPROXY } from "./haproxy-binary.js";
import { PushedStore, PushedTemplates, textIn } from "./pushed-store.js";

/** A renderer of real files and a real HAProxy, with a store that holds what the test says; disposing it ends it. */
export class PushedRenderer implements AsyncDisposable {
  readonly store = new PushedStore();
  readonly renderer: Renderer;
  readonly #stop = new AbortController();
  #running: Promise<unknown> | undefined;

  /** Each file of these resources is what `textOf` makes of the text in the store and of the file's path. */
  constructor(resources: readonly Resource[], emit: Emit, textOf: (say: string, dest: string) => string = sameText) {
    const templates = new PushedTemplates();
    this.renderer = new Renderer({
      templates,
      storeOf: () => this.store,
      compile:
        async ({ dest }) =>
        (snapshot) => ({ text: textOf(textIn(snapshot), dest), leftOut: [] }),
      targetOf: (resource) => new TargetFile(resource, emit),
      balancerOf: driverSelector({ haproxy: HAPROXY, clock: systemClock, emit }),
      clock: systemClock,
      emit,
      ...DEFAULT_OPTIONS,
    });
    templates.show(resources);
  }

  /** Has it follow the store, until it is disposed. */
  start(): void {
    this.#running = this.renderer.run(this.#stop.signal).catch((error: unknown) => error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("the test is over"));
    if (this.#running) expect(await this.#running).toBe(this.#stop.signal.reason);
    expect(this.store.watchers).toBe(0);
  }
}

function sameText(say: string): string {
  return say;
}
