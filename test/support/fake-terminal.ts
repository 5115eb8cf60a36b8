import { Writable } from "node:stream";
import type { Size, Terminal } from "../../src/display/terminal.js";
import { TestScreen } from "./screen.js";

/** A terminal within this process, which can be slow. */
export class FakeTerminal implements Terminal {
  readonly screen = new TestScreen();
  readonly hasColours = false;
  size: Size;
  /** How often something was drawn. */
  writes = 0;
  isTaken = false;
  readonly #resized = new Set<() => void>();
  readonly #typed = new Set<(key: string) => void>();
  #held: (() => void) | undefined;
  #isSlow = false;

  readonly stdout = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, done) => {
      this.writes++;
      this.screen.take(chunk.toString());
      if (this.#isSlow) this.#held = done;
      else done();
    },
  });

  constructor(size: Size) {
    this.size = size;
  }

  /** From now on nothing that is drawn is taken as shown, until `catchUp`. */
  fallBehind(): void {
    this.#isSlow = true;
  }

  catchUp(): void {
    this.#isSlow = false;
    this.#held?.();
  }

  become(size: Size): void {
    this.size = size;
    for (const listener of this.#resized) listener();
  }

  takeScreen(): Disposable {
    this.isTaken = true;
    return {
      [Symbol.dispose]: () => {
        this.isTaken = false;
      },
    };
  }

  onResize(listener: () => void): Disposable {
    return listening(this.#resized, listener);
  }

  onKey(listener: (key: string) => void): Disposable {
    return listening(this.#typed, listener);
  }
}

function listening<T>(listeners: Set<T>, listener: T): Disposable {
  listeners.add(listener);
  return { [Symbol.dispose]: () => void listeners.delete(listener) };
}
