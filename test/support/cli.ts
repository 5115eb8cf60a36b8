import { PassThrough } from "node:stream";
import { runCli } from "../../src/cli.js";
import type { ProcessWorld } from "../../src/commands/command.js";
import { version } from "../../src/version.js";

/** What a command line came to. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that a command may run in, which nobody looks at but by what is given. */
export function worldOf(given: Partial<ProcessWorld> = {}): ProcessWorld {
  return {
    env: {},
    pid: 1,
    version,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    linesLost: () => 0,
    onTerminal: false,
    terminal: undefined,
    takeHangups: () => undefined,
    allowForStop: () => undefined,
    lookAs: () => undefined,
    ...given,
  };
}

/** Runs a command line within this process, in an environment of its own, until `signal` asks it to stop. */
export async function cli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<CliResult> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCli(args, worldOf({ env: { HECD_STATE_DIR: "off", ...env }, stdout, stderr }), signal);
  return { code, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}
