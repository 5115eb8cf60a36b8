import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Etcd3 } from "etcd3";
import PQueue from "p-queue";
import type { TestServer } from "../store-faults.js";
import { ETCD, ETCDCTL } from "./etcd-binary.js";
import { EtcdGateway, type EtcdPair, type EtcdUser } from "./etcd-gateway.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { required } from "./required.js";
import { ServerProcess } from "./server-process.js";
import { tempDir } from "./temp-dir.js";

const run = promisify(execFile);

const ROOT: EtcdUser = { name: "root", password: "secret" };

/** How an etcd is started. */
export interface EtcdSetup {
  readonly args?: readonly string[];
  /** Turns authentication on, with user `root`, password `secret`. */
  readonly auth?: boolean;
}

/** One etcd child process with a data directory of its own, in the hands of a test. */
export class TestEtcd extends ServerProcess implements TestServer {
  readonly #identity: readonly string[];
  readonly #argv: readonly string[];
  readonly #dataDir: string;
  readonly #onDispose: () => Promise<void>;
  /** By whom it is asked, once it asks for that. */
  #user: EtcdUser | undefined;

  /** `identity` are the arguments that say which member of which cluster it is. */
  constructor(
    port: number,
    dataDir: string,
    identity: readonly string[],
    argv: readonly string[],
    onDispose: () => Promise<void>,
  ) {
    super(port);
    this.#dataDir = dataDir;
    this.#identity = identity;
    this.#argv = argv;
    this.#onDispose = onDispose;
  }

  /** Starts the process; resolves when it answers. */
  async start(): Promise<void> {
    this.launch();
    await this.answers();
  }

  /** Starts the process without waiting for it. */
  launch(): void {
    const logs = { ETCD_LOGGER: "zap", ETCD_LOG_LEVEL: "error" };
    this.execute(ETCD, ["--data-dir", this.#dataDir, ...this.#identity, ...this.#argv], logs);
  }

  /** Resolves when a write succeeds. */
  async answers(): Promise<void> {
    await eventually("etcd to answer", () => this.put("/test/answers", "yes").then(() => true), 20_000, 50);
  }

  /** Removes all its data; it must not run. */
  async wipe(): Promise<void> {
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  /** Writes all that it holds into a file. */
  async save(path: string): Promise<void> {
    await this.ctl("snapshot", "save", path);
  }

  /** Puts what such a file holds in the place of its data, as an operator does after a loss; it must not run. */
  async restore(path: string): Promise<void> {
    await this.wipe();
    await this.ctl("snapshot", "restore", path, "--data-dir", this.#dataDir, ...this.#identity);
  }

  /** Runs etcdctl against this member and resolves to what it printed. */
  async ctl(...args: readonly string[]): Promise<string> {
    const credentials = this.#user ? ["--user", `${this.#user.name}:${this.#user.password}`] : [];
    const { stdout } = await run(ETCDCTL, ["--endpoints", this.endpoint, ...credentials, ...args], {
      env: { ...process.env, ETCDCTL_API: "3" },
      maxBuffer: 256 * 1024 * 1024,
    });
    return stdout;
  }

  /** All keys below `prefix` as an independent client reads them, sorted. */
  async keys(prefix: string): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.pairs(prefix)).map(({ key, value }) => [key, value]));
  }

  /** The same with when each was written. */
  async pairs(prefix: string): Promise<readonly EtcdPair[]> {
    return (await new EtcdGateway(this.port).read(prefix, this.#user)).pairs;
  }

  /** The store's present revision. */
  async revision(): Promise<number> {
    return (await new EtcdGateway(this.port).read("/none", this.#user)).at;
  }

  /** Writes a key as somebody would who is no agent. */
  async put(key: string, value: string): Promise<void> {
    await new EtcdGateway(this.port).put(key, value, this.#user);
  }

  /** Puts the pairs, and deletes those without a value, many on their way at once, each as a change of its own. */
  async write(pairs: Iterable<readonly [string, string | undefined]>): Promise<void> {
    await this.#withClient(async (client) => {
      const queue = new PQueue({ concurrency: 32 });
      for (const [key, value] of pairs) {
        await queue.onSizeLessThan(64);
        void queue.add<unknown>(() =>
          value === undefined ? client.delete().key(key).exec() : client.put(key).value(value).exec(),
        );
      }
      await queue.onIdle();
    });
  }

  /** Puts the pairs as one change. */
  async writeTogether(pairs: readonly (readonly [string, string])[]): Promise<void> {
    await this.#withClient(async (client) => {
      await client.kv.txn({ success: pairs.map(putOf) });
    });
  }

  /** Writes many keys, a hundred in each transaction: etcd takes no more than 128. */
  async writeMany(pairs: readonly (readonly [string, string])[]): Promise<void> {
    await this.#withClient(async (client) => {
      for (let from = 0; from < pairs.length; from += 100) {
        const success = pairs.slice(from, from + 100).map(putOf);
        await client.kv.txn({ success });
      }
    });
  }

