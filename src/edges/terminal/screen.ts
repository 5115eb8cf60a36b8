import { type ScreenLine, painted, updateOf } from "../../display/frame.js";
import type { Size, Terminal } from "../../display/terminal.js";

/** Shows a picture on the whole screen, drawn anew where it has changed, for as long as it is not disposed. */
export class Screen implements Disposable {
  readonly #stdout: NodeJS.WritableStream;
  readonly #terminal: Terminal;
  readonly #picture: (size: Size) => readonly ScreenLine[];
  readonly #held: readonly Disposable[];
  #shown: readonly string[] | undefined;
  /** Whether the terminal has yet to take what it was sent: what is drawn meanwhile is drawn once it has. */
  #isBehind = false;
  #isStale = false;

  /** Takes the screen; `picture` is asked for whenever something is to be drawn. */
  constructor(stdout: NodeJS.WritableStream, terminal: Terminal, picture: (size: Size) => readonly ScreenLine[]) {
    this.#stdout = stdout;
    this.#terminal = terminal;
    this.#picture = picture;
    this.#held = [
      terminal.takeScreen(),
      terminal.onResize(() => {
        this.#shown = undefined; // whatever the terminal has made of the old lines
        this.draw();
      }),
    ];
    this.draw();
  }

  draw(): void {
    if (this.#isBehind) {
      this.#isStale = true;
      return;
    }
    const { size, hasColours } = this.#terminal;
    const lines = painted(this.#picture(size), size, hasColours);
    const update = updateOf(this.#shown, lines);
    this.#shown = lines;
    if (update === "" || this.#stdout.write(update)) return;
    this.#isBehind = true;
    this.#stdout.once("drain", () => {
      this.#isBehind = false;
      if (this.#isStale) this.draw();
      this.#isStale = false;
    });
  }

  [Symbol.dispose](): void {
    this.#isBehind = true; // nothing is drawn any more
    for (const each of this.#held) each[Symbol.dispose]();
  }
}
