import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { tempDir } from "./temp-dir.js";

/** What one line is answered; undefined breaks the connection, `SILENCE` lets it hang. */
type Answer = (line: string) => string | undefined;

/** As an answer: there is none, and the connection stays. */
export const SILENCE = "silence";

/** A Unix socket that answers one line as the test says, as HAProxy's sockets do, and keeps the lines. */
export class FakeSocket implements AsyncDisposable {
  readonly lines: string[] = [];
  answer: Answer;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #folder: Awaited<ReturnType<typeof tempDir>>;

  private constructor(folder: Awaited<ReturnType<typeof tempDir>>, answer: Answer) {
    this.#folder = folder;
    this.answer = answer;
    this.#server = createServer({ allowHalfOpen: true }, (connection) => {
      let line = "";
      this.#connections.add(connection);
      connection.once("error", () => undefined);
      connection.on("data", (chunk: Buffer) => (line += chunk.toString()));
      connection.once("end", () => {
        this.lines.push(line.trim());
        const said = this.answer(line.trim());
        if (said === undefined) connection.destroy();
        else if (said !== SILENCE) connection.end(said);
      });
    });
  }

  static async start(answer: Answer): Promise<FakeSocket> {
    const socket = new FakeSocket(await tempDir(), answer);
    await new Promise<void>((resolve) => socket.#server.listen(socket.path, resolve));
    return socket;
  }

  get path(): string {
    return join(this.#folder.path, "haproxy.sock");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** The information that stands before every answer. */
export function info(pid: number, version = "3.2.26"): string {
  return `Name: HAProxy\nVersion: ${version}\nPid: ${pid}\n\n`;
}
