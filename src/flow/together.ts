import { follow } from "./follow.js";

/** Runs daemons side by side until one of them ends, which ends the others; rejects with why the first one ended. */
export async function together(
  daemons: readonly ((signal: AbortSignal) => Promise<never>)[],
  signal: AbortSignal,
): Promise<never> {
  using work = follow(signal);
  const running = daemons.map((daemon) =>
    daemon(work.signal).catch((error: unknown) => {
      work.abort(error);
    }),
  );
  await Promise.all(running);
  throw work.signal.reason;
}
