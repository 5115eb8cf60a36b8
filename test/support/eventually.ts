import { setTimeout as delay } from "node:timers/promises";

/**
 * Polls `probe` until it neither throws nor returns false or undefined, and resolves to what it returned.
 *
 * The only way a test waits for the world: a condition with a deadline. The last failure is the error's cause.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | Promise<T>,
  withinMs = 10_000,
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
