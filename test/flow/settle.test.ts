import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AT_ONCE, settle, type Window } from "../../src/flow/settle.js";
import { ManualClock, settled } from "../support/manual-clock.js";

/** A source whose states the test pushes; knows whether it was closed. */
class Source {
  closed = false;
  #queue: string[] = [];
  #end: Error | "end" | undefined;
  #wake: () => void = () => undefined;

  emit(...states: string[]): void {
    this.#queue.push(...states);
    this.#wake();
  }

  finish(end: Error | "end"): void {
    this.#end = end;
    this.#wake();
  }

  async *open(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const onAbort = (): void => {
      this.#wake();
    };
    signal.addEventListener("abort", onAbort);
    try {
      for (;;) {
        signal.throwIfAborted();
        const state = this.#queue.shift();
        if (state !== undefined) {
          yield state;
          continue;
        }
        if (this.#end === "end") return;
        if (this.#end) throw this.#end;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.closed = true;
    }
  }
}

function start(window: Window) {
  const source = new Source();
  const clock = new ManualClock();
  const stop = new AbortController();
  const stream = settle((signal) => source.open(signal), window, clock, stop.signal);
  const seen: string[] = [];
  return { source, clock, stop, stream, seen };
}

async function collect(stream: AsyncIterable<string>, seen: string[]): Promise<void> {
  for await (const state of stream) seen.push(state);
}

describe("settle without a window", () => {
  test("passes the first state on at once, without any timer", async () => {
    const { source, clock, stream, stop } = start(AT_ONCE);
    source.emit("a");
    expect((await stream.next()).value).toBe("a");
    expect(clock.pending).toBe(0);
    stop.abort(new Error("over"));
    await stream.return();
  });

  test("gives a slow consumer the newest state and drops those overtaken meanwhile", async () => {
    const { source, stream } = start(AT_ONCE);
    source.emit("a");
    expect((await stream.next()).value).toBe("a");
    source.emit("b", "c", "d");
    await settled();
    expect((await stream.next()).value).toBe("d");
    await stream.return();
  });

  test("closes the source when the consumer leaves early", async () => {
    const { source, stream } = start(AT_ONCE);
    source.emit("a");
    for await (const state of stream) {
      expect(state).toBe("a");
      break;
    }
    expect(source.closed).toBe(true);
  });

  test("passes on the last state of a source that ends, then ends", async () => {
    const { source, stream, seen } = start(AT_ONCE);
    source.emit("a", "b");
    source.finish("end");
    await collect(stream, seen);
    expect(seen.at(-1)).toBe("b");
    expect(source.closed).toBe(true);
  });

  test("throws what the source throws", async () => {
    const { source, stream, seen } = start(AT_ONCE);
    source.finish(new Error("broken"));
    await expect(collect(stream, seen)).rejects.toThrow("broken");
  });

  test("throws the signal's reason while it waits", async () => {
    const { stop, stream, seen } = start(AT_ONCE);
    const over = new Error("over");
    const end = collect(stream, seen);
    await settled();
    stop.abort(over);
    await expect(end).rejects.toBe(over);
  });

  test("always ends with the newest state, whatever the pace of both sides", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.string(), { minLength: 1 }), { minLength: 1, maxLength: 20 }),
        async (bursts) => {
          const { source, stream, seen } = start(AT_ONCE);
          const end = collect(stream, seen);
          for (const burst of bursts) {
            source.emit(...burst);
            await settled();
          }
          source.finish("end");
          await end;
          expect(seen.at(-1)).toBe(bursts.at(-1)?.at(-1));
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("settle with a window", () => {
  const window = { quietMs: 100, maxWaitMs: 1_000 };

  test("passes a single state on once it has been quiet", async () => {
    const { source, clock, stream, seen } = start(window);
    const end = collect(stream, seen);
    source.emit("a");
    await clock.advance(99);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual(["a"]);
    source.finish("end");
    await end;
    expect(clock.pending).toBe(0);
  });

  test("waits anew with every state", async () => {
    const { source, clock, stream, seen } = start(window);
    const end = collect(stream, seen);
    source.emit("a");
    await clock.advance(80);
    source.emit("b");
    await clock.advance(80);
    expect(seen).toEqual([]);
    await clock.advance(20);
    expect(seen).toEqual(["b"]);
    source.finish("end");
    await end;
  });

  test("keeps passing states on under a source that never rests", async () => {
    const { source, clock, stream, seen } = start(window);
    const end = collect(stream, seen);
    for (let step = 0; step < 25; step++) {
      source.emit(String(step));
      await clock.advance(50);
    }
    expect(seen.length).toBeGreaterThanOrEqual(1);
    source.finish("end");
    await end;
    expect(seen.at(-1)).toBe("24");
  });
});
