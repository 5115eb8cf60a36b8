import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { addressIn, fieldOf, interfaceAddress, publishedPort } from "./docker-answers.js";
import { DEFAULT_NETWORK, IS_PODMAN } from "./engine-kind.js";
import { eventually } from "./eventually.js";
import { engineCommand } from "./private-engine.js";
import { PodmanProbes } from "./podman-probes.js";
import { numberOf } from "./required.js";
import { tempDir } from "./temp-dir.js";

const run = promisify(execFile);

/** The image of the containers: a web server on 8080. */
export const WEB_IMAGE = "hecd-test/web";

/** A Docker engine by its command line; removes every container it has made when it is disposed. */
export class DockerCli implements AsyncDisposable {
  readonly url: string;
  readonly #made = new Set<string>();
  readonly #probes = new PodmanProbes();

  /** The engine of this run, or the machine's own, unless the URL of another one is given. */
  constructor(url = process.env["HECD_TEST_DOCKER"] ?? "unix:///var/run/docker.sock") {
    this.url = url;
  }

  /** Runs one docker command and resolves to what it printed. */
  async run(...args: readonly string[]): Promise<string> {
    const { stdout } = await run("docker", ["-H", this.url, ...args], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  }

  /** Starts a web server with its port published and resolves to its id. */
  async web(name: string, ...args: readonly string[]): Promise<string> {
    return await this.#start(name, args, []);
  }

  /** The same container with a shell script in the place of its server. */
  async script(name: string, script: string, ...args: readonly string[]): Promise<string> {
    return await this.#start(name, args, ["sh", "-c", script]);
  }

  /** Removes a container that somebody else has made as well, by its name. */
  minds(name: string): void {
    this.#made.add(name);
  }

  /** Changes a setting of a container that has nothing to do with whether and where it is reached. */
  async update(name: string): Promise<void> {
    const shares = ["--cpu-shares", "512"];
    // Without controllers of resources Podman refuses all that Docker's command line can ask for; version 4 has no more.
    const ofPodman = existsSync("/sys/fs/cgroup/cpu") ? shares : ["--restart", "no"];
    if (IS_PODMAN) await run("podman", ["--url", this.url, "update", ...ofPodman, name]);
    else await this.run("update", ...shares, "--memory", "64m", "--memory-swap", "64m", name);
  }

  /** Starts a container that publishes 8080 too, but ends by nothing except SIGKILL, and resolves to its id. */
  async deaf(name: string, ...args: readonly string[]): Promise<string> {
    return await this.#start(name, args, ["sleep", "3600"]); // the first process of a container has to ask for signals
  }

  /** The host's port of a container's port on one of the host's addresses; that of IPv6 may be another one. */
  async port(name: string, port = "8080/tcp", ip = "0.0.0.0"): Promise<number> {
    return publishedPort(await this.run("port", name, port), ip);
  }

  /** One field of a container, network or image, by its path in `docker inspect`: `State.Status`. */
  async field(name: string, path: string): Promise<string> {
    const template = `{{.${path}}}`;
    return fieldOf(await this.run("inspect", "-f", template, name), template);
  }

  /** The process of a container that runs, as the host numbers it. */
  async pid(name: string): Promise<number> {
    const pid = numberOf(await this.field(name, "State.Pid"), `process of ${name}`);
    if (pid === 0) throw new Error(`${name} does not run`);
    return pid;
  }

  /** A container's own IPv4 address in a network. */
  async address(name: string, network = DEFAULT_NETWORK): Promise<string> {
    const template = `{{(index .NetworkSettings.Networks ${JSON.stringify(network)}).IPAddress}}`;
    return addressIn(await this.run("inspect", "-f", template, name), template);
  }

  /**
   * The host's IPv4 address on the engine's bridge. It is the interface that is asked: an engine knows the gateway of
   * that network only once it has been started again.
   */
  async bridgeAddress(): Promise<string> {
    const template = '{{index .Options "com.docker.network.bridge.name"}}';
    const bridge = IS_PODMAN
      ? "podman0"
      : fieldOf(await this.run("network", "inspect", "-f", template, DEFAULT_NETWORK), template);
    const { stdout } = await run("ip", ["-4", "-oneline", "address", "show", "dev", bridge]);
    return interfaceAddress(stdout);
  }

  async #start(name: string, args: readonly string[], command: readonly string[]): Promise<string> {
    const fixed = ["-d", "-P", "--label", "hecd.test", "--name", name];
    const id = await this.run("run", ...fixed, ...args, WEB_IMAGE, ...command);
    this.#made.add(id);
    if (IS_PODMAN) this.#probes.begin(this.url, id, args);
    return id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#probes[Symbol.dispose]();
    const made = [...this.#made].reverse();
    this.#made.clear();
    const remove = async (...names: readonly string[]): Promise<unknown> =>
      run("docker", ["-H", this.url, "rm", "-f", ...names]).catch(() => undefined);
    if (!IS_PODMAN) {
      if (made.length > 0) await remove(...made);
      return;
    }
    // Podman keeps a container in whose network there is another one, which has been made later, and gives each its time.
    if (made.length > 0) await run("docker", ["-H", this.url, "kill", ...made]).catch(() => undefined);
    for (const name of made) await remove(name);
  }
}

/** Runs its arguments where each hierarchy of cgroups that the kernel has is mounted, below `$0` if nowhere else. */
const WITH_ALL_CGROUPS = `
awk '!/^#/ && $2 > 0 { names[$2] = names[$2] comma[$2] $1; comma[$2] = "," } END { for (id in names) print names[id] }' \
  /proc/cgroups | while read -r names; do
  grep -q " - cgroup .*\\b\${names%%,*}\\b" /proc/self/mountinfo && continue
  mkdir -p "$0/$names" && mount -t cgroup -o "$names" none "$0/$names"
done
exec "$@"`;

/** Stays where the kernel's range for ports that nobody has chosen is what the file `$0` says; tells when it is there. */
const WITH_PORTS = `mount --bind "$0" /proc/sys/net/ipv4/ip_local_port_range && echo ready && exec sleep infinity`;

/** Between the numbers of two engines of one process; those of processes that begin together are neighbours. */
const ENGINES_APART = 97;

/** The ports above the kernel's own range, so many of them for each engine. */
const [FIRST_PORT, PORTS, RANGES] = [61_000, 400, 11];

/**
 * Runs its arguments in a network namespace of their own, which has the bridge `$0` with the address `$1`. All Podmans of
 * root give out addresses by one book, so that one gets another.
 */
const APART = `${IS_PODMAN ? "mount -t tmpfs none /run/containers/networks || exit 1" : ""}
ip link set lo up && ip link add "$0" type bridge && ip addr add "$1" dev "$0" && ip link set "$0" up || exit 1
shift
exec "$@"`;

/**
 * A second Docker engine with everything of its own, to be stopped and started at will.
 *
 * It has a bridge of its own, publishes on ports of its own and leaves the packet filter alone: two engines on one bridge
 * or one chain break one another, and each would give out the ports that the other has. Disposing it removes its
 * containers and the bridge.
 */
export class PrivateDocker implements AsyncDisposable {
  static #made = 0;
  readonly url: string;
  readonly #bridge: string;
  /** Of the addresses that are set apart for tests, so that engines of several runs keep out of one another's way. */
  readonly #network: string;
  /** Tells it apart from the others of this process, and from those of other runs. */
  readonly #number = process.pid + ENGINES_APART * PrivateDocker.#made++;
  readonly #directory: Awaited<ReturnType<typeof tempDir>>;
  readonly #options: readonly string[];
  /** What it is started by: nothing, or a program that changes what it sees, with its arguments. */
  #launcher: readonly string[] = [];
  #process: ChildProcess | undefined;
  /** Lives where the engine has its ports: each start is there, since its containers that live on have their files there. */
  #ports: ChildProcess | undefined;

