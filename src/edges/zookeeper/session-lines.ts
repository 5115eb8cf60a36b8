import type { Clock } from "../../flow/clock.js";
import { type SessionKey, type ZooKeeperAccess, ZooKeeperConnection } from "./connection.js";
import { isRefusal } from "./errors.js";

/** Connections to sessions, by the names of these: one at a time for each, made anew when it has broken. */
export class SessionLines {
  readonly #access: ZooKeeperAccess;
  readonly #clock: Clock;
  readonly #keys = new Map<string, { readonly key: SessionKey; readonly lifeMs: number }>();
  readonly #lines = new Map<string, Promise<ZooKeeperConnection>>();

  constructor(access: ZooKeeperAccess, clock: Clock) {
    this.#access = access;
    this.#clock = clock;
  }

  /** Begins a session. */
  async begin(lifeMs: number): Promise<{ readonly name: string; readonly line: ZooKeeperConnection }> {
    const line = await ZooKeeperConnection.open(this.#access, { lifeMs }, this.#clock);
    const name = BigInt.asUintN(64, line.session.id).toString(16);
    this.#keys.set(name, { key: line.session, lifeMs: line.lifeMs });
    this.#lines.set(name, Promise.resolve(line));
    return { name, line };
  }

  /** Whether it is known how to go on with this session. */
  knows(name: string): boolean {
    return this.#keys.has(name);
  }

  /** Learns how to go on with a session. */
  learn(name: string, key: SessionKey, lifeMs: number): void {
    this.#keys.set(name, { key, lifeMs });
  }

  /** Makes a request by the connection of a session; undefined when the session is no more. */
  async use<T>(name: string, request: (line: ZooKeeperConnection) => Promise<T>): Promise<T | undefined> {
    try {
      const line = await this.#line(name);
      return line && (await request(line));
    } catch (error) {
      // Another connection may go on with the session where this one has lost it.
      if (isRefusal(error, "sessionMoved")) this.leave(name);
      if (!isRefusal(error, "sessionExpired")) throw error;
      this.#forget(name);
      return undefined;
    }
  }

  /** Hangs up; the session lives on for its time. */
  leave(name: string): void {
    const line = this.#lines.get(name);
    this.#lines.delete(name);
    void line?.then(
      (connection) => {
        connection.close();
      },
      () => undefined, // there is none
    );
  }

  /** Takes in that a session is no more. */
  #forget(name: string): void {
    this.leave(name);
    this.#keys.delete(name);
  }

  async #line(name: string): Promise<ZooKeeperConnection | undefined> {
    const known = this.#keys.get(name);
    if (!known) return undefined;
    const present = this.#lines.get(name);
    if (present && !(await present).isBroken()) return present;
    const opening = ZooKeeperConnection.open(this.#access, known, this.#clock);
    this.#lines.set(name, opening);
    try {
      return await opening;
    } catch (error) {
      if (this.#lines.get(name) === opening) this.#lines.delete(name);
      throw error;
    }
  }
}
