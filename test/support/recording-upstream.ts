import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { createSecureContext, TLSSocket } from "node:tls";
import { required } from "./required.js";

const PROXY_V2 = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const SLOW_MS = 250;

/** What was seen of one connection. */
interface Seen {
  /** The PROXY header, TLS and the version of HTTP, in words that can be compared. */
  readonly words: string[];
  requests: number;
}

/**
 * A server that answers everything a proxy may speak to it, and keeps what it was spoken to.
 *
 * It speaks HTTP/1 and HTTP/2, in the clear and by TLS, after a PROXY header or without. `/check` is answered as
 * `isWell` says, `/error` by a 500, `/slow` after a while and `/hold` when it is let go.
 */
export class RecordingUpstream implements AsyncDisposable {
  isWell = true;
  /** How the requests for checks came, each way once. */
  readonly checks = new Set<string>();
  /** How all other requests came. */
  readonly requests = new Set<string>();
  /** Connections that carried requests other than checks. */
  connections = 0;
  /** The most requests that were answered at the same time. */
  most = 0;
  /** When checks came, in milliseconds. */
  readonly checkedAt: number[] = [];
  #now = 0;
  /** How many others than checks have begun. */
  #begun = 0;
  readonly #held: (() => void)[] = [];
  readonly #sockets = new Set<Socket>();
  /** By socket, and by session of HTTP/2. */
  readonly #seen = new WeakMap<object, Seen>();
  /** The connection on which a session begins right now. */
  #beginning: Seen | undefined;
  readonly #server: Server;
  readonly #http = createHttpServer((request, response) => {
    void this.#answer(request, response);
  });
  readonly #http2 = createHttp2Server((request, response) => {
    void this.#answer(request, response);
  });

  private constructor(certificate: { readonly cert: Buffer; readonly key: Buffer }) {
    const context = createSecureContext(certificate);
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => this.#sockets.delete(socket));
      const seen: Seen = { words: [], requests: 0 };
      socket.once("data", (bytes: Buffer) => {
        this.#begin(socket, bytes, seen, context);
      });
    });
    this.#http.keepAliveTimeout = 60_000;
    for (const server of [this.#http, this.#http2]) server.on("error", () => undefined);
    this.#http2.on("sessionError", () => undefined);
    this.#http2.on("session", (session) => {
      if (this.#beginning) this.#seen.set(session, this.#beginning);
    });
  }

  static async start(certificate: { readonly cert: Buffer; readonly key: Buffer }): Promise<RecordingUpstream> {
    const upstream = new RecordingUpstream(certificate);
    upstream.#server.listen(0, "127.0.0.1");
    await once(upstream.#server, "listening");
    return upstream;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("No port was given");
    return address.port;
  }

  /** Answers what waits at `/hold`. */
  letGo(): void {
    for (const answer of this.#held.splice(0)) answer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }

  #begin(socket: Socket, bytes: Buffer, seen: Seen, context: ReturnType<typeof createSecureContext>): void {
    let rest = bytes;
    if (rest.subarray(0, 12).equals(PROXY_V2)) {
      const length = 16 + rest.readUInt16BE(14);
      seen.words.push(`proxy v2 ${rest.subarray(12, 14).toString("hex")} ${length}`);
      rest = rest.subarray(length);
    } else if (rest.subarray(0, 6).toString() === "PROXY ") {
      const end = rest.indexOf("\n") + 1;
      seen.words.push(`proxy v1 ${rest.subarray(6, 10).toString()}`);
      rest = rest.subarray(end);
    }
    if (rest.length === 0) {
      socket.once("data", (more: Buffer) => {
        this.#speak(socket, more, seen, context);
      });
      return;
    }
    this.#speak(socket, rest, seen, context);
  }

  #speak(socket: Socket, bytes: Buffer, seen: Seen, context: ReturnType<typeof createSecureContext>): void {
    socket.pause();
    socket.unshift(bytes);
    if (bytes[0] !== 0x16) {
      this.#serve(socket, bytes.subarray(0, 3).toString() === "PRI", seen);
      return;
    }
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext: context,
      ALPNProtocols: ["h2", "http/1.1"],
      SNICallback: (name, done) => {
        seen.words.push(`sni ${name}`);
        done(null, context);
      },
    });
    secure.on("error", () => socket.destroy());
    secure.once("secure", () => {
      const isResumed = secure.isSessionReused() ? "resumed" : "anew";
      seen.words.push(`${secure.getProtocol() ?? ""} ${secure.getCipher().name} ${isResumed}`);
      this.#serve(secure, secure.alpnProtocol === "h2", seen);
    });
  }

  #serve(socket: Socket, isHttp2: boolean, seen: Seen): void {
    this.#seen.set(socket, seen);
    this.#beginning = seen;
    if (isHttp2) {
      this.#http2.emit("connection", replayed(socket));
      return;
    }
    this.#http.emit("connection", socket);
    process.nextTick(() => socket.resume()); // it was stopped for a look at its first bytes
  }

  async #answer(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): Promise<void> {
    const connection: object = "stream" in request ? required(request.stream.session, "session") : request.socket;
    const seen = required(this.#seen.get(connection), "connection of this request");
    const words = [...seen.words, `HTTP/${request.httpVersion}`].join(", ");
    if (request.url === "/check") {
      this.checks.add(words);
      this.checkedAt.push(performance.now());
      response.writeHead(this.isWell ? 200 : 503).end();
      return;
    }
    if (seen.requests++ === 0) this.connections++;
    this.requests.add(words);
    this.most = Math.max(this.most, ++this.#now);
    this.#begun++;
    if (request.url === "/slow") await this.#quiet();
    if (request.url === "/hold") await new Promise<void>((resolve) => this.#held.push(resolve));
    this.#now--;
    response.writeHead(request.url === "/error" ? 500 : 200).end();
  }

  /** Until no other request has begun for a while, however long a busy machine takes to bring them. */
  async #quiet(): Promise<void> {
    let begun: number;
    do {
      begun = this.#begun;
      await delay(SLOW_MS);
    } while (this.#begun > begun);
  }
}

/** The same stream again with its first bytes, which Node's HTTP/2 would not see otherwise. */
function replayed(socket: Socket): Duplex {
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, encoding, done) => void socket.write(chunk, encoding, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (chunk: Buffer) => {
    if (!stream.push(chunk)) socket.pause();
  });
  socket.once("end", () => stream.push(null));
  socket.once("close", () => stream.destroy());
  stream.on("error", () => undefined);
  return stream;
}

/** Many of them, with one certificate; disposing ends all. */
export class RecordingUpstreams implements AsyncDisposable {
  readonly #certificate: { readonly cert: Buffer; readonly key: Buffer };
  readonly #all: RecordingUpstream[] = [];

  /** `folder` has what `makeCertificates` puts there. */
  constructor(folder: string) {
    const at = (name: string): Buffer => readFileSync(join(folder, name));
    this.#certificate = { cert: at("engine.pem"), key: at("engine-key.pem") };
  }

  async start(): Promise<RecordingUpstream> {
    const upstream = await RecordingUpstream.start(this.#certificate);
    this.#all.push(upstream);
    return upstream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((upstream) => upstream[Symbol.asyncDispose]()));
  }
}