  private constructor(
    directory: Awaited<ReturnType<typeof tempDir>>,
    options: readonly string[],
    twin?: PrivateDocker,
  ) {
    this.#directory = directory;
    this.#options = options;
    this.url = `unix://${directory.path}/docker.sock`;
    this.#network = twin ? twin.#network : `198.18.${this.#number % 256}`;
    this.#bridge = `hecd${this.#number % 1_000_000}`;
  }

  /** Starts the engine, with the web image in it. */
  static async start(...options: readonly string[]): Promise<PrivateDocker> {
    return await new PrivateDocker(await tempDir(), options).#begin();
  }

  /** The same, one that tells of a lack of memory even where the machine has not mounted all that takes. */
  static async startWithAllCgroups(): Promise<PrivateDocker> {
    const docker = new PrivateDocker(await tempDir(), []);
    docker.#launcher = ["unshare", "--mount", "sh", "-c", WITH_ALL_CGROUPS, join(docker.#directory.path, "cgroup")];
    return await docker.#begin();
  }

  /** The same, one in a network namespace of its own, where it has the addresses that another one has here. */
  static async startApart(from: PrivateDocker): Promise<PrivateDocker> {
    const docker = new PrivateDocker(await tempDir(), [], from);
    docker.#launcher = [
      "unshare",
      "--net",
      ...(IS_PODMAN ? ["--mount"] : []),
      "sh",
      "-c",
      APART,
      docker.#bridge,
      `${docker.#network}.1/24`,
    ];
    return await docker.#begin();
  }

