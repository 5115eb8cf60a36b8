import { lineOf, type TargetReport } from "../../core/fleet/report.js";
import { type FleetTarget } from "../../core/fleet/target.js";
import { progressBar } from "../../display/progress.js";
import type { ProcessWorld } from "../command.js";

/** How wide a terminal is taken to be that is not known. */
const COLUMNS = 80;

/** Clears the line of a terminal. */
const CLEAR = "\r\u001b[K";

/**
 * Tells a person how a push goes on: each target in a line as soon as it is done, below them a bar where stderr is a terminal.
 * With JSON the lines go to stderr, and what is printed is left to the end.
 */
export class PushVoice implements Disposable {
  readonly #world: ProcessWorld;
  readonly #isJson: boolean;
  readonly #all: number;
  readonly #done = new Set<string>();

  constructor(world: ProcessWorld, isJson: boolean, all: number) {
    this.#world = world;
    this.#isJson = isJson;
    this.#all = all;
  }

  begin({ name }: FleetTarget): void {
    this.#show(name);
  }

  end(report: TargetReport): void {
    this.#done.add(report.target);
    this.say(lineOf(report));
    this.#show("");
  }

  /** A line of its own. */
  say(line: string): void {
    this[Symbol.dispose]();
    (this.#isJson ? this.#world.stderr : this.#world.stdout).write(`${line}\n`);
  }

  /** Shows what is being waited for. */
  wait(what: string): void {
    if (this.#world.onTerminal) this.#show(what);
    else this.say(what);
  }

  [Symbol.dispose](): void {
    if (this.#world.onTerminal) this.#world.stderr.write(CLEAR);
  }

  #show(now: string): void {
    const { onTerminal, stderr, terminal } = this.#world;
    if (!onTerminal) return;
    const progress = { done: this.#done.size, all: this.#all, now };
    stderr.write(`${CLEAR}${progressBar(progress, terminal?.size.columns ?? COLUMNS)}`);
  }
}
