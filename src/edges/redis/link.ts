import type { Clock } from "../../flow/clock.js";
import { type RedisAccess, RedisConnection } from "./connection.js";

/** One connection at a time, made when it is needed. */
export class RedisLink implements Disposable {
  readonly #access: RedisAccess;
  readonly #clock: Clock;
  #connection: Promise<RedisConnection> | undefined;
  #isClosed = false;

  constructor(access: RedisAccess, clock: Clock) {
    this.#access = access;
    this.#clock = clock;
  }

  /** The connection; rejects with the reason why there is none. */
  async use<T>(request: (connection: RedisConnection) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new Error("the store was closed");
    const opening = (this.#connection ??= RedisConnection.open(this.#access, this.#clock));
    const forget = (): void => {
      if (this.#connection === opening) this.#connection = undefined;
    };
    let connection: RedisConnection;
    try {
      connection = await opening;
    } catch (error) {
      forget();
      throw error;
    }
    if (connection.isBroken()) {
      forget();
      return this.use(request);
    }
    try {
      return await request(connection);
    } catch (error) {
      // Whoever has become a replica, or does not let us in, may not be the one to go on with.
      if (connection.isBroken() || String(error).includes("READONLY")) {
        forget();
        connection.close();
      }
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    void this.#connection?.then(
      (connection) => {
        connection.close();
      },
      () => undefined, // there is none
    );
  }
}
