import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.js";
import { required } from "./required.js";

/** The built program. */
export const PROGRAM = fileURLToPath(new URL("../../dist/hecd.js", import.meta.url));

/** The second program, which is confd. */
export const CONFD = fileURLToPath(new URL("../../dist/confd.js", import.meta.url));

/** What a command has printed, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a program is given of the environment: the settings of whoever runs the tests must not reach into it. */
export function environment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const names = /^(HECD_|CONFD_|ETCD|DOCKER_|CPORT$|FORREST_IP$)/;
  const own = Object.entries(process.env).filter(([name]) => !names.test(name));
  return { ...Object.fromEntries(own), HECD_LOG_FORMAT: "json", HECD_STATE_DIR: "off", ...env };
}

/** One `hecd`, or another program, as a process of its own; disposing it kills it. */
export class Hecd implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #over: Promise<unknown>;
  #stdout = "";
  #stderr = "";

  /** `launcher` is what it is started by where that is not this process: a program that becomes it, with its arguments. */
  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    program = PROGRAM,
    launcher: readonly string[] = [],
  ) {
    const [command = "", ...others] = [...launcher, process.execPath, program, ...args];
    this.#child = spawn(command, others, {
      stdio: ["ignore", "pipe", "pipe"],
      env: environment(env),
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (this.#stdout += chunk));
    this.#child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (this.#stderr += chunk));
    const logs = process.env["HECD_TEST_LOGS"];
    if (logs !== undefined) this.#child.stderr?.pipe(createWriteStream(`${logs}/${args[0]}-${this.#child.pid}.log`));
    this.#over = once(this.#child, "close");
  }

  get pid(): number {
    return required(this.#child.pid, "process");
  }

  /** Everything it has logged so far. */
  get log(): string {
    return this.#stderr;
  }

  get printed(): string {
    return this.#stdout;
  }

  /** Resolves when the log has a line that matches. */
  async said(what: RegExp, withinMs = 30_000): Promise<void> {
    await eventually(`${String(what)} in the log`, () => what.test(this.#stderr), withinMs).catch((error: unknown) => {
      throw new Error(this.#stderr.slice(-3_000), { cause: error });
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves when it has ended by itself or by a signal. */
  async ended(): Promise<Ended> {
    await this.#over;
    return { code: this.#child.exitCode, stdout: this.#stdout, stderr: this.#stderr };
  }

  /** Asks it to end and resolves to how it did and how long that took. */
  async stop(name: NodeJS.Signals = "SIGTERM"): Promise<Ended & { readonly tookMs: number }> {
    const begunAt = performance.now();
    this.signal(name);
    return { ...(await this.ended()), tookMs: performance.now() - begunAt };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#over;
  }
}

/** Runs one command to its end. */
export async function hecd(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return await new Hecd(args, env).ended();
}
