import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

/** How long an etcd may take to answer; etcdctl gives it as much. */
const PATIENCE_MS = 5_000;

/** One key as etcd's gateway has it: in base64, with numbers as words. */
interface StoredPair {
  readonly key: string;
  readonly value?: string;
  readonly mod_revision: string;
}

/** What a read through the gateway gives. */
interface RangeAnswer {
  readonly header: { readonly revision: string };
  readonly kvs?: readonly StoredPair[];
}

/** One key of an etcd, with the revision at which it was written last. */
export interface EtcdPair {
  readonly key: string;
  readonly value: string;
  readonly writtenAt: number;
}

/**
 * An etcd as one asks it by HTTP: a client that has nothing in common with ours, as etcdctl, and starts no process.
 *
 * Tests look at the keys so often that the starts of etcdctl took more of the processor than all that is tested.
 * Each call has a connection of its own; it fails when the etcd does not answer within five seconds, or says no.
 */
export class EtcdGateway {
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** All keys that begin so, in their order, and the revision of the store. */
  async read(prefix: string, user?: EtcdUser): Promise<{ readonly pairs: readonly EtcdPair[]; readonly at: number }> {
    const range = { key: base64(prefix), range_end: base64(endOf(prefix)) };
    const { header, kvs = [] } = (await this.#call("kv/range", range, user)) as RangeAnswer;
    const pairs = kvs.map(({ key, value = "", mod_revision: writtenAt }) => {
      return { key: textOf(key), value: textOf(value), writtenAt: Number(writtenAt) };
    });
    return { pairs, at: Number(header.revision) };
  }

  async put(key: string, value: string, user?: EtcdUser): Promise<void> {
    await this.#call("kv/put", { key: base64(key), value: base64(value) }, user);
  }

  async #call(what: string, body: object, user?: EtcdUser): Promise<unknown> {
    if (!user) return await this.#post(what, body);
    const { token } = (await this.#post("auth/authenticate", user)) as { readonly token: string };
    return await this.#post(what, body, { authorization: token });
  }

  async #post(what: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const asked = request({
      ...{ host: "127.0.0.1", port: this.#port, path: `/v3/${what}`, method: "POST", agent: false },
      ...{ headers: { "content-type": "application/json", ...headers }, signal: AbortSignal.timeout(PATIENCE_MS) },
    });
    asked.end(JSON.stringify(body));
    const [response] = (await once(asked, "response")) as [IncomingMessage]; // as http has it
    const said = await text(response);
    if (response.statusCode !== 200) throw new Error(`etcd said ${response.statusCode} to ${what}: ${said}`);
    return JSON.parse(said);
  }
}

/** By which name somebody logs in. */
export interface EtcdUser {
  readonly name: string;
  readonly password: string;
}

function base64(plain: string | Buffer): string {
  return Buffer.from(plain).toString("base64");
}

function textOf(encoded: string): string {
  return Buffer.from(encoded, "base64").toString();
}

/** The first key after all that begin with a prefix. */
function endOf(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  const last = end.length - 1;
  end.writeUInt8(end.readUInt8(last) + 1, last);
  return end;
}
