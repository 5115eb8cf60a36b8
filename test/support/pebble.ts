import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { join } from "node:path";
import { makeServerPem } from "./certificates.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";

/** Let's Encrypt's small ACME server, to which every name leads to this machine; gone when it is disposed. */
export class Pebble implements AsyncDisposable {
  readonly #directory: string;
  readonly #ports: { readonly acme: number; readonly management: number; readonly dns: number; readonly names: number };
  readonly #children: ChildProcess[] = [];

  private constructor(directory: string, ports: { acme: number; management: number; dns: number; names: number }) {
    this.#directory = directory;
    this.#ports = ports;
  }

  /** One that is still to be started; the authority of `directory` signs what it shows of itself. */
  static async in(directory: string): Promise<Pebble> {
    const [acme, management] = [await freePort(), await freePort()];
    return new Pebble(directory, { acme, management, dns: await freePort(), names: await freePort() });
  }

  /** The URL that clients begin with. */
  get url(): string {
    return `https://127.0.0.1:${this.#ports.acme}/dir`;
  }

  /** Starts it; it asks clients at that port of this machine. */
  async start(httpPort: number): Promise<void> {
    const { acme, management, dns, names } = this.#ports;
    const at = (name: string): string => join(this.#directory, name);
    await makeServerPem(this.#directory, "127.0.0.1");
    const pebble = {
      ...{ listenAddress: `127.0.0.1:${acme}`, managementListenAddress: `127.0.0.1:${management}` },
      ...{ certificate: at("127.0.0.1-cert.pem"), privateKey: at("127.0.0.1-key.pem"), httpPort },
    };
    await writeFile(at("pebble.json"), JSON.stringify({ pebble }));
    this.#run("pebble-challtestsrv", [
      ...["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""],
      ...["-dns01", `127.0.0.1:${dns}`, "-management", `127.0.0.1:${names}`],
    ]);
    this.#run("pebble", ["-config", at("pebble.json"), "-dnsserver", `127.0.0.1:${dns}`]);
    await eventually("an ACME server", () => this.#read("/roots/0").then((text) => text.includes("CERTIFICATE")));
  }

  /** The certificate that all of its others come of. */
  root(): Promise<string> {
    return this.#read("/roots/0");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "close");
      child.kill("SIGKILL");
      await ended;
    }
  }

  #run(program: string, args: readonly string[]): void {
    const env = { ...process.env, PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "0" };
    this.#children.push(spawn(program, args, { stdio: "ignore", env }));
  }

  async #read(path: string): Promise<string> {
    const ca = await readFile(join(this.#directory, "ca.pem"));
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: this.#ports.management, path, ca };
      get({ ...options, checkServerIdentity: () => undefined }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("end", () => {
          resolve(text);
        });
      }).once("error", reject);
    });
  }
}
