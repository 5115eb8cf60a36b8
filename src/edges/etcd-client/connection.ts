import { Metadata } from "@grpc/grpc-js";
import { Etcd3, type IOptions } from "etcd3";
import { readFirstLine } from "../files/read-text.js";

/** Who is let in; the password is asked for at each log-in, since it may have been changed. */
export interface Account {
  readonly username: string;
  password(): Promise<string>;
}

/** Who is let in by what, as settings say it; see `EtcdOptions`. */
interface AccountWords {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly passwordFile?: string | undefined;
}

/** Who logs in; undefined where nobody does. Fails with `file-unreadable` where the password cannot be read even now. */
export async function accountOf({ username, password = "", passwordFile }: AccountWords): Promise<Account | undefined> {
  if (username === undefined) return undefined;
  if (passwordFile === undefined) return { username, password: () => Promise.resolve(password) };
  const read = (): Promise<string> => readFirstLine(passwordFile);
  await read();
  return { username, password: read };
}

/** One etcd3 with channels of its own. */
export interface Connection {
  readonly etcd: Etcd3;
  /** Has the next request log in anew. */
  forgetToken(): void;
  close(): void;
}

/**
 * Makes a connection on which everything goes by the same options, the log-in too: etcd3's own would go by a proxy of the
 * environment, and come back half a minute after an outage.
 */
export function connectionBy(options: IOptions, account: Account | undefined): Connection {
  const etcd = new Etcd3(options);
  const close = (): void => {
    etcd.close();
  };
  if (!account) return { etcd, forgetToken: () => undefined, close };
  const door = new Etcd3(options);
  const logIn = new LogIn(door, account);
  // It asks this for the metadata of every request, and tells it of a token that etcd calls invalid.
  Object.assign(poolOf(etcd), { authenticator: logIn });
  return {
    etcd,
    forgetToken: () => {
      logIn.invalidateMetadata();
    },
    close() {
      close();
      door.close();
    },
  };
}

/** What etcd3 has in the place of its own log-in. */
class LogIn {
  readonly #door: Etcd3;
  readonly #account: Account;
  /** What all requests carry; undefined before the first log-in, and where the last one has failed. */
  #metadata: Promise<Metadata> | undefined;

  constructor(door: Etcd3, account: Account) {
    this.#door = door;
    this.#account = account;
  }

  getMetadata(): Promise<Metadata> {
    if (this.#metadata) return this.#metadata;
    const made = this.#make();
    this.#metadata = made;
    made.catch(() => {
      if (this.#metadata === made) this.#metadata = undefined; // whoever asks next tries again
    });
    return made;
  }

  invalidateMetadata(): void {
    this.#metadata = undefined;
  }

  async #make(): Promise<Metadata> {
    const password = await this.#account.password();
    const { token } = await this.#door.auth.authenticate({ name: this.#account.username, password });
    const metadata = new Metadata();
    metadata.set("token", token);
    return metadata;
  }
}

/** What an etcd3 sends its requests by, which its types keep to themselves. */
function poolOf(etcd: Etcd3): object {
  return (etcd as unknown as { readonly pool: object }).pool;
}
