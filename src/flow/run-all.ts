import { linkedSignal } from "./linked-signal.js";

/** Something that works until its signal aborts, or until it fails. */
export interface Runnable {
  run(signal: AbortSignal): Promise<never>;
}

/** Runs daemons side by side until one of them ends, which ends the others; rejects with why the first one ended. */
export async function runAll(daemons: readonly Runnable[], signal: AbortSignal): Promise<never> {
  using work = linkedSignal(signal);
  const running = daemons.map((daemon) =>
    daemon.run(work.signal).catch((error: unknown) => {
      work.abort(error);
    }),
  );
  await Promise.all(running);
  throw work.signal.reason;
}
