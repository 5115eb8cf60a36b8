import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import type { HecdEvent } from "../../src/core/events/event.js";
import { configWord } from "../../src/haproxy/config/words.js";
import type { RendererState } from "../../src/renderer/renderer.js";
import { makeCertificateFolder, makeServerPem } from "./certificates.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { answering, type LiveHaproxy, startHaproxy } from "./live-haproxy.js";
import { PushedRenderer } from "./pushed-renderer.js";
import { resourceOf } from "./pushed-store.js";
import { required } from "./required.js";
import { tempDir } from "./temp-dir.js";

/** What a world is started with. */
export interface HttpsOptions {
  /** The first certificates, by the names of their files. */
  readonly certificates: Readonly<Record<string, string>>;
  /** What stands behind `ssl` in the bind, of the folder of certificates and a list of them; the folder by itself. */
  readonly crtOf?: (folder: string, list: string) => string;
  readonly way?: "master" | "admin";
  /** What the folder of certificates is called. */
  readonly folderName?: string;
}

/** A real HAProxy that serves by HTTPS, and a renderer that keeps its certificates. */
export class HttpsWorld implements AsyncDisposable {
  readonly haproxy: LiveHaproxy;
  readonly told: HecdEvent[] = [];
  /** Where the authority lies. */
  readonly authority: string;
  /** The folder of certificates. */
  readonly folder: string;
  readonly httpsPort: number;
  readonly #ca: Buffer;
  readonly #text: string;
  readonly #socket: string | undefined;
  #pushed: PushedRenderer | undefined;
  readonly #directory: AsyncDisposable;

  private constructor(parts: {
    readonly haproxy: LiveHaproxy;
    readonly directory: AsyncDisposable & { readonly path: string };
    readonly folder: string;
    readonly httpsPort: number;
    readonly ca: Buffer;
    readonly text: string;
    readonly socket: string | undefined;
  }) {
    this.haproxy = parts.haproxy;
    this.#directory = parts.directory;
    this.authority = parts.directory.path;
    this.folder = parts.folder;
    this.httpsPort = parts.httpsPort;
    this.#ca = parts.ca;
    this.#text = parts.text;
    this.#socket = parts.socket;
  }

  /** Makes an authority and the first certificates of it, each for the name that it is given, and starts both. */
  static async start(options: HttpsOptions): Promise<HttpsWorld> {
    const {
      certificates,
      crtOf = (folder: string) => `crt ${configWord(folder)}`,
      way,
      folderName = "certs",
    } = options;
    const directory = await tempDir();
    const folder = await makeCertificateFolder(directory.path, certificates, folderName);
    const list = join(directory.path, "list.txt");
    await writeFile(
      list,
      Object.keys(certificates)
        .map((file) => `${join(folder, file)}\n`)
        .join(""),
    );
    const httpsPort = await freePort();
    const socket = join(directory.path, "admin.sock");
    const crt = crtOf(folder, list);
    let text = "";
    const haproxy = await startHaproxy((port) => {
      text = answering("first", port).replace("global\n", `global\n  stats socket ${socket} level admin\n`);
      text = text.replace("frontend web\n", `frontend web\n  bind 127.0.0.1:${httpsPort} ssl ${crt}\n`);
      return text;
    });
    const ca = await readFile(join(directory.path, "ca.pem"));
    const own = way === "admin" ? socket : undefined;
    const world = new HttpsWorld({ haproxy, directory, folder, httpsPort, ca, text, socket: own });
    await world.render();
    return world;
  }

  /** Starts a renderer, in the place of the last one; resolves when it has done all that it had to. */
  async render(): Promise<void> {
    await this.halt();
    const reload = { kind: "master", socket: this.haproxy.masterSocket } as const;
    const resource = resourceOf({ dest: this.haproxy.configPath, haproxy: { socket: this.#socket, reload } });
    const pushed = new PushedRenderer([resource], (event) => void this.told.push(event));
    this.#pushed = pushed;
    pushed.store.say(this.#text);
    pushed.start();
    await eventually("a renderer that is ready", () => pushed.renderer.waitingFor.length === 0);
  }

  /** Ends the renderer. */
  async halt(): Promise<void> {
    await this.#pushed?.[Symbol.asyncDispose]();
    this.#pushed = undefined;
  }

  get state(): RendererState {
    return required(this.#pushed, "renderer").renderer.state;
  }

  /** Has the authority sign a new certificate for a name and puts it there, by rename. */
  async renew(file: string, name: string): Promise<void> {
    await this.put(file, await makeServerPem(this.authority, name));
  }

  /** Replaces a file of the folder by rename. */
  async put(file: string, text: string): Promise<void> {
    const staged = join(this.authority, `${file}.new`);
    await writeFile(staged, text);
    await rename(staged, join(this.folder, file));
  }

  /** Connects by TLS, asks, and hangs up: the certificate that was shown. Rejects where anything of that fails. */
  async shake(servername: string): Promise<PeerCertificate> {
    const socket = connect({ host: "127.0.0.1", port: this.httpsPort, ca: this.#ca, servername });
    try {
      await once(socket, "secureConnect");
      const certificate = socket.getPeerCertificate();
      socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
      const [answer] = (await once(socket, "data")) as [Buffer];
      if (!answer.toString().startsWith("HTTP/1.1 200")) throw new Error(answer.toString());
      return certificate;
    } finally {
      socket.destroy();
    }
  }

  /** The serial of what is on disk. */
  async serialIn(file: string): Promise<string> {
    return new X509Certificate(await readFile(join(this.folder, file), "utf8")).serialNumber;
  }

  /** Resolves when this file is what is served by this name; to how long that took in milliseconds. */
  async served(file: string, name: string): Promise<number> {
    const begunAt = performance.now();
    const wanted = await this.serialIn(file);
    await eventually(`the new ${file}`, async () => (await this.shake(name)).serialNumber === wanted, 10_000, 5);
    return performance.now() - begunAt;
  }

  /** What was told of this kind. */
  of<Kind extends HecdEvent["kind"]>(kind: Kind): readonly Extract<HecdEvent, { kind: Kind }>[] {
    return this.told.filter((event): event is Extract<HecdEvent, { kind: Kind }> => event.kind === kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.halt();
    await this.haproxy[Symbol.asyncDispose]();
    await this.#directory[Symbol.asyncDispose]();
  }
}
