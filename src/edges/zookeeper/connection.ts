import { connect, type Socket } from "node:net";
import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { readFirstLine } from "../files/read-text.js";
import { CODE, ZooKeeperRefusal } from "./errors.js";
import { JuteReader, JuteWriter, Packets } from "./jute.js";
import { authenticate, closeSession, type ZooKeeperRequest } from "./requests.js";
import type { ZooKeeperServer } from "./server.js";

/** Which ZooKeeper it is, and how to be let in. */
export interface ZooKeeperAccess {
  /** Several are one after another tried. */
  readonly servers: readonly ZooKeeperServer[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Its first line is the password, read for each connection. */
  readonly passwordFile?: string | undefined;
}

/** A session, as whoever knows of it can go on with it. */
export interface SessionKey {
  readonly id: bigint;
  readonly password: Buffer;
}

/** An answer, and how far whoever gave it was. */
export interface Answered<Answer> {
  readonly answer: Answer;
  readonly position: bigint;
}

/** How long connecting may take, and silence while something is asked. */
const ANSWER_MS = 2_000;

const NEW_SESSION: SessionKey = { id: 0n, password: Buffer.alloc(16) };

/** Numbers of packets that are no answers to a numbered request. */
const EVENT = -1;
const PING = -2;
const AUTHENTICATION = -4;
const FIXED: Readonly<Record<number, number>> = { 11: PING, 100: AUTHENTICATION };

interface Pending {
  readonly number: number;
  readonly request: ZooKeeperRequest<unknown>;
  readonly resolve: (answer: Answered<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One connection to a ZooKeeper, which belongs to a session. What goes wrong with it breaks it for good; the session lives on for
 * its time, and can be gone on with by another connection.
 *
 * Answers and events come in the order in which they happened at the server: a change is told before any answer that knows of it.
 */
export class ZooKeeperConnection {
  /** Aborts when the connection is broken. */
  readonly broken: AbortSignal;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #breaking = new AbortController();
  readonly #packets = new Packets();
  readonly #pending: Pending[] = [];
  readonly #onEvent: (path: string) => void;
  #onGreeting: ((greeting: JuteReader) => void) | undefined;
  #number = 0;
  #callOff: () => void = () => undefined;
  #session = NEW_SESSION;
  #lifeMs = 0;

  private constructor(socket: Socket, clock: Clock, onEvent: (path: string) => void) {
    this.broken = this.#breaking.signal;
    this.#socket = socket;
    this.#clock = clock;
    this.#onEvent = onEvent;
    socket.setNoDelay();
    socket.on("data", (bytes: Buffer) => {
      this.#take(bytes);
    });
    socket.on("error", (error) => {
      this.#break(error);
    });
    socket.on("close", () => {
      this.#break(new Error("the connection was closed"));
    });
  }

  /**
   * Connects to the first server that answers, with a new session that lives for so long, or to go on with one.
   *
   * `onEvent` hears of each node that may have changed where that was asked for. Rejects with what the last server said; with
   * `sessionExpired` where the session is no more.
   */
  static async open(
    { servers, ...access }: ZooKeeperAccess,
    session: { readonly lifeMs: number; readonly key?: SessionKey },
    clock: Clock,
    onEvent: (path: string) => void = () => undefined,
  ): Promise<ZooKeeperConnection> {
    let problem: unknown = new Error("there is no server");
    for (const { host, port } of servers) {
      const connection = new ZooKeeperConnection(connect({ host, port }), clock, onEvent);
      try {
        await connection.#greet(session.lifeMs, session.key ?? NEW_SESSION);
        await connection.#logIn(access);
        return connection;
      } catch (error) {
        connection.close();
        if (error instanceof ZooKeeperRefusal && error.code === CODE.sessionExpired) throw error;
        problem = error;
      }
    }
    throw problem;
  }

  get session(): SessionKey {
    return this.#session;
  }

  /** How long the session lives after its last sign of life. */
  get lifeMs(): number {
    return this.#lifeMs;
  }

  /** Asks one thing; many may be on their way. Rejects with a `ZooKeeperRefusal`, or with what has broken the connection. */
  ask<Answer>(request: ZooKeeperRequest<Answer>): Promise<Answered<Answer>> {
    return new Promise((resolve, reject) => {
      if (this.broken.aborted) {
        reject(this.broken.reason as Error); // what we have aborted it with
        return;
      }
      const number = FIXED[request.type] ?? ++this.#number;
      const packet = new JuteWriter().int(number).int(request.type);
      request.write(packet);
      if (this.#pending.length === 0) this.#expect();
      this.#pending.push({ number, request, resolve: resolve as Pending["resolve"], reject });
      this.#socket.write(packet.packet());
    });
  }

  isBroken(): boolean {
    return this.broken.aborted;
  }

  /** Hangs up; the session lives on for its time. */
  close(): void {
    this.#break(new Error("the connection was closed"));
  }

  /** Ends the session, without waiting for it, and hangs up. */
  end(): void {
    if (this.broken.aborted) return;
    this.ask(closeSession()).catch(() => undefined);
    this.#breaking.abort(new Error("the session was ended"));
    this.#rejectAll();
    this.#socket.end();
    this.#socket.unref();
  }

  async #greet(lifeMs: number, { id, password }: SessionKey): Promise<void> {
    const greeting = new Promise<JuteReader>((resolve, reject) => {
      this.#onGreeting = resolve;
      const onBreak = (): void => {
        reject(this.broken.reason as Error); // what we have aborted it with
      };
      if (this.broken.aborted) onBreak();
      else this.broken.addEventListener("abort", onBreak, { once: true });
    });
    this.#expect();
    this.#socket.write(new JuteWriter().int(0).long(0n).int(lifeMs).long(id).bytes(password).truth(false).packet());
    const answer = await greeting;
    answer.int(); // the version of the protocol, of which there is one
    this.#lifeMs = answer.int();
    if (this.#lifeMs <= 0) throw new ZooKeeperRefusal(CODE.sessionExpired);
    this.#session = { id: answer.long(), password: Buffer.from(answer.bytes()) };
  }

  async #logIn({ username, password, passwordFile }: Omit<ZooKeeperAccess, "servers">): Promise<void> {
    if (username === undefined) return;
    const secret = passwordFile === undefined ? (password ?? "") : await readFirstLine(passwordFile);
    await this.ask(authenticate("digest", Buffer.from(`${username}:${secret}`)));
  }

  #take(bytes: Buffer): void {
    try {
      for (const packet of this.#packets.take(bytes)) this.#read(new JuteReader(packet));
    } catch (error) {
      this.#break(error);
      return;
    }
    this.#callOff();
    if (this.#pending.length > 0) this.#expect();
  }

  #read(packet: JuteReader): void {
    if (this.#onGreeting) {
      this.#onGreeting(packet);
      this.#onGreeting = undefined;
      return;
    }
    const [number, position, code] = [packet.int(), packet.long(), packet.int()];
    if (number === EVENT) {
      packet.int(); // what has happened, and how the connection is: the node is looked at anyway
      packet.int();
      this.#onEvent(packet.text());
      return;
    }
    // Answers come in the order of the requests; only those of pings may overtake others.
    const at = this.#pending.findIndex((each) => each.number === number);
    const [pending] = at < 0 ? [] : this.#pending.splice(at, 1);
    if (!pending) return;
    const { request, resolve, reject } = pending;
    if (code !== 0) {
      reject(new ZooKeeperRefusal(code, request.path));
      return;
    }
    try {
      resolve({ answer: request.read(packet), position });
    } catch (error) {
      reject(error); // it waits among the others no more
      throw error;
    }
  }

  /** Breaks the connection unless something comes in time. */
  #expect(): void {
    this.#callOff();
    this.#callOff = this.#clock.after(ANSWER_MS, () => {
      this.#break(new Error(`no answer within ${ANSWER_MS} ms`));
    });
  }

  #break(error: unknown): void {
    if (this.broken.aborted) return;
    this.#breaking.abort(error instanceof Error ? error : new Error(reasonOf(error)));
    this.#socket.destroy();
    this.#rejectAll();
  }

  #rejectAll(): void {
    this.#callOff();
    for (const { reject } of this.#pending.splice(0)) reject(this.broken.reason);
  }
}
