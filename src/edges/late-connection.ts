/** A connection that breaks for good when something goes wrong with it. */
interface Breakable {
  isBroken(): boolean;
  close(): void;
}

/** One connection at a time, made when it is needed. */
export class LateConnection<Connection extends Breakable> implements Disposable {
  readonly #open: () => Promise<Connection>;
  readonly #isUnfit: (error: unknown) => boolean;
  #connection: Promise<Connection> | undefined;
  #isClosed = false;

  /** `isUnfit` says of the failure of a request that this connection is not the one to go on with, though it works. */
  constructor(open: () => Promise<Connection>, isUnfit: (error: unknown) => boolean) {
    this.#open = open;
    this.#isUnfit = isUnfit;
  }

  /** Makes a request by the connection; rejects with the reason why there is none, too. */
  async use<T>(request: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new Error("the store was closed");
    const opening = (this.#connection ??= this.#open());
    const forget = (): void => {
      if (this.#connection === opening) this.#connection = undefined;
    };
    let connection: Connection;
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
      if (connection.isBroken() || this.#isUnfit(error)) {
        forget();
        connection.close();
      }
      throw error;
    }
  }

  /** Closes the connection; the next request makes another one. */
  drop(): void {
    const dropped = this.#connection;
    this.#connection = undefined;
    void dropped?.then(
      (connection) => {
        connection.close();
      },
      () => undefined, // there is none
    );
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.drop();
  }
}
