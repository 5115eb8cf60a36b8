import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { required } from "./required.js";
import { tempDir } from "./temp-dir.js";

/** A proxy before a Unix socket that can fall silent, as a network does that has lost a connection, or cut. */
export class SocketProxy implements AsyncDisposable {
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  readonly #frozen = new Set<Socket>();
  readonly #server = createServer((inside) => {
    this.#join(inside);
  });
  #directory: Awaited<ReturnType<typeof tempDir>> | undefined;
  #silent = false;

  private constructor(target: string) {
    this.#target = target;
  }

  static async start(target: string): Promise<SocketProxy> {
    const proxy = new SocketProxy(target);
    proxy.#directory = await tempDir();
    await once(proxy.#server.listen(proxy.path), "listening");
    return proxy;
  }

  get path(): string {
    return join(required(this.#directory, "folder: the proxy was not started").path, "proxy.sock");
  }

  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** From now on no byte passes on the connections there are, for ever; on new ones neither, unless `onNewOnes` is "pass". */
  silence(onNewOnes: "silent" | "pass" = "silent"): void {
    for (const socket of this.#sockets) this.#frozen.add(socket);
    this.#silent = onNewOnes === "silent";
  }

  /** New connections work again; those that fell silent stay so. */
  heal(): void {
    this.#silent = false;
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
    await this.#directory?.[Symbol.asyncDispose]();
  }

  #join(inside: Socket): void {
    const outside = connect(this.#target);
    for (const [from, to] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      this.#sockets.add(from);
      if (this.#silent) this.#frozen.add(from);
      from.on("data", (bytes) => {
        if (!this.#frozen.has(from)) to.write(bytes);
      });
      from.on("error", () => undefined);
      from.on("close", () => {
        this.#sockets.delete(from);
        if (!this.#frozen.delete(from)) to.destroy();
      });
    }
  }
}
