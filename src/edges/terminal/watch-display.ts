import type { Terminal } from "../../display/terminal.js";
import { watchedFrame } from "../../display/watched.js";
import { wallTime } from "../../flow/clock.js";
import { Screen } from "./screen.js";

/** Where a watched text is shown. */
interface WatchPlace {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly terminal: Terminal | undefined;
}

/**
 * Shows a text whenever it changes: on a terminal in the place of the one before, elsewhere below it. When it is disposed
 * the last text stays on the terminal.
 */
export class WatchDisplay implements Disposable {
  readonly #place: WatchPlace;
  readonly #command: string;
  readonly #screen: Screen | undefined;
  #text: string | undefined;
  #since = "";
  #trouble: string | undefined;

  constructor(command: string, place: WatchPlace) {
    this.#place = place;
    this.#command = command;
    const { terminal, stdout } = place;
    this.#screen = terminal && new Screen(stdout, terminal, (size) => watchedFrame(this.#watched, size));
  }

  show(text: string): void {
    this.clear();
    if (text === this.#text) return;
    if (!this.#screen) this.#place.stdout.write(this.#text === undefined ? text : `\n${text}`);
    this.#text = text;
    this.#since = wallTime().toTimeString().slice(0, 8);
    this.#screen?.draw();
  }

  /** Says why nothing new comes. */
  warn(trouble: string): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    if (this.#screen) this.#screen.draw();
    else this.#place.stderr.write(`hecd: ${trouble}\n`);
  }

  /** Takes back what was warned of. */
  clear(): void {
    this.#trouble = undefined;
    this.#screen?.draw();
  }

  [Symbol.dispose](): void {
    this.#screen?.[Symbol.dispose]();
    if (this.#screen && this.#text !== undefined) this.#place.stdout.write(this.#text);
  }

  get #watched() {
    return { command: this.#command, text: this.#text, since: this.#since, trouble: this.#trouble };
  }
}
