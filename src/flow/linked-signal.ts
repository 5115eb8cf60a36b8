import { setMaxListeners } from "node:events";

/** One for all work that is over: nobody asks where, and a trace of the stack takes its time. */
const OVER = new DOMException("This piece of work is over", "AbortError");

/** A signal for one piece of work, to be disposed when the work is over. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Aborts the work for a reason of its own. */
  abort(reason: unknown): void;
}

/**
 * Follows several signals: aborts when the first of them does, with its reason, or when disposed.
 *
 * Used instead of `AbortSignal.any`, of which Node 20 keeps a trace on every long-lived parent (nodejs/node#54614).
 */
export function linkedSignal(...parents: readonly AbortSignal[]): LinkedSignal {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // each piece of the work listens, and there may be thousands
  const links: (() => void)[] = [];
  for (const parent of parents) {
    const onAbort = (): void => {
      controller.abort(parent.reason);
    };
    if (parent.aborted) onAbort();
    else {
      parent.addEventListener("abort", onAbort, { once: true });
      links.push(() => {
        parent.removeEventListener("abort", onAbort);
      });
    }
  }
  const unlink = (): void => {
    for (const remove of links.splice(0)) remove();
  };
  return {
    signal: controller.signal,
    abort(reason) {
      controller.abort(reason);
    },
    [Symbol.dispose]() {
      unlink();
      controller.abort(OVER);
    },
  };
}

/** Settles like `promise`, but rejects with the signal's reason as soon as it aborts. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      promise.catch(() => undefined); // nobody is left to read it
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", onAbort);
    });
  });
}
