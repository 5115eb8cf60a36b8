import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { DockerCli } from "../support/docker.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { HAPROXY } from "../support/haproxy-binary.js";
import { Hecd } from "../support/hecd.js";
import { type LiveHaproxy, startHaproxy } from "../support/live-haproxy.js";
import { required } from "../support/required.js";
import { ask, type Target } from "./requests.js";
import type { Places, Style } from "./styles.js";
import type { Boot, Tally } from "./tally.js";

const run = promisify(execFile);
const APP = fileURLToPath(new URL("app.mjs", import.meta.url));

/** How long a client waits where requests are not held. */
const PATIENCE_MS = 10_000;

/** Both daemons, etcd, HAProxy and the containers start within seconds; on a busy machine others do so beside them. */
const SERVES_WITHIN_MS = 60_000;

/** etcd, HAProxy, both daemons and containers with a server: all that stands between a client and its answer. */
export class Site implements AsyncDisposable {
  readonly docker = new DockerCli();
  readonly etcd: TestEtcd;
  readonly haproxy: LiveHaproxy;
  readonly target: Target;
  readonly #style: Style;
  readonly #places: Places;
  readonly #daemons = new Map<string, Hecd>();
  #made = 0;
  #watched: { readonly tally: Tally; readonly known: ReadonlySet<string> } | undefined;

  private constructor(etcd: TestEtcd, haproxy: LiveHaproxy, style: Style, places: Places) {
    this.etcd = etcd;
    this.haproxy = haproxy;
    this.#style = style;
    this.#places = places;
    this.target = { port: places.port, tls: style.tls, patienceMs: style.holdMs + PATIENCE_MS };
  }

  static async start(style: Style): Promise<Site> {
    const [etcd, haproxy] = [await startEtcd(), await startHaproxy()];
    const { directory, port } = haproxy;
    const places = {
      port,
      statsPort: await freePort(),
      socket: join(directory, "admin.sock"),
      certificates: directory,
    };
    const site = new Site(etcd, haproxy, style, places);
    await makeCertificate(directory);
    for (const folder of ["conf.d", "templates"]) await mkdir(join(directory, "confdir", folder), { recursive: true });
    await writeFile(join(directory, "confdir/templates", style.src), await style.source(places));
    await writeFile(join(directory, "confdir/conf.d/haproxy.toml"), resourceOf(style, haproxy, places));
    await site.startAgent();
    site.startRenderer();
    return site;
  }

  /** The agent of a host: all hosts share an engine, and each has the containers that were started for it. */
  async startAgent(host = "host1"): Promise<void> {
    // Behind an address of loopback there is a proxy of Docker's, which takes connections that nobody answers.
    const where = [
      "--advertise",
      await this.docker.bridgeAddress(),
      "--host-id",
      host,
      "--listen",
      "off",
      "--ttl",
      "5s",
    ];
    this.#start(host, "agent", ...where, "--namespace", namespaceOf(host));
  }

  startRenderer(): void {
    this.#start("renderer", "render", "--confdir", join(this.haproxy.directory, "confdir"), "--listen", "off");
  }

  /** One of the daemons that run: `renderer`, or the agent of a host. */
  daemon(name: string): Hecd {
    return required(this.#daemons.get(name), name);
  }

  /** Starts a server in a container and resolves to the container's name. */
  async server(env: Readonly<Record<string, string>> = {}, host = "host1", label = "hecd.test"): Promise<string> {
    const name = `client-${process.pid}-${++this.#made}`;
    this.docker.minds(name);
    const fixed = ["-d", "-P", "--label", "hecd.test", "--label", label, "--name", name];
    await this.docker.run("run", ...fixed, ...this.#flags(env, host));
    return name;
  }

  /** Starts it once more, under its name. */
  async recreate(name: string): Promise<void> {
    await this.docker.run("stop", name);
    await this.docker.run("rm", name);
    await this.docker.run("run", "-d", "-P", "--label", "hecd.test", "--name", name, ...this.#flags({}, "host1"));
  }

  /** Resolves when this many servers, and no others, have answered a client in turns. */
  async serves(count: number): Promise<void> {
    await eventually(
      `answers of ${count} servers`,
      async () => {
        const answers = new Set<string>();
        for (let request = 0; request < 4 * count; request++) answers.add(await ask(this.target, "GET", "/"));
        // Until the renderer has written its first file, HAProxy answers by itself.
        return answers.size === count && [...answers].every((text) => text.startsWith("{"));
      },
      SERVES_WITHIN_MS,
      100,
    ).catch((error: unknown) => {
      const logs = [...this.#daemons].map(([name, { log }]) => `${name}:\n${log.slice(-2_000)}`);
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${logs.join("\n")}`, {
        cause: error,
      });
    });
  }

  /** From now on who answers these clients is new, or is not. */
  watch(tally: Tally): void {
    this.#watched = { tally, known: new Set(tally.boots.keys()) };
  }

  /** The lives of servers that clients have met for the first time since they are watched. */
  get newcomers(): readonly Boot[] {
    const { tally, known } = required(this.#watched, "watched client");
    return tally.newSince(known);
  }

  /** Resolves when this many newcomers have answered. */
  async answered(count: number): Promise<void> {
    await eventually(`${count} new servers`, () => this.newcomers.length >= count, 60_000);
  }

  /** Asks HAProxy on its runtime API. */
  async command(line: string): Promise<string> {
    return required(await askSocket(this.#places.socket, line, new AbortController().signal), "answer of HAProxy");
  }

  /** Asks HAProxy's master. */
  async master(line: string): Promise<void> {
    await askSocket(this.haproxy.masterSocket, line, new AbortController().signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.#daemons.values()) await daemon[Symbol.asyncDispose]();
    await this.docker[Symbol.asyncDispose]();
    await this.haproxy[Symbol.asyncDispose]();
    await this.etcd[Symbol.asyncDispose]();
  }

  #start(name: string, ...args: readonly string[]): void {
    const { HECD_HAPROXY = HAPROXY, ...env } = this.#style.env(this.#places);
    this.#daemons.set(name, new Hecd([...args, "--etcd", this.etcd.endpoint], { HECD_HAPROXY, ...env }));
  }

  #flags(env: Readonly<Record<string, string>>, host: string): readonly string[] {
    const all = { ...env, ...(this.#style.tls ? { TLS_FOLDER: "/certificates" } : {}) };
    const variables = Object.entries(all).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
    const folders = ["-v", `${APP}:/app.mjs:ro`, "-v", `${this.#places.certificates}:/certificates:ro`];
    const labels = ["--label", `hecd.namespace=${namespaceOf(host)}`];
    return [...variables, ...folders, ...labels, "--expose", "8080", "hecd-test/node", "node", "/app.mjs"];
  }
}

/** Keeps the containers of others on the same engine apart. */
function namespaceOf(host: string): string {
  return `client-${process.pid}-${host}`;
}

function resourceOf({ src }: Style, { configPath, masterSocket }: LiveHaproxy, { socket }: Places): string {
  return `[template]
src = "${src}"
dest = "${configPath}"
keys = ["/app", "/hecd/v1/services"]

[haproxy]
socket = "${socket}"
reload = "master:${masterSocket}"
`;
}

/** One for HAProxy and its servers alike, which nobody verifies. */
async function makeCertificate(folder: string): Promise<void> {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  await run("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", cert, "-subj", "/CN=127.0.0.1"]);
  await writeFile(join(folder, "both.pem"), (await readFile(cert, "utf8")) + (await readFile(key, "utf8")));
}
