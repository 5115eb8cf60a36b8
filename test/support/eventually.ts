import { setTimeout as delay } from "node:timers/promises";

/**
 * Polls `probe` until it neither throws nor returns false or undefined, and resolves to what it returned.
 *
 * The only way a test waits for the world: a condition with a deadline. The last failure is the error's cause. Without a
 * deadline of its own it only has to happen, on a machine that may have much else to do.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | Promise<T>,
  withinMs = 30_000,
  everyMs = 20,
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  do {
    try {
      const result = await probe();
      if (result !== false && result !== undefined) return result as Exclude<T, false | undefined>;
      last = new Error(`the probe returned ${String(result)}`);
    } catch (error) {
      last = error;
    }
    await delay(everyMs);
  } while (performance.now() < deadline);
  throw new Error(`Waited ${withinMs} ms in vain for ${what}: ${last instanceof Error ? last.message : String(last)}`, {
    cause: last,
  });
}

/**
 * Polls `probe` for `ms` and fails as soon as it throws or returns false: what must not happen is seen when it happens.
 *
 * Resolves when the time is over and the probe has held all along, at its end too.
 */
export async function staysFor(
  what: string,
  ms: number,
  probe: () => boolean | Promise<boolean>,
  everyMs = 50,
): Promise<void> {
  const begunAt = performance.now();
  for (let isLast = false; ;) {
    const afterMs = Math.round(performance.now() - begunAt);
    const fault = await faultOf(probe);
    if (fault) throw new Error(`${what} held for ${afterMs} of ${ms} ms only: ${fault.message}`, { cause: fault });
    if (isLast) return;
    await delay(Math.min(everyMs, Math.max(0, ms - afterMs)));
    isLast = performance.now() - begunAt >= ms;
  }
}

async function faultOf(probe: () => boolean | Promise<boolean>): Promise<Error | undefined> {
  try {
    return (await probe()) ? undefined : new Error("the probe returned false");
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
