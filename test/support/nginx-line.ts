import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startEtcd, type TestEtcd } from "./etcd.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { Hecd } from "./hecd.js";
import { type Answer, askAt } from "./label-world.js";
import { keysOf, type Labelled } from "./labelled.js";
import { answerOn } from "./live-haproxy.js";
import { required } from "./required.js";
import { tempDir } from "./temp-dir.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What nginx does before HECD has a say. */
const IDLE = (directory: string, port: number): string => `
pid ${join(directory, "nginx.pid")};
error_log ${join(directory, "error.log")};
events {}
http {
    access_log off;
    server {
        listen 127.0.0.1:${port};
        return 503;
    }
}
`;

/** etcd, Debian's nginx, and a renderer with the resource of deploy/ and the stock template. */
export class NginxLine implements AsyncDisposable {
  readonly etcd: TestEtcd;
  readonly port: number;
  readonly directory: string;
  readonly #folder: AsyncDisposable;
  readonly #env: Readonly<Record<string, string>>;
  readonly #renderers: Hecd[] = [];
  #keys: ReadonlySet<string> = new Set();
  #nginx: ChildProcess | undefined;

  private constructor(
    etcd: TestEtcd,
    folder: Awaited<ReturnType<typeof tempDir>>,
    [port, statusPort]: readonly [number, number],
    env: Readonly<Record<string, string>>,
  ) {
    this.etcd = etcd;
    this.port = port;
    this.directory = folder.path;
    this.#folder = folder;
    this.#env = {
      HECD_NGINX_LISTEN: `127.0.0.1:${port}`,
      HECD_NGINX_STATUS_LISTEN: `127.0.0.1:${statusPort}`,
      HECD_NGINX_USER: "root", // nobody else may read the folder of a test
      HECD_NGINX_PID: this.#at("nginx.pid"),
      HECD_NGINX_ERROR_LOG: this.#at("error.log"),
      HECD_NGINX_ACCESS_LOG: "off",
      HECD_NGINX_INCLUDE: this.#at("more-*.conf"),
      ...env,
    };
  }

  /** Has everything in its place, and nginx running on a file that is not HECD's. */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<NginxLine> {
    const etcd = await startEtcd();
    const line = new NginxLine(etcd, await tempDir(), [await freePort(), await freePort()], env);
    await mkdir(line.#at("confdir/conf.d"), { recursive: true });
    await cp(`${ROOT}templates`, line.#at("confdir/templates"), { recursive: true });
    const resource = await readFile(`${ROOT}deploy/conf.d/nginx.toml`, "utf8");
    const placed = resource
      .replaceAll("/etc/nginx/nginx.conf", line.configPath)
      .replaceAll("/etc/hecd/nginx-reload", `${ROOT}deploy/nginx-reload`)
      .replaceAll("/run/nginx.pid", line.#at("nginx.pid"));
    await writeFile(line.#at("confdir/conf.d/nginx.toml"), placed);
    await writeFile(line.configPath, IDLE(line.directory, line.port));
    await line.startNginx();
    return line;
  }

  get configPath(): string {
    return this.#at("nginx.conf");
  }

  get templatePath(): string {
    return this.#at("confdir/templates/nginx.conf.hbs");
  }

  /** `hecd render` beside the nginx. */
  renderer(): Hecd {
    const args = ["render", "--etcd", this.etcd.endpoint, "--confdir", this.#at("confdir"), "--listen", "off"];
    const renderer = new Hecd(args, this.#env);
    this.#renderers.push(renderer);
    return renderer;
  }

  /** Starts nginx on the file that there is; resolves when it answers. */
  async startNginx(): Promise<void> {
    this.#nginx = spawn("nginx", ["-c", this.configPath, "-g", "daemon off;"], { stdio: "ignore" });
    await eventually("nginx", () => answerOn(this.port).then(() => true));
  }

  /** Ends nginx at once. */
  async stopNginx(): Promise<void> {
    const nginx = this.#nginx;
    this.#nginx = undefined;
    if (nginx?.exitCode !== null) return;
    const ended = once(nginx, "exit");
    nginx.kill("SIGTERM");
    await ended;
  }

  /** Has these containers be all there are, as agents write of them. */
  async have(containers: readonly Labelled[]): Promise<void> {
    const keys = keysOf(containers);
    const gone = [...this.#keys].filter((key) => !Object.hasOwn(keys, key));
    this.#keys = new Set(Object.keys(keys));
    await this.etcd.write(Object.entries(keys));
    await this.etcd.write(gone.map((key) => [key, undefined])); // after those, which would be on their way beside them
  }

  /** Asks for a path on a connection of its own. */
  ask(host: string, path = "/", headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return askAt(this.port, path, { host, ...headers });
  }

  /** The numbers of nginx's workers that take new requests. */
  async activeWorkers(): Promise<readonly string[]> {
    const master = required(this.#nginx?.pid, "process of nginx");
    const children = (await readFile(`/proc/${master}/task/${master}/children`, "utf8")).split(" ").filter(Boolean);
    const titles = await Promise.all(
      children.map((child) => readFile(`/proc/${child}/cmdline`, "utf8").catch(() => "")),
    );
    return children.filter((_, at) => titles[at]?.replaceAll("\0", "") === "nginx: worker process");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const renderer of this.#renderers) await renderer[Symbol.asyncDispose]();
    await this.stopNginx();
    await this.etcd[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }

  #at(name: string): string {
    return join(this.directory, name);
  }
}
