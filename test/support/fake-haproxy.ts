import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { tempDir } from "./temp-dir.js";

/** A server of a backend, as HAProxy shows it. */
interface FakeServer {
  readonly host: string;
  readonly port: number;
  readonly weight: number;
  readonly isOut: boolean;
  readonly isDown: boolean;
  readonly isUnchecked: boolean;
}

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
    await once(socket.#server.listen(socket.path), "listening");
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

/** A worker that has servers and lets them be changed, as far as commands go; it serves nobody. */
export class FakeWorker {
  pid = 1;
  /** By `backend/server`. */
  servers = new Map<string, FakeServer>();
  /** Those with a connection in use. */
  readonly busy = new Set<string>();
  /** Refuses all commands that change something. */
  refuses = false;

  /** Reads a file in a new process. */
  load(text: string): void {
    this.pid++;
    this.servers = new Map();
    let backend = "";
    for (const line of text.split("\n")) {
      const [word = "", name = "", address = "", ...more] = line.trim().split(/\s+/);
      if (word === "backend") backend = name;
      if (word === "server") this.#put(`${backend}/${name}`, address, more, more.includes("disabled"));
    }
  }

  /** Answers a line of commands. */
  answer(line: string): string {
    return line
      .split(";")
      .map((command) => this.#do(command.replace(/^@1 /, "").split(" ")))
      .join("");
  }

  #do([verb = "", kind = "", id = "", ...more]: readonly string[]): string {
    if (verb === "show") return this.#show(kind, id, more);
    if (kind === "severity-output") return "\n";
    const server = this.servers.get(id);
    if (this.refuses || (verb !== "add" && !server)) return "No such server.\n\n";
    if (verb === "add") {
      const [address = "", ...words] = more;
      this.#put(id, address, words, true);
      return "New server registered.\n\n";
    }
    if (verb === "del") {
      if (this.busy.has(id)) return "Server still has connections attached to it, cannot remove it.\n\n";
      this.servers.delete(id);
      return "Server deleted.\n\n";
    }
    if (verb === "enable" && kind === "server") this.#set(id, { isOut: false });
    if (kind === "health") this.#set(id, { isUnchecked: verb === "disable" });
    const [what, value = "", , port] = more;
    if (what === "weight") this.#set(id, { weight: Number(value) });
    if (what === "health") this.#set(id, { isDown: value === "down" });
    if (what === "state") this.#set(id, { isOut: value === "maint" });
    if (what === "addr") this.#set(id, { host: value, port: Number(port) });
    return "\n";
  }

  #show(kind: string, id: string, [only]: readonly string[]): string {
    if (kind === "info") return info(this.pid);
    const rows = [...this.servers].map(([name, server]) => ({ backend: name.split("/")[0], name, ...server }));
    const shown = rows.filter(({ backend }) => only === undefined || backend === only);
    if (id === "conn") {
      const used = (name: string): number => (this.busy.has(name) ? 1 : 0);
      return `# bkname/svname bkid/svid addr port - purge_delay used_cur\n${shown
        .map(({ name, host, port }) => `${name} 1/1 ${host} ${port} - 0 ${used(name)}\n`)
        .join("")}\n`;
    }
    return `1\n# be_id be_name srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_check_state srv_port\n${shown
      .map(
        ({ backend, name, host, port, weight, isOut, isDown, isUnchecked }) =>
          `1 ${backend} ${name.split("/")[1]} ${host} ${isOut || isDown ? 0 : 2} ${isOut ? 1 : 0} ${weight} ${isUnchecked ? 2 : 6} ${port}\n`,
      )
      .join("")}\n`;
  }

  #put(id: string, address: string, words: readonly string[], isOut: boolean): void {
    const [host = "", port] = address.split(":");
    const at = words.indexOf("weight");
    // Like HAProxy, it takes the digits that a number begins with.
    const weight = at < 0 ? 1 : Number.parseInt(words[at + 1] ?? "", 10);
    this.servers.set(id, { host, port: Number(port), weight, isOut, isDown: false, isUnchecked: false });
  }

  #set(id: string, change: Partial<FakeServer>): void {
    const server = this.servers.get(id);
    if (server) this.servers.set(id, { ...server, ...change });
  }
}
