import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Size } from "../../src/display/terminal.js";
import { eventually } from "./eventually.js";
import { environment, PROGRAM } from "./hecd.js";
import { TestScreen } from "./screen.js";
import { tempDir } from "./temp-dir.js";

const run = promisify(execFile);

/** A `hecd` on a terminal of its own, made by script(1), that a test looks at and types into. */
export class HecdOnTerminal implements AsyncDisposable {
  readonly screen = new TestScreen();
  readonly #child: ChildProcess;
  readonly #over: Promise<unknown>;
  readonly #tty: string;
  readonly #folder: AsyncDisposable;

  private constructor(child: ChildProcess, tty: string, folder: AsyncDisposable) {
    this.#child = child;
    this.#tty = tty;
    this.#folder = folder;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.screen.take(text);
    });
    this.#over = once(child, "close");
  }

  static async start(args: readonly string[], { columns, rows }: Size): Promise<HecdOnTerminal> {
    const folder = await tempDir();
    const place = join(folder.path, "tty");
    const words = [process.execPath, PROGRAM, ...args].map((word) => `'${word}'`).join(" ");
    const command = `stty columns ${columns} rows ${rows}; tty >${place}; exec ${words}`;
    const child = spawn("script", ["-qefc", command, "/dev/null"], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...environment({}), TERM: "xterm", HECD_LOG_FORMAT: "auto" },
    });
    const tty = await eventually(
      "the terminal",
      async () => (await readFile(place, "utf8")).trim() || undefined,
      40_000,
    );
    return new HecdOnTerminal(child, tty, folder);
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  async resize({ columns, rows }: Size): Promise<void> {
    await run("stty", ["-F", this.#tty, "columns", String(columns), "rows", String(rows)]);
  }

  /** Resolves when what is shown matches. */
  async shows(what: RegExp, withinMs = 40_000): Promise<void> {
    await eventually(`${String(what)} on the screen`, () => what.test(this.screen.text), withinMs).catch(
      (error: unknown) => {
        throw new Error(this.screen.text, { cause: error });
      },
    );
  }

  /** Resolves to its exit code when it has ended. */
  async ended(): Promise<number | null> {
    await this.#over;
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#over;
    await this.#folder[Symbol.asyncDispose]();
  }
}
