import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import type { Labelled } from "./labelled.js";

/** A server that says its name to whoever connects, and then what it hears. */
export class Echo implements AsyncDisposable {
  readonly name: string;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.write(this.name);
    socket.pipe(socket);
  });

  private constructor(name: string) {
    this.name = name;
  }

  static async start(name: string): Promise<Echo> {
    const echo = new Echo(name);
    echo.#server.listen(0, "127.0.0.1");
    await once(echo.#server, "listening");
    return echo;
  }

  /** The container that asks for a port of HAProxy, of a service of its own name where labels name no other. */
  at(port: number, labels: Readonly<Record<string, string>> = {}): Labelled {
    return { ...this.as(), labels: { "hecd.service": this.name, "hecd.tcp.port": String(port), ...labels } };
  }

  /** The container, without labels but for its service. */
  as(): Labelled {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("No port was given");
    return { name: this.name, port: address.port, labels: { "hecd.service": this.name } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}

/** What is heard first at a port; empty where the connection is closed before, or refused. */
export function greetingAt(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    const end = (text: string): void => {
      socket.destroy();
      resolve(text);
    };
    socket.once("data", (data) => {
      end(data.toString());
    });
    for (const event of ["error", "close"]) {
      socket.once(event, () => {
        end("");
      });
    }
  });
}