  /** Makes etcd forget its history. */
  async compact(): Promise<void> {
    await this.ctl("compact", "--physical", String(await this.revision()));
  }

  /** Fills its quota, which `--quota-backend-bytes` sets, until it refuses to take any more. */
  async fill(): Promise<void> {
    await this.#withClient(async (client) => {
      const value = Buffer.alloc(400_000, "x");
      for (let n = 0; ; n++) {
        try {
          await client.put(`/test/filling/${n}`).value(value);
        } catch (error) {
          if (String(error).includes("database space exceeded")) return;
          throw error;
        }
      }
    });
  }

  async changePassword(name: string, password: string): Promise<void> {
    await this.#withClient((client) => client.auth.userChangePassword({ name, password }).then(() => undefined));
  }

  async enableAuth(): Promise<void> {
    await this.ctl("user", "add", `${ROOT.name}:${ROOT.password}`);
    await this.ctl("user", "grant-role", ROOT.name, "root");
    await this.ctl("auth", "enable");
    this.#user = ROOT;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#onDispose();
  }

  async #withClient(use: (client: Etcd3) => Promise<void>): Promise<void> {
    const auth = this.#user ? { auth: { username: this.#user.name, password: this.#user.password } } : {};
    const client = new Etcd3({ hosts: this.endpoint, ...auth });
    try {
      await use(client);
    } finally {
      client.close();
    }
  }
}

/** Starts one etcd on a free port; disposing it removes everything. */
export async function startEtcd({ args = [], auth = false }: EtcdSetup = {}): Promise<TestEtcd> {
  const [etcd] = await startCluster(1, args);
  if (!etcd) throw new Error("No etcd was started");
  await etcd.answers();
  if (auth) await etcd.enableAuth();
  return etcd;
}

/**
 * Starts a cluster of `size` members; each is to be disposed, and with the last of them the data goes.
 *
 * The members reach one another by the ports that `doorTo` makes of their own, one after the other.
 */
export async function startCluster(
  size: number,
  args: readonly string[] = [],
  doorTo: (port: number) => Promise<number> = (port) => Promise.resolve(port),
): Promise<readonly TestEtcd[]> {
  const dir = await tempDir();
  const ports: { readonly client: number; readonly peer: number; readonly door: number }[] = [];
  for (let index = 0; index < size; index++) {
    const [client, peer] = [await freePort(), await freePort()];
    ports.push({ client, peer, door: await doorTo(peer) });
  }
  const peerUrl = (index: number): string => `http://127.0.0.1:${required(ports[index], `member ${index}`).door}`;
  const initial = ports.map((_, index) => `m${index}=${peerUrl(index)}`).join(",");
  let left = size;
  const members = await Promise.all(
    ports.map(async ({ client, peer }, index) => {
      const dataDir = join(dir.path, `m${index}`);
      await mkdir(dataDir, { mode: 0o700 });
      const url = `http://127.0.0.1:${client}`;
      const name = ["--name", `m${index}`, "--initial-cluster", initial, "--initial-cluster-token", dir.path];
      const identity = [...name, "--initial-advertise-peer-urls", peerUrl(index)];
      const clients = ["--listen-client-urls", url, "--advertise-client-urls", url];
      const argv = [...clients, "--listen-peer-urls", `http://127.0.0.1:${peer}`, ...args];
      return new TestEtcd(client, dataDir, identity, argv, async () => {
        if (--left === 0) await dir[Symbol.asyncDispose]();
      });
    }),
  );
  for (const member of members) member.launch();
  await Promise.all(members.map((member) => member.answers()));
  return members;
}

/** Makes room again after `fill`, as an operator does: removes what filled it, its history, and the alarm. */
export async function makeRoom(members: readonly TestEtcd[]): Promise<void> {
  const [first] = members;
  await first?.ctl("del", "/test/filling/", "--prefix");
  await first?.compact();
  for (const member of members) await member.ctl("defrag");
  await first?.ctl("alarm", "disarm");
}

/** The member that leads the cluster. */
export async function leaderOf(members: readonly TestEtcd[]): Promise<TestEtcd> {
  for (const member of members) {
    const printed: unknown = JSON.parse(await member.ctl("endpoint", "status", "-w", "json"));
    // etcdctl's own form
    const [entry] = printed as { Status: { leader?: number | string; header: { member_id?: number | string } } }[];
    const { leader, header } = required(entry, "status of an etcd").Status;
    if (String(required(leader, "leader")) === String(required(header.member_id, "member's id"))) return member;
  }
  throw new Error("No member leads");
}

/** The id of a member, in hexadecimal as its fellows have it. */
export async function idOf(member: TestEtcd): Promise<string> {
  const [, id] = (await member.ctl("endpoint", "status")).split(", ");
  return required(id, "id of a member");
}

function putOf([key, value]: readonly [string, string]) {
  return { request_put: { key: Buffer.from(key), value: Buffer.from(value) } };
}
