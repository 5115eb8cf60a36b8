import { execFile } from "node:child_process";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ETCD, ETCDCTL } from "./etcd-binary.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { ServerProcess } from "./server-process.js";
import { tempDir } from "./temp-dir.js";

const run = promisify(execFile);

const NEW_KEY = ["-newkey", "rsa:2048", "-nodes"];

/** One etcd that speaks TLS alone, and only with those who have a certificate of its authority. */
export class SecuredEtcd extends ServerProcess implements AsyncDisposable {
  /** What a client needs; the same paths through every rotation. */
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly #path: (name: string) => string;
  readonly #peer: string;
  readonly #onDispose: () => Promise<void>;
  readonly #authorities = new Set<string>();
  /** Whose signatures count by now. */
  #latest = "";

  private constructor(folder: string, port: number, peerPort: number, onDispose: () => Promise<void>) {
    super(port);
    this.#path = (name) => join(folder, name);
    this.#peer = `http://127.0.0.1:${peerPort}`;
    this.#onDispose = onDispose;
    this.files = { ca: this.#path("ca.pem"), cert: this.#path("client.pem"), key: this.#path("client.key") };
  }

  static async start(): Promise<SecuredEtcd> {
    const folder = await tempDir();
    const etcd = new SecuredEtcd(folder.path, await freePort(), await freePort(), async () => {
      await folder[Symbol.asyncDispose]();
    });
    await etcd.issue("first");
    await etcd.takeFor("server");
    await etcd.takeFor("client");
    await etcd.launch();
    return etcd;
  }

  /** Has an authority of this name, made when it is first named, sign a server and a client; resolves to its file. */
  async issue(authority: string): Promise<string> {
    const [ca, caKey] = [this.#path(`${authority}-ca.pem`), this.#path(`${authority}-ca.key`)];
    if (!this.#authorities.has(authority)) {
      const names = ["-subj", `/CN=${authority}`, "-keyout", caKey, "-out", ca];
      await run("openssl", ["req", "-x509", ...NEW_KEY, "-days", "2", ...names]);
    }
    this.#authorities.add(authority);
    for (const name of ["server", "client"]) await this.#sign(authority, name);
    this.#latest = authority;
    return ca;
  }

  /** What a client of this name needs, signed by the latest authority. */
  async clientNamed(name: string): Promise<SecuredEtcd["files"]> {
    await this.#sign(this.#latest, name);
    const at = (file: string): string => this.#path(`${this.#latest}-${file}`);
    return { ca: at("ca.pem"), cert: at(`${name}.pem`), key: at(`${name}.key`) };
  }

  /** Gives the server, or the clients, what was issued last, one file after the other. */
  async takeFor(who: "server" | "client"): Promise<void> {
    const from = (name: string): string => this.#path(`${this.#latest}-${name}`);
    await copyFile(from("ca.pem"), who === "server" ? this.#path("server-ca.pem") : this.files.ca);
    await copyFile(from(`${who}.pem`), this.#path(`${who}.pem`));
    await copyFile(from(`${who}.key`), this.#path(`${who}.key`));
  }

  /** Starts the process on the data that there are; resolves when it answers whoever has the latest certificates. */
  async launch(): Promise<void> {
    const url = `https://${this.endpoint}`;
    const at = this.#path;
    this.execute(ETCD, [
      ...["--data-dir", at("data"), "--listen-client-urls", url, "--advertise-client-urls", url],
      ...["--listen-peer-urls", this.#peer, "--initial-advertise-peer-urls", this.#peer],
      ...["--initial-cluster", `default=${this.#peer}`],
      ...["--cert-file", at("server.pem"), "--key-file", at("server.key")],
      ...["--trusted-ca-file", at("server-ca.pem"), "--client-cert-auth"],
    ]);
    await eventually("etcd to answer", () => this.ctl("get", "/x").then(() => true), 20_000, 50);
  }

  /** Runs etcdctl with the latest certificates. */
  async ctl(...args: readonly string[]): Promise<string> {
    const from = (name: string): string => this.#path(`${this.#latest}-${name}`);
    const files = ["--cacert", from("ca.pem"), "--cert", from("client.pem"), "--key", from("client.key")];
    const { stdout } = await run(ETCDCTL, ["--endpoints", `https://${this.endpoint}`, ...files, ...args], {
      env: { ...process.env, ETCDCTL_API: "3" },
    });
    return stdout;
  }

  async #sign(authority: string, name: string): Promise<void> {
    const at = (file: string): string => this.#path(`${authority}-${file}`);
    const [request, extensions] = [this.#path("request.pem"), this.#path("ext")];
    await writeFile(extensions, "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n");
    await run("openssl", ["req", ...NEW_KEY, "-subj", `/CN=${name}`, "-keyout", at(`${name}.key`), "-out", request]);
    const by = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-extfile", extensions];
    await run("openssl", ["x509", "-req", "-days", "2", "-in", request, ...by, "-out", at(`${name}.pem`)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#onDispose();
  }
}
