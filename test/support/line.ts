import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { DockerCli } from "./docker.js";
import { startEtcd, type TestEtcd } from "./etcd.js";
import { freePort } from "./free-port.js";
import { HAPROXY } from "./haproxy-binary.js";
import { Hecd, hecd } from "./hecd.js";
import { answerOn, type LiveHaproxy, startHaproxy } from "./live-haproxy.js";
import { eventually } from "./eventually.js";
import { required } from "./required.js";

const TEMPLATES = fileURLToPath(new URL("../../templates", import.meta.url));

const never = new AbortController().signal;

/** What a line may be given. */
export interface LineOptions {
  readonly minReloadInterval?: string;
  readonly removalGrace?: string;
  readonly removalReloadDelay?: string;
  /** Whether HAProxy is checked and reloaded by commands, as confd does it, instead of being driven. */
  readonly byCommands?: boolean;
  /** Another HAProxy than that of the tests, which judges as well. */
  readonly haproxy?: string;
  /** More variables of both daemons. */
  readonly env?: Readonly<Record<string, string>>;
}

function driven({ directory, masterSocket }: LiveHaproxy, options: LineOptions): string {
  const { minReloadInterval = "100ms", removalGrace = "0s", removalReloadDelay = "0s" } = options;
  return `
[haproxy]
socket = "${join(directory, "admin.sock")}"
reload = "master:${masterSocket}"
min_reload_interval = "${minReloadInterval}"
removal_grace = "${removalGrace}"
removal_reload_delay = "${removalReloadDelay}"
`;
}

function commands({ pidFile }: LiveHaproxy): string {
  return `check_cmd = "${HAPROXY} -c -q -f {{.src}}"
reload_cmd = "kill -USR2 $(cat ${pidFile})"
`;
}

/** What `/state` says, as far as it is asked for here. */
interface StateAnswer {
  readonly state: {
    readonly containers: readonly { readonly name: string; readonly decision: { readonly reason?: string } }[];
  };
}

/** etcd and HAProxy with the files of a renderer, and the flags of both daemons: everything but the daemons. */
export class Line implements AsyncDisposable {
  readonly etcd: TestEtcd;
  readonly haproxy: LiveHaproxy;
  readonly docker = new DockerCli();
  readonly port: number;
  readonly #statusPorts: readonly [number, number];
  readonly #env: Readonly<Record<string, string>>;
  readonly #daemons: Hecd[] = [];

  private constructor(
    etcd: TestEtcd,
    haproxy: LiveHaproxy,
    [statsPort, ...statusPorts]: readonly [number, number, number],
    env: LineOptions["env"],
  ) {
    this.etcd = etcd;
    this.haproxy = haproxy;
    this.port = haproxy.port;
    this.#statusPorts = statusPorts;
    this.#env = {
      HECD_HTTP_BIND: `127.0.0.1:${haproxy.port}`,
      HECD_STATS_BIND: `127.0.0.1:${statsPort}`,
      HECD_HAPROXY: HAPROXY,
      HECD_HAPROXY_SOCKET: join(haproxy.directory, "admin.sock"),
      ...env,
    };
  }

  static async start(options: LineOptions = {}): Promise<Line> {
    const etcd = await startEtcd();
    const haproxy = await startHaproxy(undefined, options.haproxy);
    const ports = [await freePort(), await freePort(), await freePort()] as const;
    const env = { ...(options.haproxy === undefined ? {} : { HECD_HAPROXY: options.haproxy }), ...options.env };
    const line = new Line(etcd, haproxy, ports, env);
    await mkdir(join(line.confdir, "conf.d"), { recursive: true });
    await cp(TEMPLATES, join(line.confdir, "templates"), { recursive: true });
    await writeFile(
      join(line.confdir, "conf.d/haproxy.toml"),
      `[template]
src = "haproxy.cfg.hbs"
dest = "${haproxy.configPath}"
keys = ["/app", "/hecd/v1/services"]
${options.byCommands ? commands(haproxy) : driven(haproxy, options)}`,
    );
    return line;
  }

  get confdir(): string {
    return join(this.haproxy.directory, "confdir");
  }

  /** `hecd agent` on this host's Docker, reachable by loopback. */
  agent(...args: readonly string[]): Hecd {
    const listen = `127.0.0.1:${this.#statusPorts[0]}`;
    return this.#run(
      "agent",
      this.etcd.endpoint,
      "--advertise",
      "127.0.0.1",
      "--host-id",
      "host1",
      "--listen",
      listen,
      ...args,
    );
  }

  /** `hecd render` beside the HAProxy. */
  renderer(...args: readonly string[]): Hecd {
    return this.rendererAt(this.etcd.endpoint, ...args);
  }

  /** The same with another way to the store. */
  rendererAt(endpoint: string, ...args: readonly string[]): Hecd {
    const listen = `127.0.0.1:${this.#statusPorts[1]}`;
    return this.#run("render", endpoint, "--confdir", this.confdir, "--listen", listen, ...args);
  }

  /** What `hecd check` says of the files of the renderer. */
  async check(): Promise<string> {
    const args = ["check", "--etcd", this.etcd.endpoint, "--confdir", this.confdir];
    return (await hecd(args, this.#env)).stdout;
  }

  /** Why the agent does not register a container; undefined where it does. */
  async reason(container: string): Promise<string | undefined> {
    const response = await fetch(`http://127.0.0.1:${this.#statusPorts[0]}/state`);
    const { state } = (await response.json()) as StateAnswer; // the program's own form
    return state.containers.find(({ name }) => name === container)?.decision.reason;
  }

  /** The arguments that let `hecd status` find both. */
  get statusFlags(): readonly string[] {
    return ["--agent", `127.0.0.1:${this.#statusPorts[0]}`, "--renderer", `127.0.0.1:${this.#statusPorts[1]}`];
  }

  /** Where the renderer serves its status. */
  get rendererAddress(): string {
    return `127.0.0.1:${this.#statusPorts[1]}`;
  }

  /** What HAProxy answers to a question that has an answer. */
  async command(question: string): Promise<string> {
    // For a moment in each reload the master answers nobody.
    return eventually(`an answer to ${question}`, async () => {
      const said = await askSocket(this.haproxy.masterSocket, `@1 ${question}`, never);
      return said === undefined || said.trim() === "" ? undefined : said;
    });
  }

  /** The containers that are servers of a backend and not in maintenance, in their order; none where it is not there. */
  async serversOf(backend: string): Promise<readonly string[]> {
    const state = await eventually("the state of all servers", async () => {
      const said = await this.command("show servers state");
      return said.startsWith("1\n") ? said : undefined;
    });
    return state.split("\n").flatMap((row) => {
      const [, of, , name = "", , , admin] = row.split(" ");
      return of === backend && (Number(admin) & 1) === 0 ? [required(name.split(":")[0], "name of a server")] : [];
    });
  }

  /** Which containers answer, asked so often that each of a few must have had its turn. */
  async answering(requests = 8): Promise<readonly string[]> {
    const answers = new Set<string>();
    for (let request = 0; request < requests; request++) answers.add(await answerOn(this.port));
    return [...answers].sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.#daemons) await daemon[Symbol.asyncDispose]();
    await this.docker[Symbol.asyncDispose]();
    await this.haproxy[Symbol.asyncDispose]();
    await this.etcd[Symbol.asyncDispose]();
  }

  #run(command: string, endpoint: string, ...args: readonly string[]): Hecd {
    const daemon = new Hecd([command, "--etcd", endpoint, ...args], this.#env);
    this.#daemons.push(daemon);
    return daemon;
  }
}