  async #begin(): Promise<this> {
    try {
      if (!this.#launcher.includes("--net")) {
        await run("ip", ["link", "add", this.#bridge, "type", "bridge"]);
        await run("ip", ["addr", "add", `${this.#network}.1/24`, "dev", this.#bridge]);
        await run("ip", ["link", "set", this.#bridge, "up"]);
      }
      await this.startEngine();
      await this.load(WEB_IMAGE);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
    return this;
  }

  async startEngine(): Promise<void> {
    const { path } = this.#directory;
    const log = await open(join(path, "log"), "a");
    const parts = { path, url: this.url, bridge: this.#bridge, network: this.#network };
    const command = await engineCommand(parts, this.#options);
    const [program = "", ...others] = [...(await this.#withOwnPorts()), ...this.#launcher, ...command];
    this.#process = spawn(program, others, { stdio: ["ignore", log.fd, log.fd] });
    await log.close();
    await eventually("the private Docker engine", () => run("docker", ["-H", this.url, "version"]), 60_000, 100).catch(
      async (error: unknown) => {
        throw new Error((await readFile(join(path, "log"), "utf8")).slice(-2_000), { cause: error });
      },
    );
  }

  /** Docker reads that range as it starts; Podman takes any port that is free. */
  async #withOwnPorts(): Promise<readonly string[]> {
    if (IS_PODMAN || this.#launcher.includes("--net")) return [];
    if (!this.#ports) {
      const first = FIRST_PORT + PORTS * (this.#number % RANGES);
      const range = join(this.#directory.path, "ports");
      await writeFile(range, `${first}\t${first + PORTS - 1}\n`);
      const holder = spawn("unshare", ["--mount", "sh", "-c", WITH_PORTS, range], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      this.#ports = holder;
      await once(holder.stdout, "data");
    }
    return ["nsenter", `--mount=/proc/${this.#ports.pid}/ns/mnt`];
  }

  /** Stops the engine; its containers end with it unless it was started with `--live-restore`. */
  async stopEngine(how: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const engine = this.#process;
    this.#process = undefined;
    if (engine?.exitCode !== null || engine.signalCode !== null) return;
    engine.kill(how);
    await once(engine, "exit");
    // A containerd that is killed together with its engine stays a zombie where nobody collects orphans, and the next
    // engine would take it for alive by this file.
    if (how === "SIGKILL") await rm(join(this.#directory.path, "exec/containerd/containerd.pid"), { force: true });
  }

  /** Has an image in it that the machine's engine has. */
  async load(image: string): Promise<void> {
    const archive = join(this.#directory.path, "image.tar");
    await run("docker", ["save", "-o", archive, image]);
    await run("docker", ["-H", this.url, "load", "-i", archive]);
  }

  /** Has the engine read its settings anew. */
  reload(): void {
    this.#process?.kill("SIGHUP");
  }

  /** Freezes the engine: its socket stays, and nobody answers there. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Where the ports of its containers are published, of this machine's addresses. */
  get address(): string {
    return `${this.#network}.1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { stdout } = await run("docker", ["-H", this.url, "ps", "-aq"]).catch(() => ({ stdout: "" }));
    const ids = stdout.split("\n").filter((id) => id !== "");
    if (ids.length > 0) await run("docker", ["-H", this.url, "rm", "-f", ...ids]).catch(() => undefined);
    await this.stopEngine();
    this.#ports?.kill();
    await this.#removeOrphans();
    if (!this.#launcher.includes("--net")) await run("ip", ["link", "del", this.#bridge]).catch(() => undefined);
    await this.#directory[Symbol.asyncDispose]();
  }
  /** Ends what an engine that could not be started again has left: shims, their containers, their mounts. */
  async #removeOrphans(): Promise<void> {
    const { path } = this.#directory;
    for (const pid of (await readdir("/proc")).filter((name) => /^[0-9]+$/.test(name))) {
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (!command.includes(path)) continue;
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
      for (const orphan of [...children.trim().split(" "), pid].filter((id) => id !== "")) {
        await run("kill", ["-KILL", orphan]).catch(() => undefined);
      }
    }
    const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" ")[1] ?? "");
    for (const mount of mounts.filter((point) => point.startsWith(path)).reverse()) await run("umount", ["-l", mount]);
  }
}
