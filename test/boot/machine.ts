import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { copyFile, cp, mkdir, readdir, readFile, rmdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { find, run } from "../../tools/machine/program.mjs";
import { eventually } from "../support/eventually.js";
import { required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";
import { debianRoot } from "./debian.js";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** How long a machine may take to come up. */
const BOOT_MS = 120_000;

/** What systemd-nspawn ends with when its machine wants to be started again and `--keep-unit` leaves that to others. */
const REBOOTS = 133;

/** Where each file of `deploy/` goes, as the documents say. */
const INSTALLED: Readonly<Record<string, string>> = {
  "deploy/notify-exec": "usr/lib/hecd/notify-exec",
  "deploy/hecd-agent.service": "etc/systemd/system/hecd-agent.service",
  "deploy/hecd-render.service": "etc/systemd/system/hecd-render.service",
  "deploy/hecd-render@.service": "etc/systemd/system/hecd-render@.service",
  "deploy/hecd-sysusers.conf": "usr/lib/sysusers.d/hecd.conf",
  "deploy/hecd-tmpfiles.conf": "usr/lib/tmpfiles.d/hecd.conf",
  "deploy/haproxy-hecd.conf": "etc/systemd/system/haproxy.service.d/hecd.conf",
  "deploy/hecd.env": "etc/default/hecd",
  "deploy/conf.d/haproxy.toml": "etc/hecd/conf.d/haproxy.toml",
  "templates/haproxy.cfg.hbs": "etc/hecd/templates/haproxy.cfg.hbs",
  "test/boot/network.service": "etc/systemd/system/network.service",
};

/** A Debian machine under a systemd of its own, with HECD's files laid out; disposing it switches it off for good. */
export class Machine implements AsyncDisposable {
  readonly #debian: string;
  readonly #folder: Awaited<ReturnType<typeof tempDir>>;
  #nspawn: ChildProcess | undefined;
  /** The process that is the machine's first, as this machine sees it. */
  #leader = "";

  private constructor(debian: string, folder: Awaited<ReturnType<typeof tempDir>>) {
    this.#debian = debian;
    this.#folder = folder;
  }

  static async make(): Promise<Machine> {
    const machine = new Machine(await debianRoot(), await tempDir());
    const written = join(machine.#folder.path, "written");
    for (const [from, to] of Object.entries(INSTALLED)) {
      await mkdir(dirname(join(written, to)), { recursive: true });
      await copyFile(join(PROJECT, from), join(written, to));
    }
    await mkdir(join(written, "usr/bin"), { recursive: true });
    await symlink("/opt/hecd/dist/hecd.js", join(written, "usr/bin/hecd"));
    await mkdir(join(written, "etc/systemd/system/network-online.target.wants"), { recursive: true });
    await symlink(
      "../network.service",
      join(written, "etc/systemd/system/network-online.target.wants/network.service"),
    );
    const image = join(written, "opt/image/bin");
    await mkdir(image, { recursive: true });
    await cp(required(find("busybox"), "busybox"), join(image, "busybox"));
    for (const name of ["sh", "hostname", "httpd"]) await symlink("busybox", join(image, name));
    await mkdir(join(image, "../www"));
    return machine;
  }

  /** Starts it, and resolves when its systemd has nothing more to do, or waits for what cannot come. */
  async boot(): Promise<void> {
    const script = fileURLToPath(new URL("../support/debian-machine.sh", import.meta.url));
    const binds = [`--bind-ro=${PROJECT}:/opt/hecd`, `--bind-ro=${process.execPath}:/usr/bin/node`];
    const argv = [script, this.#debian, this.#folder.path, ...binds, "--boot"];
    this.#nspawn = spawn("sh", argv, { stdio: ["ignore", "pipe", "pipe"] });
    const console = createWriteStream(join(this.#folder.path, "console"), { flags: "a" });
    this.#nspawn.stdout?.pipe(console);
    this.#nspawn.stderr?.pipe(console);
    await this.#comeUp();
  }

  /** Restarts it in the orderly way. */
  async reboot(): Promise<void> {
    const nspawn = required(this.#nspawn, "a machine that runs");
    const over = once(nspawn, "exit");
    await this.sh("systemctl reboot --no-block");
    const [code] = (await over) as [number | null];
    if (code !== REBOOTS) throw new Error(`The machine ends with ${code} instead of asking for a new start`);
    await removeGroups(`hecd-machine-${nspawn.pid}`);
    await this.boot();
  }

  /** Switches it off as a power cut does: nothing in it hears of it. */
  async cutPower(): Promise<void> {
    const nspawn = required(this.#nspawn, "a machine that runs");
    if (nspawn.exitCode === null && nspawn.signalCode === null) {
      const over = once(nspawn, "exit");
      if (this.#leader !== "") process.kill(Number(this.#leader), "SIGKILL");
      else nspawn.kill("SIGKILL");
      await over;
    }
    await removeGroups(`hecd-machine-${nspawn.pid}`);
  }

  /** What a command line says in it; rejects when it fails. */
  async sh(command: string): Promise<string> {
    const { code, stdout, stderr } = await this.try(command);
    if (code !== 0) throw new Error(`${command} (${code}): ${stdout}${stderr}`);
    return stdout.trim();
  }

  /** The same, whatever its exit code. */
  try(command: string): ReturnType<typeof run> {
    return run("nsenter", ["--target", this.#leader, "--all", "sh", "-c", command], { env: { TMPDIR: "/tmp" } });
  }

  /** One property of a unit. */
  property(unit: string, name: string): Promise<string> {
    return this.sh(`systemctl show --value --property=${name} ${unit}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #comeUp(): Promise<void> {
    const pid = required(this.#nspawn?.pid, "process");
    const whenUp = async (): Promise<boolean> => {
      const [leader = ""] = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ");
      if (leader === "") return false;
      this.#leader = leader;
      return /^(running|degraded)$/.test((await this.try("systemctl is-system-running")).stdout.trim());
    };
    await eventually("a machine that is up", whenUp, BOOT_MS).catch(async (error: unknown) => {
      const console = await readFile(join(this.#folder.path, "console"), "utf8").catch(() => "");
      throw new Error(`The machine does not come up:\n${console.slice(-4_000)}`, { cause: error });
    });
  }
}

/** Removes control groups that a machine has left empty, the innermost first. */
async function removeGroups(name: string): Promise<void> {
  for (const tree of ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"]) {
    const top = join(tree, name);
    const below = await readdir(top, { recursive: true, withFileTypes: true }).catch(() => []);
    const folders = below.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
    for (const folder of [...folders.sort().reverse(), top]) await rmdir(folder).catch(() => undefined);
  }
}
