import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A server that is a child process and listens on a port of this machine, in the hands of a test. */
export class ServerProcess {
  readonly port: number;
  #child: ChildProcess | undefined;

  constructor(port: number) {
    this.port = port;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Ends the process as a crash would; its data stays. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** Freezes the process: its connections stay, and nothing answers. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Starts the process without waiting for it. */
  protected execute(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    this.#child = spawn(program, args, { stdio: "ignore", env: { ...process.env, ...env } });
  }
}
