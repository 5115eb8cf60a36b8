import { WatchDisplay } from "../../edges/terminal/watch-display.js";
import type { Settings } from "../../settings.js";
import type { ProcessWorld } from "../command.js";

/** Where what is watched goes, each time that it has changed. */
export interface Watching<T> extends Disposable {
  show(value: T): void;
  /** Says why nothing new comes, and that it comes again. */
  warn(trouble: string): void;
  clear(): void;
}

/** Opens what `--watch` of a command shows: for a person by `wordsOf`, with `--json` as one object a line. */
export function openWatching<T>(
  command: string,
  wordsOf: (value: T) => string,
  { json }: Settings,
  world: ProcessWorld,
): Watching<T> {
  if (json) return new JsonLines(world);
  const display = new WatchDisplay(command, world);
  return {
    show: (value) => {
      display.show(wordsOf(value));
    },
    warn: (trouble) => {
      display.warn(trouble);
    },
    clear: () => {
      display.clear();
    },
    [Symbol.dispose]: () => {
      display[Symbol.dispose]();
    },
  };
}

/** Prints each value that differs from the one before. */
class JsonLines implements Watching<unknown> {
  readonly #world: ProcessWorld;
  #last = "";
  #trouble: string | undefined;

  constructor(world: ProcessWorld) {
    this.#world = world;
  }

  show(value: unknown): void {
    this.clear();
    const line = JSON.stringify(value);
    if (line !== this.#last) this.#world.stdout.write(`${line}\n`);
    this.#last = line;
  }

  warn(trouble: string): void {
    if (trouble !== this.#trouble) this.#world.stderr.write(`hecd: ${trouble}\n`);
    this.#trouble = trouble;
  }

  clear(): void {
    this.#trouble = undefined;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
