#!/usr/bin/env node
import { runCli } from "./cli.js";
import { lastResort } from "./flow/clock.js";

/** How long an orderly stop may take before the process ends all the same and its exit code tells. */
const STOP_DEADLINE_MS = 4_800;

/** Exit code of a process that could not end in an orderly way. */
const NOT_ORDERLY = 70;

const stop = new AbortController();

for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(NOT_ORDERLY);
    lastResort(STOP_DEADLINE_MS, () => {
      process.stderr.write(`hecd: not everything ended within ${STOP_DEADLINE_MS} ms after ${name}\n`);
      process.exit(NOT_ORDERLY);
    });
    stop.abort(new Error(`received ${name}`));
  });
}

// A reader that left early (`hecd list | head`) is not a failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  process.exitCode = await runCli(
    process.argv.slice(2),
    {
      env: process.env,
      pid: process.pid,
      stdout: process.stdout,
      stderr: process.stderr,
      onTerminal: process.stderr.isTTY,
    },
    stop.signal,
  );
} catch (error) {
  if (!stop.signal.aborted) throw error;
  if (error !== stop.signal.reason) {
    process.stderr.write(`hecd: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
}
