import { createClient } from "@redis/client";
import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { readBytes, readFirstLine } from "../files/read-text.js";
import type { RedisNode } from "./node.js";

/** Which Redis it is, and how to be let in. */
export interface RedisAccess {
  /** Several are one after another tried. */
  readonly nodes: readonly RedisNode[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Its first line is the password, read for each connection. */
  readonly passwordFile?: string | undefined;
  /** Paths of PEM files; without `ca` the well-known authorities are trusted. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** A command with what belongs to it. */
export type RedisCommand = readonly [string, ...string[]];

/** How long connecting may take, and the answer to one request. */
const ANSWER_MS = 2_000;

/**
 * One connection to a Redis. What goes wrong with it breaks it for good, and also an answer that does not come in time: what
 * comes later could be taken for another one's.
 */
export class RedisConnection {
  /** Aborts when the connection is broken. */
  readonly broken: AbortSignal;
  readonly node: RedisNode;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #breaking: AbortController;

  private constructor(client: Client, node: RedisNode, clock: Clock) {
    this.#client = client;
    this.node = node;
    this.#clock = clock;
    this.#breaking = new AbortController();
    this.broken = this.#breaking.signal;
    client.on("error", (error: unknown) => {
      this.#break(error);
    });
    client.on("end", () => {
      this.#break(new Error("the connection was closed"));
    });
  }

  /**
   * Connects to the first node that answers; of several, to the first that is no replica, since only that can be written to.
   *
   * Rejects with what the last one said.
   */
  static async open(access: RedisAccess, clock: Clock): Promise<RedisConnection> {
    let replica: RedisConnection | undefined;
    let problem: unknown = new Error("there is no node");
    for (const node of access.nodes) {
      try {
        const connection = await RedisConnection.#to(node, access, clock);
        if (access.nodes.length === 1 || (await connection.#isMaster())) {
          replica?.close();
          return connection;
        }
        if (replica) connection.close();
        else replica = connection;
      } catch (error) {
        problem = error;
      }
    }
    if (replica) return replica;
    throw problem;
  }

  static async #to(node: RedisNode, access: RedisAccess, clock: Clock): Promise<RedisConnection> {
    const client = await clientFor(node, access);
    const connection = new RedisConnection(client, node, clock);
    try {
      await connection.#inTime(client.connect());
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Carries out commands one after another; rejects when one of them is refused, or none is answered in time. */
  async ask(...commands: readonly RedisCommand[]): Promise<readonly unknown[]> {
    return this.#inTime(Promise.all(commands.map((command) => this.#client.sendCommand<unknown>(command))));
  }

  /** Carries out one command. */
  async askOne(...command: RedisCommand): Promise<unknown> {
    const [answer] = await this.ask(command);
    return answer;
  }

  /** Hears what is published by these channels, and by those that fit these patterns; nothing else can be asked then. */
  async listen(
    channels: readonly string[],
    patterns: readonly string[],
    onMessage: (message: string, channel: string) => void,
  ): Promise<void> {
    await this.#inTime(
      Promise.all([
        this.#client.subscribe([...channels], onMessage),
        this.#client.pSubscribe([...patterns], onMessage),
      ]),
    );
  }

  /** Makes sure that whoever is listened to is there. */
  async ping(): Promise<void> {
    await this.#inTime(this.#client.ping());
  }

  isBroken(): boolean {
    return this.broken.aborted;
  }

  close(): void {
    this.#break(new Error("the connection was closed"));
  }

  /** A server that does not say what it is is taken as one. */
  async #isMaster(): Promise<boolean> {
    try {
      const role = await this.askOne("ROLE");
      return !Array.isArray(role) || role[0] === "master";
    } catch (error) {
      if (this.broken.aborted) throw error;
      return true;
    }
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const callOff = this.#clock.after(ANSWER_MS, () => {
        this.#break(new Error(`no answer within ${ANSWER_MS} ms`));
      });
      const onBreak = (): void => {
        reject(this.broken.reason as Error); // what we have aborted it with
      };
      if (this.broken.aborted) onBreak();
      else this.broken.addEventListener("abort", onBreak, { once: true });
      work.then(resolve, reject).finally(() => {
        callOff();
        this.broken.removeEventListener("abort", onBreak);
      });
    });
  }

  #break(error: unknown): void {
    if (this.broken.aborted) return;
    this.#breaking.abort(error instanceof Error ? error : new Error(reasonOf(error)));
    this.#client.destroy();
  }
}

type Client = Awaited<ReturnType<typeof clientFor>>;

/** A client that connects when it is told to, and never again. */
async function clientFor({ at, database, tls }: RedisNode, access: RedisAccess) {
  const { username, passwordFile, ca, cert, key } = access;
  const password = passwordFile === undefined ? access.password : await readFirstLine(passwordFile);
  const secure = tls && {
    tls: true as const,
    ...(ca !== undefined && { ca: await readBytes(ca) }),
    ...(cert !== undefined && { cert: await readBytes(cert) }),
    ...(key !== undefined && { key: await readBytes(key) }),
  };
  // The types of the package want to see that it is a path or a host.
  const place = "path" in at ? { ...at, tls: false as const } : { ...at, ...secure };
  return createClient({
    // It is we who connect again, and who know what was under way.
    socket: { ...place, connectTimeout: ANSWER_MS, reconnectStrategy: false },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
    RESP: 2,
    disableClientInfo: true,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
  });
}
