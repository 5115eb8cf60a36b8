import type { RpcStream } from "../../src/edges/etcd-client/rpc.js";
import type { Clock } from "../../src/flow/clock.js";

/** What becomes of one call: it gets what carries the call out, and settles as the caller is to see it. */
export type Outcome = <T>(carryOut: () => T) => T | Promise<T>;

/** The call fails, and nothing is carried out. */
export function fails(text: string): Outcome {
  return () => {
    throw new Error(text);
  };
}

/** The call is carried out, but its answer is lost. */
export const losesAnswer: Outcome = (carryOut) => {
  carryOut();
  throw new Error("14 UNAVAILABLE: Connection dropped");
};

/** The call is carried out at once, and answered when the test says so. */
export function held(): { readonly outcome: Outcome; readonly release: () => void } {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const outcome: Outcome = async (carryOut) => {
    const answer = carryOut();
    await released;
    return answer;
  };
  return {
    outcome,
    release: () => {
      release();
    },
  };
}

/** One stream; answers on their way come before it breaks, and are lost when the client cancels it. */
export class FakeStream<Request, Answer> implements RpcStream<Request, Answer> {
  readonly #onRequest: (request: Request) => void;
  readonly #onOver: () => void;
  readonly #onData: ((answer: Answer) => void)[] = [];
  readonly #onEnd: (() => void)[] = [];
  readonly #onError: ((error: Error) => void)[] = [];
  #isOver = false;
  #isCancelled = false;
  #callOff = (): void => undefined;

  constructor(onRequest: (request: Request) => void, onOver: () => void) {
    this.#onRequest = onRequest;
    this.#onOver = onOver;
  }

  on(event: "data", listener: (answer: Answer) => void): void;
  on(event: "end", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  on(
    ...[event, listener]: ["data", (answer: Answer) => void] | ["end", () => void] | ["error", (error: Error) => void]
  ): void {
    if (event === "data") this.#onData.push(listener);
    else if (event === "end") this.#onEnd.push(listener);
    else this.#onError.push(listener);
  }

  write(request: Request): void {
    queueMicrotask(() => {
      if (!this.#isOver) this.#onRequest(request);
    });
  }

  end(): void {
    this.cancel();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#finish();
  }

  answer(answer: Answer): void {
    if (this.#isOver) return;
    setImmediate(() => {
      if (this.#isCancelled) return;
      for (const listener of this.#onData) listener(answer);
    });
  }

  /** Breaks by its deadline, unless it is over before. */
  breaksIn(ms: number, clock: Clock): void {
    this.#callOff = clock.after(ms, () => {
      this.break("4 DEADLINE_EXCEEDED: Deadline exceeded");
    });
  }

  break(error?: string): void {
    if (this.#isOver) return;
    this.#finish();
    setImmediate(() => {
      if (error !== undefined) for (const listener of this.#onError) listener(new Error(error));
      for (const listener of this.#onEnd) listener();
    });
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#callOff();
    this.#onOver();
  }
}
