import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Emit } from "../../core/events/event.js";
import { HecdError, reasonOf } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import { abortable, linkedSignal, type LinkedSignal } from "../../flow/linked-signal.js";
import { backoff } from "../../flow/retry.js";
import { complaintsOf, occupiedAddressOf } from "../../haproxy/config/alerts.js";
import { endGroup } from "../host/command.js";
import { askProcesses, workerServes } from "../haproxy/master.js";

/** Which HAProxy is started, and with what. */
export interface ProcessSettings {
  readonly binary: string;
  readonly configPath: string;
  /** Where its master socket will be; readable and writable by its owner alone. */
  readonly masterSocket: string;
}

/** An HAProxy of our own; disposing it ends it. */
export interface HaproxyProcess extends AsyncDisposable {
  /** Whether it runs as far as is known; false while it is being started again. */
  readonly running: boolean;
}

/** How long HAProxy may take to answer; a large configuration takes a second or two. */
const READY_WITHIN_MS = 20_000;

/** How long it may take to end once asked. */
const END_WITHIN_MS = 2_000;

/** Waits before it is started again; they begin anew once it has been up for a while. */
const RESTART_WAITS = [500, 30_000] as const;
const STEADY_MS = 10_000;

/** How long what it printed last may take to arrive after its end. */
const LAST_WORDS_MS = 100;

const POLL_MS = 20;
const KEPT_LINES = 40;

/**
 * Starts HAProxy in master-worker mode and resolves when it serves; from then on it is started again whenever it ends by
 * itself, until `signal` aborts or it is disposed.
 *
 * Throws `port-occupied`, or `haproxy-failed` with HAProxy's own words, when it does not come up the first time.
 */
export async function openHaproxy(
  settings: ProcessSettings,
  { clock, emit }: { readonly clock: Clock; readonly emit: Emit },
  signal: AbortSignal,
): Promise<HaproxyProcess> {
  const parts = { settings, clock, emit };
  const first = await start(parts, signal);
  return new Minder(parts, first, signal);
}

interface Parts {
  readonly settings: ProcessSettings;
  readonly clock: Clock;
  readonly emit: Emit;
}

class Minder implements HaproxyProcess {
  readonly #parts: Parts;
  readonly #work: LinkedSignal;
  readonly #over: Promise<void>;
  #isRunning = true;

  constructor(parts: Parts, first: Child, signal: AbortSignal) {
    this.#parts = parts;
    this.#work = linkedSignal(signal);
    this.#over = this.#mind(first, this.#work.signal);
  }

  get running(): boolean {
    return this.#isRunning;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#work[Symbol.dispose]();
    await this.#over;
  }

  /** Never rejects; ends when the work is called off. */
  async #mind(first: Child, signal: AbortSignal): Promise<void> {
    const { clock, emit } = this.#parts;
    let child: Child | undefined = first;
    let waits = backoff(...RESTART_WAITS);
    while (child) {
      const startedAt = clock.now();
      await child.endOr(signal);
      await child.stop(); // also what a killed master has left behind, which would go on serving an old list
      this.#isRunning = false;
      if (signal.aborted) return;
      emit({ kind: "haproxy-exited", how: child.how, output: child.complaints() });
      if (clock.now() - startedAt > STEADY_MS) waits = backoff(...RESTART_WAITS);
      child = await this.#startAgain(waits, signal);
      this.#isRunning = child !== undefined;
    }
  }

  /** Resolves to undefined when the work is called off. */
  async #startAgain(waits: Iterator<number, never>, signal: AbortSignal): Promise<Child | undefined> {
    const { clock, emit } = this.#parts;
    for (;;) {
      try {
        await sleep(waits.next().value, clock, signal);
        return await start(this.#parts, signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        emit({ kind: "haproxy-exited", how: "at its start", output: reasonOf(error) });
      }
    }
  }
}

/** Starts HAProxy once and resolves when it answers; what does not come up is ended again. */
async function start({ settings, clock, emit }: Parts, signal: AbortSignal): Promise<Child> {
  const { binary, configPath, masterSocket } = settings;
  signal.throwIfAborted();
  const child = new Child([binary, "-W", "-db", "-S", `${masterSocket},mode,600`, "-f", configPath], clock, emit);
  try {
    const giveUpAt = clock.now() + READY_WITHIN_MS;
    for (;;) {
      const processes = child.hasEnded ? undefined : await askProcesses(masterSocket, signal);
      // Its own: at the same place a forgotten HAProxy may answer.
      if (processes && processes.master.pid === child.pid && (await workerServes(masterSocket, clock, signal))) {
        emit({ kind: "haproxy-started", pid: processes.master.pid, version: processes.version });
        return child;
      }
      if (child.hasEnded) throw child.fault();
      if (clock.now() >= giveUpAt) {
        throw new HecdError({ code: "deadline", what: "HAProxy's master socket", afterMs: READY_WITHIN_MS });
      }
      await sleep(POLL_MS, clock, signal);
    }
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** One run of HAProxy, in a process group of its own so that a Ctrl-C of the terminal reaches it only through us. */
class Child {
  readonly #child: ChildProcess;
  readonly #command: string;
  readonly #clock: Clock;
  readonly #ended: Promise<void>;
  readonly #lines: string[] = [];
  hasEnded = false;
  how = "";

  constructor(argv: readonly [string, ...string[]], clock: Clock, emit: Emit) {
    const [program, ...args] = argv;
    this.#command = argv.join(" ");
    this.#clock = clock;
    this.#child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#lines.push(error.message);
        this.#end("it could not be run", resolve);
      });
      this.#child.once("exit", (code, signal) => {
        const end = (): void => {
          this.#end(signal ?? `exit code ${code ?? "unknown"}`, resolve);
        };
        // What it printed last says why, but workers it leaves behind hold the pipes as well.
        const callOff = clock.after(LAST_WORDS_MS, end);
        this.#child.once("close", () => {
          callOff();
          end();
        });
      });
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on("line", (line) => {
        if (this.#lines.push(line) > KEPT_LINES) this.#lines.shift();
        emit({ kind: "haproxy-said", line });
      });
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when it has ended, or when `signal` aborts. */
  async endOr(signal: AbortSignal): Promise<void> {
    await abortable(this.#ended, signal).catch(() => undefined);
  }

  /** Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    await endGroup(this.#child, this.#ended, this.#clock, END_WITHIN_MS);
  }

  /** What it complained of, or else what it said last. */
  complaints(): string {
    const said = this.#lines.join("\n");
    return complaintsOf(said, "ALERT") || said;
  }

  /** Why it did not come up. */
  fault(): HecdError {
    const address = occupiedAddressOf(this.#lines.join("\n"));
    if (address !== undefined) return new HecdError({ code: "port-occupied", address });
    const output = `${this.complaints()} (${this.how}; ${this.#command})`;
    return new HecdError({ code: "haproxy-failed", what: "start", output });
  }

  #end(how: string, resolve: () => void): void {
    if (this.hasEnded) return;
    this.how = how;
    this.hasEnded = true;
    resolve();
  }
}
