import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { HecdError } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";

/** What a program may cost. */
export interface Limits {
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/** How a program has ended. */
export interface Ended {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it printed, stdout and stderr as they came, without surrounding white space; its beginning when it is long. */
  readonly output: string;
}

/** More than this is not kept of what a program prints. */
const OUTPUT_BYTES = 64 * 1_024;

/** How long a program that was asked to end may take before it is made to. */
const END_WITHIN_MS = 1_000;

/** How long what it printed last may take to arrive after its end; a daemon it left behind may hold the pipe for ever. */
const LAST_WORDS_MS = 100;

/**
 * Runs a program and resolves when it has ended, whatever its exit code. Never through a shell: `argv` is what it gets.
 *
 * It has a process group of its own, which is ended when `signal` aborts (throws its reason) or the deadline passes
 * (throws `deadline`); what a program leaves behind when it ends by itself goes on. A program that cannot be started
 * is `command-failed`.
 */
export async function run(
  argv: readonly [string, ...string[]],
  { deadlineMs, clock }: Limits,
  signal: AbortSignal,
): Promise<Ended> {
  signal.throwIfAborted();
  const command = argv.join(" ");
  const tooLong = (): HecdError => new HecdError({ code: "deadline", what: `"${command}"`, afterMs: deadlineMs });
  using limit = deadlineSignal(deadlineMs, tooLong, clock, signal);
  const [program, ...args] = argv;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const output = new Output(child);
  const ended = endOf(child, command);
  const onAbort = (): void => {
    void endGroup(child, ended, clock);
  };
  limit.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const { exitCode, signal: endedBy } = await ended;
    limit.signal.throwIfAborted();
    await output.complete(clock);
    return { exitCode, signal: endedBy, output: output.text() };
  } finally {
    limit.signal.removeEventListener("abort", onAbort);
    output.letGo();
  }
}

/** Runs a command line by `/bin/sh -c`: for commands that a person wrote into a configuration, never for values. */
export function runShell(command: string, limits: Limits, signal: AbortSignal): Promise<Ended> {
  return run(["/bin/sh", "-c", command], limits, signal);
}

/** Asks the process group of a child to end, and kills what is left of it after `withinMs`; resolves when it has ended. */
export async function endGroup(
  child: ChildProcess,
  ended: Promise<unknown>,
  clock: Clock,
  withinMs = END_WITHIN_MS,
): Promise<void> {
  signalGroup(child, "SIGTERM");
  const patience = new AbortController();
  const over = ended.then(
    () => undefined,
    () => undefined, // that it could not be started is told by whoever waits for it
  );
  await Promise.race([over, sleep(withinMs, clock, patience.signal).catch(() => undefined)]);
  patience.abort();
  signalGroup(child, "SIGKILL");
  await over;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

function endOf(child: ChildProcess, command: string): Promise<Omit<Ended, "output">> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      reject(
        new HecdError({ code: "command-failed", command, exitCode: null, output: error.message }, { cause: error }),
      );
    });
    child.once("exit", (exitCode, signal) => {
      resolve({ exitCode, signal });
    });
  });
}

/** Keeps the beginning of what a child prints. */
class Output {
  readonly #child: ChildProcess;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;
  #onOver: () => void = () => undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        const room = OUTPUT_BYTES - this.#bytes;
        if (room > 0) this.#chunks.push(chunk.subarray(0, room));
        this.#bytes += chunk.length;
      });
    }
    child.once("close", () => {
      this.#isOver = true;
      this.#onOver();
    });
  }

  /** Resolves when nothing more can come, or is not worth waiting for. */
  async complete(clock: Clock): Promise<void> {
    if (this.#isOver) return;
    let callOff = (): void => undefined;
    await new Promise<void>((resolve) => {
      this.#onOver = resolve;
      callOff = clock.after(LAST_WORDS_MS, resolve);
    });
    callOff();
  }

  text(): string {
    const text = Buffer.concat(this.#chunks).toString("utf8").trim();
    return this.#bytes > OUTPUT_BYTES ? `${text}\n(cut off at ${OUTPUT_BYTES} bytes)` : text;
  }

  /** Lets a daemon that was left behind print on into nothing, without keeping this process alive for it. */
  letGo(): void {
    this.#chunks.length = 0;
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream instanceof Socket) stream.unref();
    }
  }
}
