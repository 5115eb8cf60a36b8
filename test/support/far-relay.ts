import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A relay to a port of this machine that is as far away as is said: all that passes takes its time, a connection too. */
export class FarRelay implements AsyncDisposable {
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor(target: number, roundTripMs: number) {
    this.#server = createServer({ pauseOnConnect: true }, (near) => {
      this.#keep(near);
      setTimeout(() => {
        const far = connect(target, "127.0.0.1");
        this.#keep(far);
        for (const [from, to] of [
          [near, far],
          [far, near],
        ] as const) {
          from.on("data", (chunk: Buffer) => setTimeout(() => to.write(chunk), roundTripMs / 2));
          from.on("close", () => setTimeout(() => to.destroy(), roundTripMs / 2));
        }
        near.resume();
      }, roundTripMs);
    });
  }

  static async open(target: number, roundTripMs: number): Promise<FarRelay> {
    const relay = new FarRelay(target, roundTripMs);
    await once(relay.#server.listen(0, "127.0.0.1"), "listening");
    return relay;
  }

  get endpoint(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // a TCP server has no other kind of address
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    socket.on("error", () => undefined).on("close", () => this.#open.delete(socket));
  }
}
