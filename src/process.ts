import { setMaxListeners } from "node:events";
import type { Ids, ProcessWorld } from "./commands/command.js";
import { keysIn } from "./display/keys.js";
import type { Terminal } from "./display/terminal.js";
import { lastResort } from "./flow/clock.js";
import { version } from "./version.js";

/** The alternate screen, without a cursor and without breaking lines; and back. */
const TAKE_SCREEN = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE_SCREEN = "\u001b[?7h\u001b[?25h\u001b[?1049l";

/** What one takes a terminal for that does not know its size. */
const USUAL = { columns: 80, rows: 24 };

/** How long an orderly stop may take before the process ends all the same and its exit code tells. */
const STOP_DEADLINE_MS = 4_800;

/** Exit code of a process that could not end in an orderly way. */
const NOT_ORDERLY = 70;

/** Exit code of a process whose answer could not be written, as in sysexits.h. */
const NOT_WRITTEN = 74;

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
  setMaxListeners(0, stop.signal); // of all that goes on, each piece listens
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
    process.stderr.write(`${name}: Cannot write to stdout: ${error.message}\n`);
    process.exit(NOT_WRITTEN);
  });
  // A log on a full disk, or whose reader has ended, is no reason to stop what it is about.
  let linesLost = 0;
  process.stderr.on("error", () => linesLost++);

  const world: ProcessWorld = {
    env: takeEnvironment(),
    pid: process.pid,
    version,
    stdout: process.stdout,
    stderr: process.stderr,
    linesLost: () => linesLost,
    onTerminal: process.stderr.isTTY,
    terminal: process.stdout.isTTY ? terminalOf(process) : undefined,
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

/** Settings that are secrets: whoever may look at a program that we start is not to see them. */
const SECRET = /^(HECD_(ETCD|STORE)|CONFD)_PASSWORD$/;

/** The environment, of which programs that we start have everything but the secrets. */
function takeEnvironment(): Readonly<Record<string, string | undefined>> {
  const all = { ...process.env };
  for (const name of Object.keys(all)) if (SECRET.test(name)) Reflect.deleteProperty(process.env, name);
  return all;
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

/** The terminal of a process whose stdout is one. */
function terminalOf({ stdin, stdout, env }: Pick<typeof process, "stdin" | "stdout" | "env">): Terminal {
  return {
    get size() {
      return { columns: stdout.columns || USUAL.columns, rows: stdout.rows || USUAL.rows };
    },
    hasColours: (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb",
    takeScreen() {
      const leave = (): void => void stdout.write(LEAVE_SCREEN);
      stdout.write(TAKE_SCREEN);
      process.once("exit", leave);
      return disposable(() => {
        process.off("exit", leave);
        leave();
      });
    },
    onResize(listener) {
      stdout.on("resize", listener);
      return disposable(() => void stdout.off("resize", listener));
    },
    onKey(listener) {
      if (!stdin.isTTY) return disposable(() => undefined);
      const take = (sent: string): void => {
        for (const key of keysIn(sent)) listener(key);
      };
      stdin.setRawMode(true).setEncoding("utf8").on("data", take).resume();
      return disposable(() => {
        stdin.off("data", take).setRawMode(false).pause();
      });
    },
  };
}

function disposable(dispose: () => void): Disposable {
  return { [Symbol.dispose]: dispose };
}
