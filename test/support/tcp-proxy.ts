import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";

/** What a proxy does with what it receives. */
type Mode = "pass" | "mute" | "refuse" | "silent" | "stall";

/**
 * A TCP proxy in front of one port of the loopback interface, to make a network fail in the ways networks do.
 *
 * Silent is half-open: connections stay, nothing is forwarded any more, not even their end; what is sent meanwhile is
 * lost, and so are those connections for ever. Stalled bytes wait and are forwarded later.
 */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #host: string;
  readonly #pairs = new Set<Pair>();
  #mode: Mode = "pass";
  #mark: string | undefined;
  #cutAfterBytes = Infinity;
  #received = 0;
  #accepted = 0;

  private constructor(target: number, host: string) {
    this.#host = host;
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      if (this.#mode === "refuse") {
        near.destroy();
        return;
      }
      this.#join(near, connect({ port: target, host: "127.0.0.1", allowHalfOpen: true }));
    });
  }

  /** At another address of this machine it leads containers to what listens on loopback. */
  static async open(target: number, host = "127.0.0.1"): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, host);
    await once(proxy.#server.listen(0, host), "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // a TCP server has no other kind of address
  }

  get endpoint(): string {
    return `${this.#host}:${this.port}`;
  }

  /** Bytes received from the target so far. */
  get received(): number {
    return this.#received;
  }

  /** How many connections there have been. */
  get accepted(): number {
    return this.#accepted;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Ends every connection at once; new ones are accepted. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  /** Ends every connection at once, and each new one, until `heal`. */
  refuse(): void {
    this.#mode = "refuse";
    this.cut();
  }

  /** Loses what the target says, and passes on what it is told, until `heal`. */
  mute(): void {
    this.#mode = "mute";
  }

  /** Cuts every connection as soon as so many more bytes have come from the target; once. */
  cutAfter(bytes: number): void {
    this.#cutAfterBytes = this.#received + bytes;
  }

  /** Makes all present and new connections half-open. */
  silence(): void {
    this.#mode = "silent";
    for (const pair of this.#pairs) pair.isDead = true;
  }

  /** Makes those connections half-open, present and new, that begin with something in which `mark` is; until `heal`. */
  silenceThose(mark: string): void {
    this.#mark = mark;
    for (const pair of this.#pairs) pair.isDead ||= pair.head.includes(mark);
  }

  /** Holds everything back until `heal`. */
  stall(): void {
    this.#mode = "stall";
    for (const { near, far } of this.#pairs) {
      near.pause();
      far.pause();
    }
  }

  /** Forwards again; connections that were silenced stay dead. */
  heal(): void {
    const wasStalled = this.#mode === "stall";
    this.#mode = "pass";
    this.#mark = undefined;
    if (!wasStalled) return;
    for (const { near, far } of this.#pairs) {
      near.resume();
      far.resume();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #join(near: Socket, far: Socket): void {
    const pair: Pair = { near, far, head: "", isDead: this.#mode === "silent" };
    this.#pairs.add(pair);
    this.#accepted++;
    near.once("data", (chunk: Buffer) => {
      pair.head = chunk.toString("latin1");
      if (this.#mark !== undefined) pair.isDead ||= pair.head.includes(this.#mark);
    });
    this.#forward(pair, near, far);
    this.#forward(pair, far, near);
    far.on("data", (chunk: Buffer) => {
      this.#received += chunk.length;
      if (this.#received < this.#cutAfterBytes) return;
      this.#cutAfterBytes = Infinity;
      this.cut();
    });
    if (this.#mode === "stall") {
      near.pause();
      far.pause();
    }
  }

  #forward(pair: Pair, from: Socket, to: Socket): void {
    from.on("data", (chunk: Buffer) => {
      const isLost = pair.isDead || (this.#mode === "mute" && from === pair.far);
      if (!isLost) to.write(chunk);
    });
    from.on("end", () => {
      if (!pair.isDead) to.end();
    });
    from.on("error", () => undefined); // told by "close"
    from.on("close", () => {
      if (pair.isDead && pair.near.destroyed && pair.far.destroyed) this.#pairs.delete(pair);
      if (pair.isDead) return;
      to.destroy();
      this.#pairs.delete(pair);
    });
  }
}

/** One connection and the one it is passed on to. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** What it begins with. */
  head: string;
  /** Half-open: neither side hears of the other any more. */
  isDead: boolean;
}
