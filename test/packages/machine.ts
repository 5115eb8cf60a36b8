import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readdir, readFile, rmdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ended, must, run } from "../../tools/machine/program.mjs";
import { eventually } from "../support/eventually.js";
import { required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";
import { cleanDebian, type Suite } from "./clean-debian.js";

const SCRIPT = fileURLToPath(new URL("../support/debian-machine.sh", import.meta.url));

/** How long a machine may take to come up. */
const BOOT_MS = 180_000;

/** A clean Debian that commands are run in, as root in root's home, or that is booted; gone when it is disposed. */
export class Machine implements AsyncDisposable {
  readonly #debian: string;
  readonly #folder: Awaited<ReturnType<typeof tempDir>>;
  #nspawn: ChildProcess | undefined;
  #console = "";
  #leader = "";

  private constructor(debian: string, folder: Awaited<ReturnType<typeof tempDir>>) {
    this.#debian = debian;
    this.#folder = folder;
  }

  static async of(suite: Suite): Promise<Machine> {
    return new Machine(await cleanDebian(suite), await tempDir());
  }

  /** Puts a file into root's home; on a machine that has been booted, too. */
  async put(path: string): Promise<void> {
    const home = this.#leader === "" ? join(this.#folder.path, "written/root") : `/proc/${this.#leader}/root/root`;
    await mkdir(home, { recursive: true });
    await copyFile(path, join(home, basename(path)));
  }

  /** What a command line comes to, with all that it says on stdout: in the machine that runs, else in one that is there for it alone. */
  try(command: string): Promise<Ended> {
    // systemd-nspawn has words of its own for stderr.
    const shell = ["sh", "-c", `cd /root && { ${command}\n} 2>&1`];
    // What this machine's environment says is of this machine.
    const env = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "DEBIAN_FRONTEND=noninteractive"];
    if (this.#leader !== "") return run("nsenter", ["--target", this.#leader, "--all", ...env, ...shell]);
    return run("sh", [SCRIPT, this.#debian, this.#folder.path, "--as-pid2", ...shell]);
  }

  /** What a command line says; rejects when it fails. */
  async sh(command: string): Promise<string> {
    const { code, stdout, stderr } = await this.try(command);
    if (code !== 0) throw new Error(`${command} (${code}): ${stdout}${stderr}`);
    return stdout.trim();
  }

  /** Starts it, and resolves when its systemd has nothing more to do. */
  async boot(): Promise<void> {
    const nspawn = spawn("sh", [SCRIPT, this.#debian, this.#folder.path, "--boot"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#nspawn = nspawn;
    for (const stream of [nspawn.stdout, nspawn.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.#console += text));
    }
    const pid = required(nspawn.pid, "process");
    await eventually(
      "a machine that is up",
      async () => {
        if (nspawn.exitCode !== null) throw new Error("It has ended");
        const [leader = ""] = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ");
        if (leader === "") return false;
        this.#leader = leader;
        return /^(running|degraded)$/.test((await this.try("systemctl is-system-running")).stdout.trim());
      },
      BOOT_MS,
      300,
    ).catch((error: unknown) => {
      throw new Error(`The machine does not come up:\n${this.#console.slice(-4_000)}`, { cause: error });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#nspawn && this.#nspawn.exitCode === null) {
      const over = once(this.#nspawn, "exit");
      if (this.#leader !== "") process.kill(Number(this.#leader), "SIGKILL");
      else this.#nspawn.kill("SIGKILL");
      await over;
    }
    await removeGroups();
    // Docker's folder holds what only root of its own name space made; rm takes what node would trip over.
    await must("rm", ["-rf", this.#folder.path]);
  }
}

/** Removes control groups that machines have left empty, the innermost first; those that are in use refuse to go. */
async function removeGroups(): Promise<void> {
  for (const tree of ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"]) {
    const names = (await readdir(tree).catch(() => [])).filter((name) => name.startsWith("hecd-machine-"));
    for (const top of names.map((name) => join(tree, name))) {
      const below = await readdir(top, { recursive: true, withFileTypes: true }).catch(() => []);
      const folders = below.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
      for (const folder of [...folders.sort().reverse(), top]) await rmdir(folder).catch(() => undefined);
    }
  }
}
