import { describe, expect, test } from "vitest";
import { Notifier } from "../../src/flow/notifier.js";
import { runAll } from "../../src/flow/run-all.js";

/** Works until it is asked to stop, and notes that it has stopped. */
function daemon(name: string, stopped: string[]) {
  return {
    async run(signal: AbortSignal): Promise<never> {
      try {
        await new Notifier().wait(signal);
      } finally {
        stopped.push(name);
      }
      throw new Error("nobody rings");
    },
  };
}

describe("daemons side by side", () => {
  test("all end, and only then it is over, when the signal aborts", async () => {
    const stopped: string[] = [];
    const stop = new AbortController();
    const running = runAll([daemon("a", stopped), daemon("b", stopped)], stop.signal);
    stop.abort(new Error("enough"));
    await expect(running).rejects.toBe(stop.signal.reason);
    expect(stopped).toEqual(["a", "b"]);
  });

  test("all end when one of them fails, for its reason", async () => {
    const stopped: string[] = [];
    const fault = new Error("broken");
    const broken = { run: () => Promise.reject(fault) };
    await expect(runAll([daemon("a", stopped), broken], new AbortController().signal)).rejects.toBe(fault);
    expect(stopped).toEqual(["a"]);
  });
});
