import { PassThrough } from "node:stream";
import { runCli } from "../../src/cli.js";
import { version } from "../../src/version.js";

/** What a command line came to. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line within this process, in an environment of its own, until `signal` asks it to stop. */
export async function cli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<CliResult> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const world = {
    env: { HECD_STATE_DIR: "off", ...env },
    pid: 1,
    version,
    stdout,
    stderr,
    onTerminal: false,
    takeHangups: () => undefined,
    allowForStop: () => undefined,
    lookAs: () => undefined,
  };
  const code = await runCli(args, world, signal);
  return { code, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}
