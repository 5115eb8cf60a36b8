import type { Clock } from "./clock.js";

/** Wakes the one who waits for it; a ring that nobody waits for is kept, and many rings are one. */
export class Notifier {
  #rung = false;
  #wake: (() => void) | undefined;

  notify(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves once it has rung since the last time; rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        this.#wake = undefined;
        reject(signal.reason as Error);
      };
      this.#wake = () => {
        this.#rung = false;
        this.#wake = undefined;
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      if (this.#rung) this.#wake();
    });
  }

  /** The same, but gives up when `end` has come: resolves to whether it has rung. */
  async waitUntil(end: Promise<void>, signal: AbortSignal): Promise<boolean> {
    let isEnded = false;
    let isWaiting = true;
    void end.then(() => {
      if (!isWaiting) return;
      isEnded = !this.#rung;
      this.#wake?.();
    });
    try {
      await this.wait(signal);
      return !isEnded;
    } finally {
      isWaiting = false;
    }
  }

  /** The same, but resolves in `ms` at the latest: to whether it has rung. */
  async waitAtMost(ms: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
    let late = false;
    const callOff = clock.after(ms, () => {
      late = !this.#rung;
      this.#wake?.();
    });
    try {
      await this.wait(signal);
      return !late;
    } finally {
      callOff();
    }
  }
}
