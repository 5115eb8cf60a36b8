import type { Emit } from "../../core/events/event.js";
import type { Resource, Staged, Target } from "../../ports.js";
import { TargetFile } from "../output/target-file.js";
import type { HaproxyContainer } from "./container.js";
import { ContainerFile } from "./container-file.js";

const TO_ITS_END = new AbortController().signal;

/**
 * The file of an HAProxy in a container: where its folder is one that the container has from here, the file here, which may be
 * all that is allowed; else the file in the container. Which it is, is looked at anew each time.
 */
export class SharedOrInside implements Target {
  readonly #resource: Resource;
  readonly #container: HaproxyContainer;
  readonly #here: TargetFile;
  readonly #inside: ContainerFile;

  constructor(resource: Resource, container: HaproxyContainer, emit: Emit) {
    this.#resource = resource;
    this.#container = container;
    this.#here = new TargetFile(resource, emit);
    this.#inside = new ContainerFile(resource, container);
  }

  async read(): Promise<string | undefined> {
    return (await this.#its()).read();
  }

  async condition(): ReturnType<Target["condition"]> {
    return (await this.#its()).condition();
  }

  async differences(text: string): ReturnType<Target["differences"]> {
    return (await this.#its()).differences(text);
  }

  async stage(text: string): Promise<Staged> {
    return (await this.#its()).stage(text);
  }

  async amend(): Promise<void> {
    await (await this.#its()).amend();
  }

  async confirm(): Promise<void> {
    await (await this.#its()).confirm();
  }

  async restore(): Promise<boolean> {
    return (await this.#its()).restore();
  }

  async #its(): Promise<Target> {
    const made = await this.#container.running(TO_ITS_END);
    const inside = await this.#container.inside(this.#resource.dest, made, TO_ITS_END);
    return inside === undefined ? this.#inside : this.#here;
  }
}
