import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { abortable, linkedSignal } from "../../src/flow/linked-signal.js";

describe("follow", () => {
  test("aborts with the reason of the first parent that does", () => {
    const one = new AbortController();
    const two = new AbortController();
    using turn = linkedSignal(one.signal, two.signal);
    const reason = new Error("two");
    two.abort(reason);
    one.abort(new Error("one"));
    expect(turn.signal.reason).toBe(reason);
  });

  test("is aborted from the start under an aborted parent", () => {
    const reason = new Error("gone");
    using turn = linkedSignal(AbortSignal.abort(reason));
    expect(turn.signal.reason).toBe(reason);
  });

  test("lets any number of pieces of work listen without a warning", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on("warning", note);
    using all = linkedSignal();
    const pieces = Array.from({ length: 200 }, () => linkedSignal(all.signal));
    await new Promise((resolve) => setImmediate(resolve)); // a warning is told at the end of the turn
    process.off("warning", note);
    for (const piece of pieces) piece[Symbol.dispose]();
    expect(warnings).toEqual([]);
  });

  test("leaves no listener on its parents when disposed", () => {
    const parent = new AbortController();
    for (let turn = 0; turn < 100; turn++) {
      using work = linkedSignal(parent.signal);
      expect(work.signal.aborted).toBe(false);
    }
    expect(getEventListeners(parent.signal, "abort")).toHaveLength(0);
  });
});

describe("abortable", () => {
  test("settles like its promise and leaves no listener", async () => {
    const stop = new AbortController();
    await expect(abortable(Promise.resolve(1), stop.signal)).resolves.toBe(1);
    expect(getEventListeners(stop.signal, "abort")).toHaveLength(0);
  });

  test("rejects with the signal's reason while its promise is pending", async () => {
    const stop = new AbortController();
    const over = new Error("over");
    const result = abortable(new Promise(() => undefined), stop.signal);
    stop.abort(over);
    await expect(result).rejects.toBe(over);
  });
});
