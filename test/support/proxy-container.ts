import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answerOn } from "./live-haproxy.js";
import type { DockerCli } from "./docker.js";
import { eventually } from "./eventually.js";
import { tempDir } from "./temp-dir.js";

/** Where the file is in such a container. */
export const CONFIG = "/etc/haproxy/haproxy.cfg";

/** A configuration that serves two servers' answers, or those that are named, on 8080. */
export function proxyConfig(servers: string, extra = ""): string {
  return `global
    stats socket ipv4@127.0.0.1:9999 level admin
    stats socket /run/haproxy/admin.sock mode 600 level admin
    hard-stop-after 30s
defaults
    mode http
    option idle-close-on-response
    option redispatch
    balance roundrobin
    timeout connect 3s
    timeout client 20s
    timeout server 20s
frontend web
    bind :8080
    http-request return status 200 content-type text/plain string alive if { path /alive }
    default_backend app
${extra}backend app
${servers}`;
}

/** An HAProxy in a container, with its port 8080 published. */
export class ProxyContainer implements AsyncDisposable {
  readonly name: string;
  readonly #cli: DockerCli;
  readonly #port: number;

  private constructor(name: string, cli: DockerCli, port: number) {
    this.name = name;
    this.#cli = cli;
    this.#port = port;
  }

  /** Starts one on this configuration, which is in the container alone unless `options` mount another one. */
  static async start(
    cli: DockerCli,
    name: string,
    config: string,
    { options = [], words = [] }: { readonly options?: readonly string[]; readonly words?: readonly string[] } = {},
  ): Promise<ProxyContainer> {
    const command = ["haproxy", "-W", "-db", ...words, "-f", CONFIG];
    await cli.run("create", "--label", "hecd.test", "--name", name, "-P", ...options, "hecd-test/haproxy", ...command);
    cli.minds(name);
    if (options.length === 0) {
      await using folder = await tempDir();
      await mkdir(join(folder.path, "etc/haproxy"), { recursive: true });
      await mkdir(join(folder.path, "run/haproxy"), { recursive: true });
      await writeFile(join(folder.path, CONFIG), config);
      await cli.run("cp", `${folder.path}/.`, `${name}:/`);
    }
    await cli.run("start", name);
    const port = await cli.port(name);
    const proxy = new ProxyContainer(name, cli, port);
    await eventually(`${name} to serve`, async () => (await answerOn(port, "/alive")).startsWith("200"), 15_000);
    return proxy;
  }

  /** Of this machine. */
  get port(): number {
    return this.#port;
  }

  /** What a program prints that is run in it. */
  async run(...command: readonly string[]): Promise<string> {
    return await this.#cli.run("exec", this.name, ...command);
  }

  /** The file that HAProxy reads. */
  async file(path = CONFIG): Promise<string> {
    return `${await this.run("cat", path)}\n`;
  }

  /** The processes of HAProxy but its master, by their numbers. */
  async workers(): Promise<readonly string[]> {
    const list = await this.run("sh", "-c", "ps -o pid,ppid,comm | awk '$3 == \"haproxy\" && $2 == 1 { print $1 }'");
    return list.split("\n").filter(Boolean);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cli.run("rm", "--force", "--volumes", this.name).catch(() => undefined);
  }
}
