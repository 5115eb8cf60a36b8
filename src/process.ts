import type { Ids, ProcessWorld } from "./commands/command.js";
import { lastResort } from "./flow/clock.js";
import { version } from "./version.js";

/** How long an orderly stop may take before the process ends all the same and its exit code tells. */
const STOP_DEADLINE_MS = 4_800;

/** Exit code of a process that could not end in an orderly way. */
const NOT_ORDERLY = 70;

/**
 * Runs a command line as this process: its arguments, its environment, its signals, its exit code.
 *
 * The first SIGTERM or SIGINT asks `run` to stop, the second ends the process. SIGHUP does the same, unless `run` has
 * asked to be told of it.
 */
export async function runProcess(
  name: string,
  run: (argv: readonly string[], world: ProcessWorld, signal: AbortSignal) => Promise<number>,
): Promise<void> {
  const stop = new AbortController();
  let stopDeadlineMs = STOP_DEADLINE_MS;
  let onHangup: (() => void) | undefined;
  for (const kind of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(kind, () => {
      if (kind === "SIGHUP" && onHangup && !stop.signal.aborted) {
        onHangup();
        return;
      }
      if (stop.signal.aborted) process.exit(NOT_ORDERLY);
      lastResort(stopDeadlineMs, () => {
        process.stderr.write(`${name}: not everything ended within ${stopDeadlineMs} ms after ${kind}\n`);
        process.exit(NOT_ORDERLY);
      });
      stop.abort(new Error(`received ${kind}`));
    });
  }

  // A reader that left early (`hecd list | head`) is not a failure of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });

  const world: ProcessWorld = {
    env: process.env,
    pid: process.pid,
    version,
    stdout: process.stdout,
    stderr: process.stderr,
    onTerminal: process.stderr.isTTY,
    takeHangups(listener) {
      onHangup = listener;
    },
    allowForStop(ms) {
      stopDeadlineMs = ms;
    },
    lookAs,
  };
  try {
    process.exitCode = await run(process.argv.slice(2), world, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    if (error !== stop.signal.reason) {
      process.stderr.write(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = 1;
    }
  }
}

/** Root's own groups, while somebody else's are in their place. */
let ownGroups: readonly number[] | undefined;

function lookAs(ids: Ids | undefined): void {
  // Back to root first: nobody else may change groups.
  process.seteuid?.(0);
  ownGroups ??= process.getgroups?.() ?? [];
  process.setgroups?.([...(ids?.groups ?? ownGroups)]);
  process.setegid?.(ids?.groups[0] ?? 0);
  if (ids) process.seteuid?.(ids.uid);
}
